import type { StoredCheckpoint } from '../store/CheckpointStore.js'

/**
 * The transactions that a job's last checkpoint commits, until they are marked as committed: before that a stop has not done what it
 * promises, and who ends the process on its answer would leave them to expire.
 */
export class FinalCommits {
  private readonly missing: Set<string>

  constructor({ prepared = {}, committed }: Pick<StoredCheckpoint, 'prepared' | 'committed'>) {
    this.missing = new Set(
      Object.entries(prepared).flatMap(([uid, transactions]) =>
        transactions.flatMap(({ id }) => (committed[uid]?.includes(id) === true ? [] : [keyOf(uid, id)])),
      ),
    )
  }

  get done(): boolean {
    return this.missing.size === 0
  }

  marked(uid: string, ids: readonly string[]): void {
    for (const id of ids) this.missing.delete(keyOf(uid, id))
  }

  /** Whether this uid has a transaction that is still missing. */
  includes(uid: string): boolean {
    return [...this.missing].some((key) => key.startsWith(keyOf(uid, '')))
  }
}

const keyOf = (uid: string, id: string): string => `${JSON.stringify(uid)} ${id}`
