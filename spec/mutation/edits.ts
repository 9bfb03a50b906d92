import type { Mutant } from './Mutant.js'

/** What a file of sources becomes: texts in the place of others, in their order and without overlaps. */
export type Edits = readonly (readonly [start: number, end: number, text: string])[]

export const withMutant = ({ start, end, replacement }: Mutant): Edits => [[start, end, replacement]]

/** The name of the function of `recordHits.ts`. */
export const HIT = '__mutantHit'

/** Each mutant's place tells when it is reached: `place` is the number of the mutant, which stands in `mutants`. */
export const withHits = (mutants: readonly (Mutant & { readonly place: number })[]): Edits =>
  mutants
    .flatMap(({ start, end, isStatement, place }) => [
      { at: start, opens: true, length: end - start, text: isStatement ? `{${HIT}(${place});` : `${HIT}(${place}, ` },
      { at: end, opens: false, length: end - start, text: isStatement ? '}' : ')' },
    ])
    // What ends here before what begins here; the outer one begins first and ends last.
    .sort((a, b) =>
      a.at !== b.at
        ? a.at - b.at
        : a.opens !== b.opens
          ? Number(a.opens) - Number(b.opens)
          : (a.length - b.length) * (a.opens ? -1 : 1),
    )
    .map(({ at, text }) => [at, at, text] as const)
