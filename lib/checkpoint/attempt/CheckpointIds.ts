import type { Subscription } from 'rxjs'
import type { ReservedIds } from './ReservedIds.js'
import type { AttemptLedger } from '../store/AttemptLedger.js'

/** So many ids are no longer needed before the store is told. */
const RELEASED_AT_A_TIME = 32

/** Whom `CheckpointIds` tells. */
export interface CheckpointIdsListener {
  /** There are some again. */
  onReserved(): void
  /** There are none, and the store has failed to reserve some. */
  onFailure(error: unknown): void
}

/** The ids of an attempt's checkpoints: reserved ahead of need, and given back to the store when nothing rests on them any more. */
export class CheckpointIds {
  private state: 'idle' | 'reserving' | 'failed' = 'idle'
  private releasedBelow = 0

  constructor(
    private readonly ids: ReservedIds,
    private readonly ledger: AttemptLedger | undefined,
    /** how many are to be there */
    private readonly ahead: number,
    private readonly work: Subscription,
    private readonly listener: CheckpointIdsListener,
  ) {}

  /** The next one above `after`; undefined when it has to be reserved first. @param mayRetry the pause after a failure is over */
  above(after: number, mayRetry: boolean): number | undefined {
    const id = this.ids.above(after)
    if (id === undefined && (this.state === 'idle' || (this.state === 'failed' && mayRetry))) this.reserve(after)
    return id
  }

  /** Has more than `after` reserved, before they are needed. One that fails is asked for again when it is needed. */
  fill(after: number): void {
    this.work.add(this.ids.ensure(after, this.ahead).subscribe({ error: () => undefined }))
  }

  /** Neither a checkpoint nor a sink needs those below. */
  release(below: number): void {
    if (below < this.releasedBelow + RELEASED_AT_A_TIME) return
    this.releasedBelow = below
    this.ledger?.release(below).subscribe({ error: () => undefined })
  }

  private reserve(after: number): void {
    this.state = 'reserving'
    this.work.add(
      this.ids.ensure(after, this.ahead).subscribe({
        complete: () => {
          this.state = 'idle'
          this.listener.onReserved()
        },
        error: (error: unknown) => {
          this.state = 'failed'
          this.listener.onFailure(error)
        },
      }),
    )
  }
}
