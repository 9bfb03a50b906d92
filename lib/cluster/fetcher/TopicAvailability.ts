import type { KafkaError } from '../../client/KafkaError.js'
import { topicRecreated } from '../../client/topicRecreated.js'
import { fetchVerdict } from './fetchVerdict.js'
import type { Cluster } from '../Cluster.js'
import type { PartitionFetch } from './PartitionFetch.js'
import { ErrorCodes } from '../../protocol/errorCodes.js'

/** What metadata says of the topics that are read: whether they are there, may be read by us, and are still the same. */
export class TopicAvailability {
  constructor(private readonly cluster: Cluster) {}

  /**
   * Metadata names another topic than the offset belongs to. A broker may lag behind in metadata, so the leader has the last
   * word: it is asked by topic id, and knows what it leads.
   */
  isAnother(partition: PartitionFetch): boolean {
    const topicId = this.idNow(partition)
    partition.topicId ??= topicId
    return topicId !== undefined && topicId !== partition.topicId
  }

  /**
   * Why a partition cannot be fetched: an error, or a reason to wait.
   *
   * A leader that moves is there again soon. A topic that we may not see has none for us, nor has one that is gone. But a broker
   * that has just started may not know a topic yet, so its absence counts only when it lasts for `request.timeout.ms`.
   */
  obstacleOf(partition: PartitionFetch): KafkaError | string {
    if (partition.topicIdRefused && this.isAnother(partition)) return this.recreated(partition)
    const { topic, partition: number } = partition.topicPartition
    const code = this.cluster.metadata.refusalOf(partition.topicPartition)
    const now = this.cluster.now()
    const goneSince = code === ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION ? (partition.goneSince ??= now) : Infinity
    const isGone = now - goneSince >= this.cluster.config.requestTimeoutMs
    if (fetchVerdict(code) !== 'fail' && !isGone)
      return code === ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION ? 'the cluster does not know it' : 'it has no leader'
    partition.goneSince = undefined
    return this.cluster.brokerError(code, { api: 'Metadata', topic, partition: number })
  }

  recreated(partition: PartitionFetch): KafkaError {
    const { topicPartition, offset, topicId } = partition
    return topicRecreated(topicPartition, offset, topicId, this.idNow(partition))
  }

  private idNow({ topicPartition: { topic } }: PartitionFetch): string | undefined {
    return this.cluster.metadata.topicIdOf(topic)
  }
}
