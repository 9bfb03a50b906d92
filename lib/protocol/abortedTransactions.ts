import type { Offset } from '../client/Offset.js'

/** A transaction aborted within the fetched range, as a fetch answers it: its producer, and the first offset it wrote. */
export interface AbortedTransaction {
  readonly producerId: bigint
  readonly firstOffset: Offset
}

/**
 * Which batches of a fetch belong to aborted transactions. Asked batch by batch, in the order of the log.
 *
 * Brokers list transactions by their *last* offset, and those of several producers interleave; so they are sorted by first
 * offset, and all that began at or before a batch are open when it is looked at. One is closed by the abort marker of its
 * producer, and only a control batch holds markers: a user's key may look like one. (As Kafka's `CompletedFetch`.)
 */
export class AbortedTransactions {
  private readonly upcoming: AbortedTransaction[]
  private readonly open = new Set<bigint>()

  constructor(transactions: readonly AbortedTransaction[]) {
    this.upcoming = [...transactions].sort((a, b) => b.firstOffset - a.firstOffset)
  }

  /** Nothing more can be aborted: spares looking at producer ids. */
  get isEmpty(): boolean {
    return this.upcoming.length === 0 && this.open.size === 0
  }

  /** Is a transactional batch of this producer, beginning at this offset, part of an aborted transaction? */
  includes(producerId: bigint, baseOffset: Offset): boolean {
    this.openUpTo(baseOffset)
    return this.open.has(producerId)
  }

  /** An abort marker of this producer stands at this offset. */
  close(producerId: bigint, offset: Offset): void {
    this.openUpTo(offset)
    this.open.delete(producerId)
  }

  private openUpTo(offset: Offset): void {
    for (
      let next = this.upcoming.at(-1);
      next !== undefined && next.firstOffset <= offset;
      next = this.upcoming.at(-1)
    ) {
      this.open.add(next.producerId)
      this.upcoming.pop()
    }
  }
}
