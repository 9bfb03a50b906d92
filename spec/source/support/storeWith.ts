import { map, tap } from 'rxjs'
import type { CheckpointStore, StoredCheckpoint } from '../../../lib/checkpoint/store/CheckpointStore.js'
import { MemoryCheckpointStore } from '../../../lib/checkpoint/store/MemoryCheckpointStore.js'

/** A store that begins with this state of a source, as an older release or another attempt has left it, and what is stored then. */
export const storeWith = (source: unknown): CheckpointStore & { readonly stored: readonly StoredCheckpoint[] } => {
  const store = new MemoryCheckpointStore()
  const stored: StoredCheckpoint[] = []
  const first: StoredCheckpoint = {
    ...{ checkpointId: 7, timestamp: 0, savepoint: false, parallelism: 1 },
    states: { source: [JSON.parse(JSON.stringify(source))] },
    committed: {},
  }
  return {
    stored,
    begin: (request) =>
      store.begin(request).pipe(
        map((attempt) => ({
          ...attempt,
          restored: attempt.restored ?? first,
          markCommitted: attempt.markCommitted.bind(attempt),
          complete: (checkpoint) => attempt.complete(checkpoint).pipe(tap(() => stored.push(checkpoint))),
        })),
      ),
  }
}
