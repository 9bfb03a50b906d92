import { map, type Observable } from 'rxjs'
import type { ActiveProducersByPartition } from '../client/ActiveProducer.js'
import type { IsolationLevel } from '../client/IsolationLevel.js'
import type {
  KafkaAdmin,
  NewTopic,
  RefusedOffsets,
  TopicDescription,
  TransactionListing,
} from '../client/KafkaAdmin.js'
import type { Offset, OffsetsByPartition } from '../client/Offset.js'
import type { OffsetSpec } from '../client/OffsetSpec.js'
import { type TopicPartition, topicPartitionKey } from '../client/TopicPartition.js'
import type { TransactionDescription, TransactionState } from '../client/TransactionDescription.js'
import type { MemoryCluster } from './MemoryCluster.js'
import type { MemoryConnection } from './MemoryConnection.js'
import type { MemoryLog } from './MemoryLog.js'

/** {@link KafkaAdmin} on the in-memory Kafka. */
export class MemoryAdmin implements KafkaAdmin {
  constructor(
    private readonly cluster: MemoryCluster,
    private readonly connection: MemoryConnection,
  ) {}

  listTopics(): Observable<readonly TopicDescription[]> {
    return this.connection.persist({ api: 'Metadata' }, () => this.cluster.describeTopics())
  }

  describeTopics(topics: readonly string[]): Observable<readonly TopicDescription[]> {
    return this.listTopics().pipe(map((all) => all.filter(({ name }) => topics.includes(name))))
  }

  createTopics(topics: readonly NewTopic[]): Observable<void> {
    return this.connection.persist({ api: 'CreateTopics' }, () => {
      for (const { topic, partitions, config } of topics) this.cluster.createTopic(topic, partitions, config)
    })
  }

  deleteTopics(topics: readonly string[]): Observable<void> {
    return this.connection.persist({ api: 'DeleteTopics' }, () =>
      topics.forEach((topic) => this.cluster.deleteTopic(topic)),
    )
  }

  createPartitions(topic: string, total: number): Observable<void> {
    return this.connection.persist({ api: 'CreatePartitions', topic }, () =>
      this.cluster.createPartitions(topic, total),
    )
  }

  listOffsets(
    specs: readonly (readonly [TopicPartition, OffsetSpec])[],
    isolationLevel: IsolationLevel,
  ): Observable<OffsetsByPartition> {
    return this.connection.persist({ api: 'ListOffsets' }, () => {
      const offsets = new Map<string, Offset>()
      for (const [topicPartition, spec] of specs) {
        const offset = resolve(this.cluster.log('ListOffsets', topicPartition), spec, isolationLevel)
        if (offset !== undefined) offsets.set(topicPartitionKey(topicPartition), offset)
      }
      return offsets
    })
  }

  committedOffsets(groupId: string, partitions: readonly TopicPartition[]): Observable<OffsetsByPartition> {
    return this.connection.persist({ api: 'OffsetFetch', groupId }, () => {
      const committed = this.cluster.committedOffsets(groupId)
      const keys = partitions.map(topicPartitionKey).filter((key) => committed.has(key))
      return new Map(keys.map((key) => [key, committed.get(key) as Offset]))
    })
  }

  commitOffsets(groupId: string, offsets: readonly (readonly [TopicPartition, Offset])[]): Observable<RefusedOffsets> {
    return this.connection.persist({ api: 'OffsetCommit', groupId }, () => this.cluster.commitOffsets(groupId, offsets))
  }

  listTransactions(
    states: readonly TransactionState[],
    producerIds: readonly bigint[] = [],
  ): Observable<readonly TransactionListing[]> {
    return this.connection.persist({ api: 'ListTransactions' }, () =>
      this.cluster
        .listTransactions()
        .filter(({ state }) => states.length === 0 || states.includes(state))
        .filter(({ producerId }) => producerIds.length === 0 || producerIds.includes(producerId))
        .map(({ transactionalId, producerId, state }) => ({ transactionalId, producerId, state })),
    )
  }

  describeTransactions(transactionalIds: readonly string[]): Observable<ReadonlyMap<string, TransactionDescription>> {
    return this.connection.persist({ api: 'DescribeTransactions' }, () =>
      this.cluster.describeTransactions(transactionalIds),
    )
  }

  describeProducers(topicPartitions: readonly TopicPartition[]): Observable<ActiveProducersByPartition> {
    return this.connection.persist(
      { api: 'DescribeProducers' },
      () =>
        new Map(
          topicPartitions.map((topicPartition) => [
            topicPartitionKey(topicPartition),
            this.cluster.log('DescribeProducers', topicPartition).activeProducers(),
          ]),
        ),
    )
  }

  brokerConfig(name: string): Observable<string | undefined> {
    return this.connection.persist({ api: 'DescribeConfigs' }, () => this.cluster.brokerConfig[name])
  }
}

const resolve = (log: MemoryLog, spec: OffsetSpec, isolationLevel: IsolationLevel): Offset | undefined => {
  switch (spec._tag) {
    case 'Earliest':
      return log.logStartOffset
    case 'Latest':
      return log.endFor(isolationLevel)
    case 'Timestamp':
      return log.offsetAt(spec.timestamp, isolationLevel)
  }
}
