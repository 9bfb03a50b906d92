import { batchEnd } from '../stream/BatchEnd.js'
import type { BatchEnd } from '../stream/BatchEnd.js'
import { PausableClock } from './PausableClock.js'

/** A source has at most this many batches of a split unacknowledged (design: life of a record), and then sends none. */
const UNACKNOWLEDGED_BATCHES = 2

/**
 * A clock that stands still while the end of the pipeline asks for nothing: a split that may not send is not idle.
 * Batch ends have to pass through `watch`.
 */
export class DemandClock extends PausableClock {
  private unacknowledged = 0

  watch(end: BatchEnd): BatchEnd {
    if (++this.unacknowledged >= UNACKNOWLEDGED_BATCHES) this.pause()
    return batchEnd(() => {
      if (--this.unacknowledged < UNACKNOWLEDGED_BATCHES) this.resume()
      end.acknowledge()
    })
  }
}
