import { OffsetResetStrategy } from '../../client/OffsetResetStrategy.js'
import type { OffsetsResolver } from './OffsetsResolver.js'

export const earliestOffsets: OffsetsResolver = {
  autoOffsetResetStrategy: OffsetResetStrategy.EARLIEST,
  getPartitionOffsets: (partitions, retriever) => retriever.beginningOffsets(partitions),
}

export const latestOffsets: OffsetsResolver = {
  autoOffsetResetStrategy: OffsetResetStrategy.LATEST,
  getPartitionOffsets: (partitions, retriever) => retriever.endOffsets(partitions),
}
