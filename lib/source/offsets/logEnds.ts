import { OffsetResetStrategy } from '../../client/OffsetResetStrategy.js'
import { configError } from '../../config/ConfigError.js'
import { OffsetSentinel } from './OffsetSentinel.js'
import type { OffsetsResolver } from './OffsetsResolver.js'

export const earliestOffsets: OffsetsResolver = {
  autoOffsetResetStrategy: OffsetResetStrategy.EARLIEST,
  getPartitionOffsets: (partitions, retriever) => retriever.beginningOffsets(partitions),
  validate: (_properties, role) =>
    role === 'stopping'
      ? [
          configError(
            'stoppingOffsets',
            `Illegal stopping offset ${OffsetSentinel.EARLIEST} (earliest): a source that stops at the first record reads nothing. ` +
              'Stop at latest(), timestamp(…), offsets(…) or committedOffsets().',
          ),
        ]
      : [],
}

export const latestOffsets: OffsetsResolver = {
  autoOffsetResetStrategy: OffsetResetStrategy.LATEST,
  getPartitionOffsets: (partitions, retriever) => retriever.endOffsets(partitions),
}
