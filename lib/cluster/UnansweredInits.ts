import { IN_DOUBT_MS } from '../client/KafkaProducer.js'
import type { MonotonicClock } from '../scheduling/monotonicClock.js'

const MAX_IDS = 1_000

/**
 * Transactional ids of which an InitProducerId left and got no answer. A broker serves one request of a connection after the other, also when
 * the connection is gone: it may carry that one out seconds after another one that it has answered, and fence whoever has the id then.
 * That does not end with an answer, nor with the producer that asked; so a client remembers it for 30 s, and forgets the oldest of many.
 */
export class UnansweredInits {
  /** since when, by id, oldest first */
  private readonly ids = new Map<string, number>()

  constructor(private readonly now: MonotonicClock) {}

  add(transactionalId: string): void {
    this.ids.delete(transactionalId)
    this.ids.set(transactionalId, this.now())
    const [oldest = transactionalId] = this.ids.keys()
    if (this.ids.size > MAX_IDS) this.ids.delete(oldest)
  }

  has(transactionalId: string): boolean {
    const since = this.ids.get(transactionalId)
    return since !== undefined && this.now() - since < IN_DOUBT_MS
  }
}
