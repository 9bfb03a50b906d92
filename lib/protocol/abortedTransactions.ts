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
 * offset, and all that began before the end of a batch are open when it is looked at, whoever wrote it. One is closed by the
 * abort marker of its producer, and only a control batch holds markers: a user's key may look like one. (As Kafka's
 * `CompletedFetch`.)
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

  /** Opens all transactions that began at or before the last offset of the next batch of a producer. */
  openUpTo(lastOffset: Offset): void {
    for (
      let next = this.upcoming.at(-1);
      next !== undefined && next.firstOffset <= lastOffset;
      next = this.upcoming.at(-1)
    ) {
      this.open.add(next.producerId)
      this.upcoming.pop()
    }
  }

  /** Is a transactional batch of this producer part of an aborted transaction? */
  includes(producerId: bigint): boolean {
    return this.open.has(producerId)
  }

  /** The batch is an abort marker of this producer. */
  close(producerId: bigint): void {
    this.open.delete(producerId)
  }
}
