import { concatMap, map, type Observable, throwError } from 'rxjs'
import type { OffsetsByPartition } from '../../client/Offset.js'
import type { OffsetResetStrategy } from '../../client/OffsetResetStrategy.js'
import { type TopicPartition, topicPartitionKey } from '../../client/TopicPartition.js'
import { configError } from '../../config/ConfigError.js'
import type { OffsetsResolver } from './OffsetsResolver.js'
import type { PartitionOffsetsRetriever } from './PartitionOffsetsRetriever.js'
import { noOffset, resetOffsets } from './resetOffsets.js'

/** What the group has committed, else by the reset strategy; as stopping offsets, what the group has committed. */
export const committedOffsets = (reset: OffsetResetStrategy): OffsetsResolver => ({
  autoOffsetResetStrategy: reset,
  getPartitionOffsets: (partitions, retriever, role) =>
    committedOr(partitions, retriever, (missing) =>
      role === 'stopping'
        ? throwError(() => noStop(missing, retriever.groupId))
        : resetOffsets(missing, reset, retriever, 'Undefined offset with no reset policy for partitions'),
    ),
  validate: (properties) =>
    properties['group.id'] === undefined
      ? [configError('group.id', 'Property group.id is required when using committed offset for offsets initializer')]
      : [],
})

/** What the group has committed; the other partitions, if there are any, as `resolve` says. */
export const committedOr = (
  partitions: readonly TopicPartition[],
  retriever: PartitionOffsetsRetriever,
  resolve: (missing: readonly TopicPartition[]) => Observable<OffsetsByPartition>,
): Observable<OffsetsByPartition> =>
  retriever.committedOffsets(partitions).pipe(
    concatMap((committed) => {
      const missing = partitions.filter((partition) => !committed.has(topicPartitionKey(partition)))
      if (missing.length === 0) return [committed]
      return resolve(missing).pipe(map((others) => new Map([...committed, ...others])))
    }),
  )

/** A stop that nobody has set would be the end of the partition before it is read, or never. */
const noStop = (missing: readonly TopicPartition[], groupId: string | undefined) =>
  noOffset(
    missing,
    `Partition ${missing.join(', ')} should stop at committed offset. But there is no committed offset of this partition for group ` +
      `${String(groupId)}. Commit one, or stop at offsets(…), timestamp(…) or latest().`,
  )
