import { defer, type Observable } from 'rxjs'
import type { ActiveProducersByPartition } from '../client/ActiveProducer.js'
import type { IsolationLevel } from '../client/IsolationLevel.js'
import type {
  KafkaAdmin,
  NewTopic,
  RefusedOffsets,
  TopicDescription,
  TransactionListing,
} from '../client/KafkaAdmin.js'
import { KafkaError } from '../client/KafkaError.js'
import type { Offset, OffsetsByPartition } from '../client/Offset.js'
import type { OffsetSpec } from '../client/OffsetSpec.js'
import { type TopicPartition, topicPartitionKey } from '../client/TopicPartition.js'
import {
  type TransactionDescription,
  type TransactionState,
  transactionStateNamed,
} from '../client/TransactionDescription.js'
import { createPartitionsApi } from '../protocol/requests/createPartitions.js'
import { createTopicsApi } from '../protocol/requests/createTopics.js'
import { deleteTopicsApi } from '../protocol/requests/deleteTopics.js'
import { describeConfigsApi } from '../protocol/requests/describeConfigs.js'
import type { KafkaApi } from '../protocol/requests/KafkaApi.js'
import { listTransactionsApi } from '../protocol/requests/listTransactions.js'
import type { TopicMetadata } from '../protocol/requests/metadata.js'
import { offsetFetchApi } from '../protocol/requests/offsetFetch.js'
import type { TopicResults } from '../protocol/requests/topicResults.js'
import { askCoordinator } from './askCoordinator.js'
import { commitByCoordinator } from './commitByCoordinator.js'
import { describeTransactionsAtCoordinators } from './describeTransactionsAtCoordinators.js'
import { describeProducersAtLeaders } from './describeProducersAtLeaders.js'
import type { KafkaJsConnections } from './KafkaJsConnections.js'
import { listOffsetsByLeader } from './listOffsetsByLeader.js'
import { retryTransient } from './retryTransient.js'

/**
 * {@link KafkaAdmin} on kafkajs's connections. What is retriable is retried with back-off up to `request.timeout.ms`.
 * Changes of topics answer once brokers show them, so that the next call meets them.
 */
export class KafkaJsAdmin implements KafkaAdmin {
  constructor(private readonly connections: KafkaJsConnections) {}

  listTopics(): Observable<readonly TopicDescription[]> {
    return this.ask(async () => {
      const { topics } = await this.connections.describeTopics(null)
      return topics.filter(({ errorCode }) => errorCode === 0).map(describe)
    })
  }

  describeTopics(topics: readonly string[]): Observable<readonly TopicDescription[]> {
    return this.ask(() => this.described(topics))
  }

  createTopics(topics: readonly NewTopic[]): Observable<void> {
    return this.change(
      createTopicsApi,
      { topics },
      topics.map(({ topic }) => topic),
      (found) =>
        topics.every(({ topic, partitions }) => {
          const created = found.find(({ name }) => name === topic)?.partitions
          return created?.length === partitions && created.every(({ leader }) => leader >= 0)
        }),
    )
  }

  deleteTopics(topics: readonly string[]): Observable<void> {
    return this.change(deleteTopicsApi, { topics }, topics, (found) => found.length === 0)
  }

  createPartitions(topic: string, total: number): Observable<void> {
    return this.change(
      createPartitionsApi,
      { topics: [{ topic, total }] },
      [topic],
      ([found]) => found?.partitions.length === total && found.partitions.every(({ leader }) => leader >= 0),
    )
  }

  listOffsets(
    specs: readonly (readonly [TopicPartition, OffsetSpec])[],
    isolationLevel: IsolationLevel,
  ): Observable<OffsetsByPartition> {
    return defer(() => listOffsetsByLeader(this.connections, specs, isolationLevel))
  }

  committedOffsets(groupId: string, partitions: readonly TopicPartition[]): Observable<OffsetsByPartition> {
    return this.ask(async () => {
      if (partitions.length === 0) return new Map()
      const answer = await askCoordinator(this.connections, offsetFetchApi.apiName, groupId, async (nodeId) => {
        const fetched = await this.connections.send(nodeId, 'control', offsetFetchApi, { groupId, partitions })
        return [fetched, ...fetched.partitions]
      })
      return new Map(
        answer.flatMap((committed) =>
          'offset' in committed && committed.offset >= 0 ? [[topicPartitionKey(committed), committed.offset]] : [],
        ),
      )
    })
  }

