import { EMPTY } from 'rxjs'
import type { Restored } from '../../stream/Restored.js'

/** What a source starts from that takes part in no checkpoints: nothing. */
export const withoutCheckpoints = (requestEnd: () => void): Restored => ({
  kind: 'restored',
  stateOf: () => undefined,
  statesOf: () => [],
  committedOf: () => [],
  markCommitted: () => EMPTY,
  requestEnd,
})
