const MAX_IDS = 1_000

/**
 * Transactional ids of which an InitProducerId left and got no answer. A broker serves one request of a connection after the other, also when
 * the connection is gone: it may carry that one out seconds after another one that it has answered, and fence whoever has the id then.
 * That does not end with an answer, nor with the producer that asked; so a client remembers it, and forgets the oldest of many.
 */
export class UnansweredInits {
  private readonly ids = new Set<string>()

  add(transactionalId: string): void {
    this.ids.delete(transactionalId)
    this.ids.add(transactionalId)
    const [oldest = transactionalId] = this.ids
    if (this.ids.size > MAX_IDS) this.ids.delete(oldest)
  }

  has(transactionalId: string): boolean {
    return this.ids.has(transactionalId)
  }
}
