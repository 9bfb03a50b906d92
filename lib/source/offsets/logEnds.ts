import { OffsetResetStrategy } from '../../client/OffsetResetStrategy.js'
import type { OffsetsInitializer } from './OffsetsInitializer.js'

export const earliestOffsets: OffsetsInitializer = {
  autoOffsetResetStrategy: OffsetResetStrategy.EARLIEST,
  getPartitionOffsets: (partitions, retriever) => retriever.beginningOffsets(partitions),
}

export const latestOffsets: OffsetsInitializer = {
  autoOffsetResetStrategy: OffsetResetStrategy.LATEST,
  getPartitionOffsets: (partitions, retriever) => retriever.endOffsets(partitions),
}
