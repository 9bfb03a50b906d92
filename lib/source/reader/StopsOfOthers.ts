import type { Subscription } from 'rxjs'
import { Boundedness } from '../Boundedness.js'
import type { KafkaSourceEnumerator } from '../enumerator/KafkaSourceEnumerator.js'
import type { ReaderContext } from './ReaderContext.js'

/**
 * An unbounded source with stops ends when the logs of all its partitions have come to them, those too that other subtasks read: see
 * `othersHaveStops`. This looks whether they have.
 */
export class StopsOfOthers {
  private looking: Subscription | undefined
  private found = false
  private closed = false

  constructor(
    private readonly context: Pick<ReaderContext<unknown>, 'config' | 'loop' | 'fail'>,
    private readonly enumerator: Pick<KafkaSourceEnumerator, 'othersHaveStops'>,
  ) {}

  /** They have, as far as is known. */
  get reached(): boolean {
    return this.found
  }

  /** It matters, and has not been looked at yet. */
  get unknown(): boolean {
    const { boundedness, stoppingOffsets } = this.context.config
    return boundedness !== Boundedness.BOUNDED && stoppingOffsets !== undefined && this.looking === undefined
  }

  /** Looks until they have. */
  look(): void {
    const { config, loop, fail } = this.context
    if (this.closed || config.stoppingOffsets === undefined) return
    this.looking = this.enumerator.othersHaveStops(config.stoppingOffsets).subscribe({
      next: () => {
        this.found = true
        loop.ask()
      },
      error: fail,
    })
  }

  /** A discovery may have found others. */
  mayHaveChanged(): void {
    this.looking?.unsubscribe()
    this.looking = undefined
    this.found = false
  }

  close(): void {
    this.closed = true
    this.looking?.unsubscribe()
  }
}
