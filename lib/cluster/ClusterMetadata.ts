import type { TopicPartition } from '../client/TopicPartition.js'
import type { BrokerMetadata, MetadataResponse, TopicMetadata } from '../protocol/requests/metadata.js'
import { ErrorCodes } from '../protocol/errorCodes.js'

/** Who leads a partition, and since which epoch. */
export interface Leader {
  readonly nodeId: number
  readonly leaderEpoch: number
}

/** What is known of the cluster. Immutable; {@link ClusterMetadata.with} makes the next one. */
export class ClusterMetadata {
  static readonly empty = new ClusterMetadata(new Map(), -1, new Map(), new Map())

  private constructor(
    readonly brokers: ReadonlyMap<number, BrokerMetadata>,
    readonly controllerId: number,
    readonly topics: ReadonlyMap<string, TopicMetadata>,
    /** why nothing is known of other topics that were asked about */
    private readonly refused: ReadonlyMap<string, number>,
  ) {}

  /**
   * The answer replaces what was known of its topics, but a partition's leader epoch never goes back: a broker that lags
   * behind in metadata would send us to a former leader (KIP-320). Topics that are gone are forgotten, also when another one
   * of the same name has come.
   */
  with({
    brokers,
    controllerId,
    topics,
  }: Pick<MetadataResponse, 'brokers' | 'controllerId' | 'topics'>): ClusterMetadata {
    const merged = new Map(this.topics)
    const refused = new Map(this.refused)
    for (const topic of topics) {
      if (topic.partitions.length === 0) {
        merged.delete(topic.topic)
        refused.set(topic.topic, topic.errorCode)
      } else {
        merged.set(topic.topic, newer(this.topics.get(topic.topic), topic))
        refused.delete(topic.topic)
      }
    }
    return new ClusterMetadata(new Map(brokers.map((broker) => [broker.nodeId, broker])), controllerId, merged, refused)
  }

  /** So that whatever is told next of the topic is believed, whichever epoch it bears. */
  without(topic: string): ClusterMetadata {
    const topics = new Map(this.topics)
    topics.delete(topic)
    return new ClusterMetadata(this.brokers, this.controllerId, topics, this.refused)
  }

  /** undefined when the partition is unknown or has no leader now. */
  leaderOf({ topic, partition }: Pick<TopicPartition, 'topic' | 'partition'>): Leader | undefined {
    const known = this.topics.get(topic)?.partitions[partition]
    if (known === undefined || known.leader < 0 || !this.brokers.has(known.leader)) return undefined
    return { nodeId: known.leader, leaderEpoch: known.leaderEpoch }
  }

  /**
   * Why a partition has no leader: the error code with which the cluster last answered about its topic, or that of
   * UNKNOWN_TOPIC_OR_PARTITION when the topic has fewer partitions. 0: it was not asked, or the leader is moving.
   */
  refusalOf({ topic, partition }: Pick<TopicPartition, 'topic' | 'partition'>): number {
    const count = this.partitionCount(topic)
    if (count === undefined) return this.refused.get(topic) ?? 0
    return partition < count ? 0 : ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION
  }

  /** Undefined when the topic is unknown, or the cluster gives its topics no ids. */
  topicIdOf(topic: string): string | undefined {
    return this.topics.get(topic)?.topicId
  }

  /** For people: `broker 1 (localhost:9092)`. */
  nameOf(nodeId: number): string {
    const broker = this.brokers.get(nodeId)
    return broker === undefined ? `broker ${nodeId}` : `broker ${nodeId} (${broker.host}:${broker.port})`
  }

  /** How many partitions a topic has; undefined when it is unknown. */
  partitionCount(topic: string): number | undefined {
    return this.topics.get(topic)?.partitions.length
  }
}

/** Partitions stand at their number, so that a look-up is an index. */
const newer = (known: TopicMetadata | undefined, topic: TopicMetadata): TopicMetadata => ({
  ...topic,
  partitions: [...topic.partitions]
    .sort((a, b) => a.partition - b.partition)
    .map((partition) => {
      const before = known?.topicId === topic.topicId ? known?.partitions[partition.partition] : undefined
      return before !== undefined && before.leaderEpoch > partition.leaderEpoch && partition.leaderEpoch >= 0
        ? before
        : partition
    }),
})
