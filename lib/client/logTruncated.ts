import { KafkaError } from './KafkaError.js'
import type { Offset } from './Offset.js'
import { type TopicPartition, topicPartitionKey } from './TopicPartition.js'

/**
 * What was read is no longer in the log: a replica without it became leader (an unclean election). Kafka's consumer calls
 * it `LogTruncationException` (KIP-320).
 *
 * @param divergentOffset where the log and what was read part; undefined when the log has nothing of that time any more
 */
export const logTruncated = (
  topicPartition: TopicPartition,
  position: Offset,
  divergentOffset: Offset | undefined,
): KafkaError => {
  const { topic, partition } = topicPartition
  const from =
    divergentOffset === undefined
      ? 'nothing of the time when it was read is left'
      : `records from offset ${divergentOffset} on were read and are gone`
  return new KafkaError({
    ...{ _tag: 'LogTruncated', topic, partition, offset: position, api: 'OffsetForLeaderEpoch' },
    divergentOffset,
    message:
      `The log of ${topicPartitionKey(topicPartition)} was truncated below offset ${position}, to which it was read: ${from}. A replica ` +
      'that did not have them became leader (unclean.leader.election.enable, or acks other than all with a lost broker).',
  })
}
