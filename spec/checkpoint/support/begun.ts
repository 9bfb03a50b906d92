import { asapScheduler } from 'rxjs'
import type {
  AttemptRequest,
  CheckpointStore,
  StoredAttempt,
  StoredCheckpoint,
} from '../../../lib/checkpoint/store/CheckpointStore.js'

/** An attempt of a store that answers at once, as one in memory does. */
export const begun = (store: CheckpointStore, request: AttemptRequest): StoredAttempt => {
  let attempt: StoredAttempt | undefined
  store.begin(request).subscribe((it) => (attempt = it))
  if (attempt === undefined) throw new Error('The store has not answered.')
  return attempt
}

/** What an attempt that begins now, with all subtasks, would start from. */
export const restoredOf = (store: CheckpointStore, parallelism = 1): StoredCheckpoint | undefined => {
  const subtasks = Array.from({ length: parallelism }, (_, subtask) => subtask)
  return begun(store, { share: { parallelism, subtasks }, scheduler: asapScheduler }).restored
}
