import { type Observable, of, throwError } from 'rxjs'
import { KafkaError } from '../../client/KafkaError.js'
import type { OffsetsByPartition } from '../../client/Offset.js'
import type { OffsetResetStrategy } from '../../client/OffsetResetStrategy.js'
import type { TopicPartition } from '../../client/TopicPartition.js'
import type { PartitionOffsetsRetriever } from './PartitionOffsetsRetriever.js'

/** Where partitions begin for which there is no offset. */
export const resetOffsets = (
  partitions: readonly TopicPartition[],
  reset: OffsetResetStrategy,
  retriever: PartitionOffsetsRetriever,
): Observable<OffsetsByPartition> => {
  if (partitions.length === 0) return of(new Map())
  switch (reset) {
    case 'earliest':
      return retriever.beginningOffsets(partitions)
    case 'latest':
      return retriever.endOffsets(partitions)
    case 'none':
      return throwError(() => noOffset(partitions, retriever.groupId))
  }
}

const noOffset = (partitions: readonly TopicPartition[], groupId: string | undefined): KafkaError => {
  const [first] = partitions
  return new KafkaError({
    _tag: 'NoOffset',
    message:
      `Undefined offset with no reset policy for partitions: [${partitions.join(', ')}]. ` +
      `${groupId === undefined ? 'There is no group' : `Group ${groupId} has committed nothing there`}, and the reset strategy is NONE. ` +
      'Give OffsetResetStrategy.EARLIEST or LATEST, or commit offsets for the group.',
    ...(first === undefined ? {} : { topic: first.topic, partition: first.partition }),
  })
}
