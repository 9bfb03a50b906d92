export type CoordinatorType = 'group' | 'transaction'

const MAX_COORDINATORS = 1_000

/** Which broker coordinates a group or a transactional id, as far as it was asked. */
export class CoordinatorCache {
  private readonly nodes = new Map<string, number>()

  of(type: CoordinatorType, key: string): number | undefined {
    return this.nodes.get(`${type} ${key}`)
  }

  /** Transactional ids come and go, one with each checkpoint: the oldest is forgotten, which costs a question when it comes back. */
  remember(type: CoordinatorType, key: string, nodeId: number): void {
    this.nodes.set(`${type} ${key}`, nodeId)
    const [oldest = key] = this.nodes.keys()
    if (this.nodes.size > MAX_COORDINATORS) this.nodes.delete(oldest)
  }

  forget(type: CoordinatorType, key: string): void {
    this.nodes.delete(`${type} ${key}`)
  }
}
