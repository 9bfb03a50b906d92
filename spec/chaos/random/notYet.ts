import type { Feature } from './anyScript.js'
import type { FoundTitle } from './found.js'
import type { ViolationKind } from './Outcome.js'

/**
 * What the library does not survive yet: left out of the random scripts of the specs, or not looked at. A mend takes its lines out; when all
 * three lists are empty, this file goes.
 */
export const notYet: {
  readonly features: readonly Feature[]
  readonly violations: readonly ViolationKind[]
  /** these fail still, which the spec checks too */
  readonly found: readonly FoundTitle[]
} = {
  features: ['splits'],
  violations: [],
  found: ['it is rescaled by splits() to a subtask without a split', 'one of two sources by splits() has no split'],
}
