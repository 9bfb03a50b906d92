/** A place of a source file, and what stands there instead. */
export interface Mutant {
  /** by the rule that made it: `boundary`, `removed statement`, … */
  readonly kind: string
  readonly file: string
  /** from 1 */
  readonly line: number
  /** of the text, from `start` to before `end` */
  readonly start: number
  readonly end: number
  readonly replacement: string
  /** A statement is marked beside it, an expression within it, to tell whether a spec comes by. */
  readonly isStatement: boolean
}

/** What became of one: `survived` is what no spec noticed, `not covered` what no spec came by. */
export type MutantOutcome = 'killed' | 'timed out' | 'survived' | 'not covered'
