import type { Step } from '../../scheduling/coroutine.js'
import type { EarlierCheckpoint } from './AttemptLedger.js'
import type { AttemptClaim } from './AttemptOrder.js'
import type { RestoredFile } from './CheckpointFile.js'
import type { StoredCheckpoint } from './CheckpointStore.js'
import { newestOf, restoredFor } from './restoredFor.js'
import { committedAfter } from './retention.js'
import type { StoreReader } from './StoreReader.js'
import type { AttemptEntry } from './storeKeys.js'

/**
 * Whether an attempt can go back to before what it has restored. What several processes start from together after a change of the
 * parallelism cannot be changed by one of them.
 */
export const mayGoBack = ({ share }: AttemptClaim, { parallelism }: StoredCheckpoint): boolean =>
  parallelism === share.parallelism || share.subtasks.length === share.parallelism

/**
 * The newest checkpoint with an id below `before` that a subtask of the restored job has left.
 *
 * @param begun the attempts before, newest first
 */
export function* newestBefore(
  restored: StoredCheckpoint,
  begun: readonly AttemptEntry[],
  reader: StoreReader,
  { subtask, before }: { readonly subtask: number; readonly before: number },
): Generator<Step, EarlierCheckpoint | undefined> {
  const first = begun.findIndex(({ share }) => share.parallelism === restored.parallelism)
  const end = begun.findIndex(({ share }, index) => index > first && share.parallelism !== restored.parallelism)
  const ofJob = begun.slice(Math.max(0, first), end < 0 ? undefined : end)
  const bounds = { parallelism: restored.parallelism, before: new Map([[subtask, before]]) }
  const base = (yield* newestOf(ofJob, subtask, reader, bounds))?.checkpoint?.checkpointId
  if (base === undefined) return undefined
  const since: StoredCheckpoint[] = [restored]
  for (const attempt of ofJob)
    if (attempt.share.subtasks.includes(subtask)) since.push(...(yield* reader.allSince(attempt, base)))
  return { checkpointId: base, committedAfter: committedAfter(base, subtask, since) }
}

/**
 * What an attempt would have started from, had these checkpoints not been; undefined when there is none of the same job.
 *
 * @param before by subtask, the first checkpoint id that does not count
 */
export function* restoredBefore(
  { share }: AttemptClaim,
  { parallelism }: StoredCheckpoint,
  begun: readonly AttemptEntry[],
  reader: StoreReader,
  before: ReadonlyMap<number, number>,
): Generator<Step, RestoredFile | undefined> {
  const unchanged = { newest: reader.newest.bind(reader), rescaled: asItIs }
  const file = yield* restoredFor(share, begun, unchanged, { parallelism, before })
  return file.checkpoint?.parallelism === parallelism ? file : undefined
}

const asItIs = (_: AttemptEntry, __: number, whole: () => Generator<Step, RestoredFile>) => whole()
