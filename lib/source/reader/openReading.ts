import type { KafkaClient } from '../../client/KafkaClient.js'
import { restoredState } from '../enumerator/restoredState.js'
import type { JoinedCheckpoints } from './joinCheckpoints.js'
import type { ReaderContext } from './ReaderContext.js'
import { SourceBarriers } from './SourceBarriers.js'
import { SourceCommits } from './SourceCommits.js'
import { SubtaskSplits } from './SubtaskSplits.js'

/** What a reader reads with, once it knows what it starts from and has a client. */
export interface Reading<T> {
  readonly splits: SubtaskSplits<T>
  readonly commits: SourceCommits
  readonly barriers: SourceBarriers
}

/**
 * Makes it; nothing of it has begun.
 *
 * @param onLast the checkpoint that the stream ends with is complete
 * @throws CheckpointError when the state of the source cannot be read
 */
export const openReading = <T>(
  context: ReaderContext<T>,
  { restored, attempt }: JoinedCheckpoints,
  client: KafkaClient,
  onLast: () => void,
): Reading<T> => {
  const { uid, parallelism, subtaskIndex, output, work } = context
  const { checkpointId } = restored
  const splits = new SubtaskSplits(
    { ...context, client, checkpointId },
    restoredState(restored, uid, parallelism, subtaskIndex),
  )
  const commits = new SourceCommits(
    { ...context, admin: client.admin, checkpointed: attempt !== undefined },
    () => splits.assigned.acknowledgedPositions,
  )
  return { splits, commits, barriers: new SourceBarriers({ attempt, splits, commits, output, work, onLast }) }
}
