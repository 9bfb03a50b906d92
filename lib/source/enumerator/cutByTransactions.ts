import { concatMap, map, type Observable, of } from 'rxjs'
import type { KafkaAdmin } from '../../client/KafkaAdmin.js'
import { latestOffset } from '../../client/OffsetSpec.js'
import { topicPartitionKey } from '../../client/TopicPartition.js'
import type { KafkaPartitionSplit } from '../split/KafkaPartitionSplit.js'

/** A split that stops before records which are in the log: they are of a transaction that is open, or behind one. */
export interface CutSplit {
  readonly split: KafkaPartitionSplit
  readonly highWatermark: number
}

/**
 * Which of these splits, read with `read_committed`, stop at the last stable offset though the log goes on. That is asked right after
 * their stops were, so a transaction that has ended meanwhile is not told.
 */
export const cutByTransactions = (
  splits: readonly KafkaPartitionSplit[],
  admin: KafkaAdmin,
): Observable<readonly CutSplit[]> => {
  const ends = (of: readonly KafkaPartitionSplit[], isolationLevel: 'read_committed' | 'read_uncommitted') =>
    admin.listOffsets(
      of.map(({ topicPartition }) => [topicPartition, latestOffset] as const),
      isolationLevel,
    )
  const stopping = splits.filter(({ stoppingOffset }) => stoppingOffset !== undefined)
  if (stopping.length === 0) return of([])
  return ends(stopping, 'read_uncommitted').pipe(
    map((highWatermarks) =>
      stopping.flatMap((split) => {
        const highWatermark = highWatermarks.get(topicPartitionKey(split.topicPartition)) ?? 0
        const { stoppingOffset = Infinity } = split
        return highWatermark > stoppingOffset ? [{ split, highWatermark }] : []
      }),
    ),
    concatMap((short) =>
      short.length === 0
        ? of([])
        : ends(
            short.map(({ split }) => split),
            'read_committed',
          ).pipe(
            map((lastStable) =>
              short.filter(
                ({ split }) => lastStable.get(topicPartitionKey(split.topicPartition)) === split.stoppingOffset,
              ),
            ),
          ),
    ),
  )
}
