import { concatMap, map } from 'rxjs'
import type { OffsetResetStrategy } from '../../client/OffsetResetStrategy.js'
import { topicPartitionKey } from '../../client/TopicPartition.js'
import { configError } from '../../config/ConfigError.js'
import type { OffsetsResolver } from './OffsetsResolver.js'
import { resetOffsets } from './resetOffsets.js'

/** What the group has committed, else by the reset strategy. */
export const committedOffsets = (reset: OffsetResetStrategy): OffsetsResolver => ({
  autoOffsetResetStrategy: reset,
  getPartitionOffsets: (partitions, retriever) =>
    retriever.committedOffsets(partitions).pipe(
      concatMap((committed) => {
        const missing = partitions.filter((partition) => !committed.has(topicPartitionKey(partition)))
        return resetOffsets(missing, reset, retriever).pipe(map((others) => new Map([...committed, ...others])))
      }),
    ),
  validate: (properties) =>
    properties['group.id'] === undefined
      ? [configError('group.id', 'Property group.id is required when using committed offset for offsets initializer')]
      : [],
})
