import type { Subscription } from 'rxjs'
import type { ReservedIds } from './ReservedIds.js'
import type { AttemptLedger, IdBlock } from '../store/AttemptLedger.js'

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
  /** blocks that are no longer needed, and that the store may still have */
  private needless: readonly IdBlock[] = []

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

  /**
   * Gives back the blocks that neither a checkpoint nor a sink needs. What the store fails to forget is given back with the next ones.
   *
   * @param from checkpoints need no id below it
   * @param inUse what sinks use
   */
  release(from: number, inUse: readonly IdBlock[]): void {
    const dropped = this.ids.dropNeedless(
      ({ first, last }) => last >= from || inUse.some((range) => range.first <= last && first <= range.last),
    )
    if (dropped.length === 0) return
    const blocks = [...this.needless, ...dropped]
    this.needless = blocks
    this.ledger?.release(blocks).subscribe({
      next: () => {
        this.needless = this.needless.filter((block) => !blocks.includes(block))
      },
      error: () => undefined,
    })
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