  commitOffsets(groupId: string, offsets: readonly (readonly [TopicPartition, Offset])[]): Observable<RefusedOffsets> {
    return defer(async () =>
      offsets.length === 0 ? new Map() : commitByCoordinator(this.connections, groupId, offsets),
    )
  }

  /** Every broker lists the transactions it coordinates. */
  listTransactions(
    states: readonly TransactionState[],
    producerIds: readonly bigint[] = [],
  ): Observable<readonly TransactionListing[]> {
    return this.ask(async () => {
      const nodeIds = [...this.connections.metadata.brokers.keys()]
      const answers = await Promise.all(
        nodeIds.map((nodeId) => this.connections.send(nodeId, 'control', listTransactionsApi, { states, producerIds })),
      )
      return answers.flatMap(({ errorCode, transactions }) => {
        if (errorCode !== 0) throw this.connections.brokerError(errorCode, { api: listTransactionsApi.apiName })
        return transactions.map((listed) => ({ ...listed, state: transactionStateNamed(listed.state) }))
      })
    })
  }

  describeTransactions(transactionalIds: readonly string[]): Observable<ReadonlyMap<string, TransactionDescription>> {
    return defer(() => describeTransactionsAtCoordinators(this.connections, transactionalIds))
  }

  describeProducers(topicPartitions: readonly TopicPartition[]): Observable<ActiveProducersByPartition> {
    return defer(() => describeProducersAtLeaders(this.connections, topicPartitions))
  }

  brokerConfig(name: string): Observable<string | undefined> {
    return this.ask(async () => {
      const nodeId = this.connections.metadata.controllerId
      const request = { nodeId, names: [name] }
      const { results } = await this.connections.send(nodeId, 'control', describeConfigsApi, request)
      const { errorCode = 0, errorMessage, entries = [] } = results[0] ?? {}
      if (errorCode === 0) return entries.find((entry) => entry.name === name)?.value ?? undefined
      const error = this.connections.brokerError(errorCode, { api: describeConfigsApi.apiName, detail: errorMessage })
      if (error._tag === 'Authorization') return undefined
      throw error
    })
  }

  private ask<T>(attempt: () => Promise<T>): Observable<T> {
    return defer(() => retryTransient(this.connections, attempt))
  }

  private async described(topics: readonly string[]): Promise<readonly TopicDescription[]> {
    if (topics.length === 0) return []
    const answer = await this.connections.describeTopics(topics)
    return answer.topics.flatMap((topic) => {
      if (topic.errorCode === unknownTopic) return []
      if (topic.errorCode !== 0)
        throw this.connections.brokerError(topic.errorCode, { api: 'Metadata', topic: topic.topic })
      return [describe(topic)]
    })
  }

  /** Sends a change to the controller once it takes it, then waits until brokers show it. */
  private change<Q extends { readonly timeoutMs: number }>(
    api: KafkaApi<Q, TopicResults>,
    request: Omit<Q, 'timeoutMs'>,
    topics: readonly string[],
    isDone: (found: readonly TopicDescription[]) => boolean,
  ): Observable<void> {
    const { connections } = this
    const timed = { ...request, timeoutMs: connections.config.requestTimeoutMs } as Q
    const send = async (): Promise<void> => {
      try {
        const answer = await connections.send(connections.metadata.controllerId, 'control', api, timed)
        const failed = answer.topics.find(({ errorCode }) => errorCode !== 0)
        if (failed === undefined) return
        const { topic, errorCode, errorMessage } = failed
        throw this.connections.brokerError(errorCode, { api: api.apiName, topic, detail: errorMessage })
      } catch (error) {
        await connections.refreshMetadata([])
        throw error
      }
    }
    const look = async (): Promise<void> => {
      if (!isDone(await this.described(topics))) throw notShown(api.apiName, topics)
    }
    return defer(async () => {
      if (topics.length === 0) return
      // A topic to change that does not exist now will hardly come by waiting.
      await retryTransient(connections, send, ({ retriable, code }) => retriable && code !== unknownTopic)
      await retryTransient(connections, look)
    })
  }
}

const unknownTopic = 3

const describe = ({ topic, topicId, internal, partitions }: TopicMetadata): TopicDescription => ({
  name: topic,
  topicId,
  internal,
  partitions: partitions
    .map(({ partition, leader, replicas }) => ({ partition, leader, replicas }))
    .sort((a, b) => a.partition - b.partition),
})

const notShown = (api: string, topics: readonly string[]): KafkaError =>
  new KafkaError({
    _tag: 'Timeout',
    retriable: true,
    api,
    message: `${api} for ${topics.join(', ')} was accepted, but the brokers do not show it yet. It takes effect later.`,
  })
