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
      {
        at: start,
        opens: true,
        size: end - start,
        place,
        text: isStatement ? `{${HIT}(${place});` : `${HIT}(${place}, `,
      },
      { at: end, opens: false, size: end - start, place, text: isStatement ? '}' : ')' },
    ])
    // What ends here before what begins here; the outer one begins first and ends last. A statement and all of its expression may be
    // of one size: the outer one is the first of the mutants.
    .sort((a, b) =>
      a.at !== b.at
        ? a.at - b.at
        : a.opens !== b.opens
          ? Number(a.opens) - Number(b.opens)
          : (a.size - b.size || b.place - a.place) * (a.opens ? -1 : 1),
    )
    .map(({ at, text }) => [at, at, text] as const)
