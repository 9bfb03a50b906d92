import type { SchedulerLike } from 'rxjs'
import type { KafkaError } from '../client/KafkaError.js'
import { topicRecreated } from '../client/topicRecreated.js'
import { monotonicClock } from '../scheduling/monotonicClock.js'
import { fetchVerdict } from './fetchVerdict.js'
import type { KafkaJsConnections } from './KafkaJsConnections.js'
import type { PartitionFetch } from './PartitionFetch.js'
import { ErrorCodes } from '../protocol/errorCodes.js'

/** What metadata says of the topics that are read: whether they are there, are ours to see, and still the same. */
export class TopicStanding {
  constructor(
    private readonly connections: KafkaJsConnections,
    private readonly scheduler: SchedulerLike,
  ) {}

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
    if (partition.disowned && this.isAnother(partition)) return this.recreated(partition)
    const { topic, partition: number } = partition.topicPartition
    const code = this.connections.metadata.refusalOf(partition.topicPartition)
    const now = monotonicClock(this.scheduler)()
    if (code === ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION) partition.goneSince ??= now
    const isGone =
      code === ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION &&
      now - partition.goneSince! >= this.connections.config.requestTimeoutMs
    if (fetchVerdict(code) !== 'fail' && !isGone)
      return code === ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION ? 'the cluster does not know it' : 'it has no leader'
    partition.goneSince = undefined
    return this.connections.brokerError(code, { api: 'Metadata', topic, partition: number })
  }

  recreated(partition: PartitionFetch): KafkaError {
    const { topicPartition, offset, topicId } = partition
    return topicRecreated(topicPartition, offset, topicId, this.idNow(partition))
  }

  private idNow({ topicPartition: { topic } }: PartitionFetch): string | undefined {
    return this.connections.metadata.topicIdOf(topic)
  }
}
