import { type Observable, of, throwError } from 'rxjs'
import { KafkaError } from '../../client/KafkaError.js'
import type { OffsetsByPartition } from '../../client/Offset.js'
import type { OffsetResetStrategy } from '../../client/OffsetResetStrategy.js'
import type { TopicPartition } from '../../client/TopicPartition.js'
import type { PartitionOffsetsRetriever } from './PartitionOffsetsRetriever.js'

/**
 * Where partitions begin for which there is no offset.
 *
 * @param complaint how the error begins when the strategy is NONE; the partitions follow
 */
export const resetOffsets = (
  partitions: readonly TopicPartition[],
  reset: OffsetResetStrategy,
  retriever: PartitionOffsetsRetriever,
  complaint: string,
): Observable<OffsetsByPartition> => {
  if (partitions.length === 0) return of(new Map())
  switch (reset) {
    case 'earliest':
      return retriever.beginningOffsets(partitions)
    case 'latest':
      return retriever.endOffsets(partitions)
    case 'none':
      return throwError(() =>
        noOffset(
          partitions,
          `${complaint}: [${partitions.join(', ')}]. ` +
            `${nothingCommitted(retriever.groupId)}, and the reset strategy is NONE. ` +
            'Give OffsetResetStrategy.EARLIEST or LATEST, or commit offsets for the group.',
        ),
      )
  }
}

export const nothingCommitted = (groupId: string | undefined): string =>
  groupId === undefined ? 'There is no group' : `Group ${groupId} has committed nothing there`

export const noOffset = ([first]: readonly TopicPartition[], message: string): KafkaError =>
  new KafkaError({
    _tag: 'NoOffset',
    message,
    topic: first?.topic,
    partition: first?.partition,
  })
