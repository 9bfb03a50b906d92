import type { PreparedTransaction } from '../../../client/KafkaProducer.js'
import type { Step } from '../../../scheduling/coroutine.js'
import type { SinkTransactions } from '../SinkTransactions.js'
import { endListedTransactions } from './endListedTransactions.js'
import { endRecordedTransactions } from './endRecordedTransactions.js'
import { FreshIds } from './FreshIds.js'
import type { NumberedState } from './NumberedState.js'
import type { FormerAttempts, TransactionStrategy } from './TransactionStrategy.js'

/**
 * POOLING: an id is used again as soon as it is noted durably that what was under it is committed. So an attempt has as many ids as it has
 * transactions at a time: those that are ready, the one that takes records, and those that wait for their checkpoints.
 *
 * - **No two attempts share an id**, as with INCREMENTING: the pool is filled with ids that are reserved for this attempt. (Flink's
 *   attempts share theirs. There a process that was stopped can, when it wakes, abort its successor's transaction by an InitProducerId that is late.)
 * - Each use is initialised, which raises the epoch: a request that is late belongs to no later use.
 * - A start ends what is recorded, and then **what brokers list as open under the prefix**: also what a store that was emptied does not
 *   know of any more.
 * - A checkpoint of INCREMENTING can be gone on from; the way back is refused.
 */
export class PoolingTransactions implements TransactionStrategy {
  private readonly ids: FreshIds
  /** Initialised before, and nothing is open or prepared under them: the lowest first, so that the pool stays small. */
  private free: readonly string[] = []

  constructor(private readonly sink: SinkTransactions) {
    this.ids = new FreshIds(sink)
  }

  *endFormer(attempts: FormerAttempts): Generator<Step, readonly string[]> {
    this.ids.begin(attempts)
    const recorded = yield* endRecordedTransactions(this.sink, attempts)
    const listed = yield* endListedTransactions(this.sink, attempts)
    return [...recorded, ...listed]
  }

  *next(): Generator<Step, string> {
    const [id, ...others] = this.free
    if (id === undefined) return yield* this.ids.take()
    this.free = others
    return id
  }

  /** An InitProducerId that is late would abort what is open in its next use: it has none. */
  leave(id: string): void {
    this.ids.drop(id)
  }

  ended(ids: readonly string[]): void {
    this.free = [...this.free, ...ids].sort((a, b) => this.ids.numberOf(a) - this.ids.numberOf(b))
    this.ids.release()
  }

  /** The epoch tells the uses of an id apart. */
  markOf({ transactionalId, producerId, epoch }: PreparedTransaction): string {
    return `${transactionalId} ${producerId} ${epoch}`
  }

  snapshot(prepared: readonly string[]): NumberedState {
    return { strategy: 'POOLING', lastNumber: this.ids.lastNumberWith(prepared) }
  }
}
