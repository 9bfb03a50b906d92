import type { BrokerAddress } from '../client/KafkaConfig.js'
import type { TopicPartition } from '../client/TopicPartition.js'

export interface BrokerMetadata extends BrokerAddress {
  readonly nodeId: number
  readonly rack: string | null
}

export interface PartitionMetadata {
  readonly partition: number
  readonly errorCode: number
  /** broker id; -1 while there is none */
  readonly leader: number
  /** -1 when the broker does not tell */
  readonly leaderEpoch: number
  readonly replicas: readonly number[]
}

export interface TopicMetadata {
  readonly name: string
  readonly errorCode: number
  readonly internal: boolean
  readonly partitions: readonly PartitionMetadata[]
}

/** An answer to a Metadata request. */
export interface MetadataAnswer {
  readonly brokers: readonly BrokerMetadata[]
  readonly controllerId: number
  readonly topics: readonly TopicMetadata[]
}

/** Who leads a partition, and since which epoch. */
export interface Leader {
  readonly nodeId: number
  readonly leaderEpoch: number
}

/** What is known of the cluster. Immutable; {@link ClusterMetadata.with} makes the next one. */
export class ClusterMetadata {
  static readonly empty = new ClusterMetadata(new Map(), -1, new Map())

  private constructor(
    readonly brokers: ReadonlyMap<number, BrokerMetadata>,
    readonly controllerId: number,
    readonly topics: ReadonlyMap<string, TopicMetadata>,
  ) {}

  /**
   * The answer replaces what was known of its topics, but a partition's leader epoch never goes back: a broker that lags
   * behind in metadata would send us to a former leader (KIP-320). Topics that are gone are forgotten.
   */
  with({ brokers, controllerId, topics }: MetadataAnswer): ClusterMetadata {
    const merged = new Map(this.topics)
    for (const topic of topics) {
      if (topic.partitions.length === 0) merged.delete(topic.name)
      else merged.set(topic.name, newer(this.topics.get(topic.name), topic))
    }
    return new ClusterMetadata(new Map(brokers.map(broker => [broker.nodeId, broker])), controllerId, merged)
  }

  /** undefined when the partition is unknown or has no leader now. */
  leaderOf({ topic, partition }: Pick<TopicPartition, 'topic' | 'partition'>): Leader | undefined {
    const known = this.topics.get(topic)?.partitions[partition]
    if (known === undefined || known.leader < 0 || !this.brokers.has(known.leader)) return undefined
    return { nodeId: known.leader, leaderEpoch: known.leaderEpoch }
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
    .map(partition => {
      const before = known?.partitions[partition.partition]
      return before !== undefined && before.leaderEpoch > partition.leaderEpoch && partition.leaderEpoch >= 0
        ? before
        : partition
    }),
})
