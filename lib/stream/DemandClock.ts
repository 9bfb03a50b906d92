import { batchEnd, MAX_UNACKNOWLEDGED_BATCHES } from './BatchEnd.js'
import type { BatchEnd } from './BatchEnd.js'
import { PausableClock } from './PausableClock.js'

/**
 * A clock that stands still while the end of the pipeline asks for nothing: a split that may not send is not idle.
 * Batch ends have to pass through `watch`.
 */
export class DemandClock extends PausableClock {
  private unacknowledged = 0

  watch(end: BatchEnd): BatchEnd {
    if (++this.unacknowledged >= MAX_UNACKNOWLEDGED_BATCHES) this.pause()
    return batchEnd(() => {
      if (--this.unacknowledged < MAX_UNACKNOWLEDGED_BATCHES) this.resume()
      end.acknowledge()
    })
  }
}
