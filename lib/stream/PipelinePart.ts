import type { EventTimeHold } from './EventTimeHold.js'

/**
 * A part of a pipeline that can hold elements up, as it presents itself to the source (see `Restored.present`): so that a message about
 * a pipeline that does not move can name what it waits for.
 */
export interface PipelinePart {
  /** as it stands in the program: `mapAsync(enrich)`, `sinkTo` */
  readonly name: string
  /** It acknowledges batch ends and barriers: the pipeline has an end. */
  readonly acknowledges?: boolean | undefined
  /** What it holds or waits for now: a predicate to its name, `has 3 projections under way`. Undefined: nothing. */
  readonly waiting?: (() => string | undefined) | undefined
  /** What event time waits for here; undefined: nothing. */
  readonly holding?: (() => EventTimeHold | undefined) | undefined
}

/** `mapAsync(enrich)`: an operator with the name of the function it was given, if that has one. */
export const nameOfPart = (operator: string, given: { readonly name: string }): string =>
  given.name === '' ? operator : `${operator}(${given.name})`
