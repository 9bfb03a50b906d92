import { catchError, concatMap, map, type Observable, of, throwError } from 'rxjs'
import type { ActiveProducersByPartition } from '../../client/ActiveProducer.js'
import type { IsolationLevel } from '../../client/IsolationLevel.js'
import type {
  KafkaAdmin,
  NewTopic,
  RefusedOffsets,
  TopicDescription,
  TransactionListing,
} from '../../client/KafkaAdmin.js'
import { KafkaError } from '../../client/KafkaError.js'
import type { Offset, OffsetsByPartition } from '../../client/Offset.js'
import type { OffsetSpec } from '../../client/OffsetSpec.js'
import { type TopicPartition, topicPartitionKey } from '../../client/TopicPartition.js'
import {
  type TransactionDescription,
  type TransactionState,
  transactionStateNamed,
} from '../../client/TransactionDescription.js'
import { createPartitionsApi } from '../../protocol/requests/createPartitions.js'
import { createTopicsApi } from '../../protocol/requests/createTopics.js'
import { deleteTopicsApi } from '../../protocol/requests/deleteTopics.js'
import { describeConfigsApi } from '../../protocol/requests/describeConfigs.js'
import type { KafkaApi } from '../../protocol/requests/KafkaApi.js'
import { listTransactionsApi } from '../../protocol/requests/listTransactions.js'
import type { TopicMetadata } from '../../protocol/requests/metadata.js'
import { offsetFetchApi } from '../../protocol/requests/offsetFetch.js'
import type { TopicResults } from '../../protocol/requests/topicResults.js'
import { allOf } from '../../scheduling/allOf.js'
import { toItsEnd } from '../../scheduling/toItsEnd.js'
import type { Cluster } from '../Cluster.js'
import { retryTransient } from '../retryTransient.js'
import { askCoordinator } from './askCoordinator.js'
import { commitByCoordinator } from './commitByCoordinator.js'
import { describeProducersAtLeaders } from './describeProducersAtLeaders.js'
import { describeTransactionsAtCoordinators } from './describeTransactionsAtCoordinators.js'
import { listOffsetsByLeader } from './listOffsetsByLeader.js'
import { ErrorCodes } from '../../protocol/errorCodes.js'

/**
 * {@link KafkaAdmin} on a cluster. What is retriable is retried with back-off up to `request.timeout.ms`.
 * Changes of topics answer once brokers show them, so that the next call meets them. A call acts once for each subscription, to its end.
 */
export class ClusterAdmin implements KafkaAdmin {
  constructor(private readonly cluster: Cluster) {}

  listTopics(): Observable<readonly TopicDescription[]> {
    return this.asking(() =>
      this.cluster
        .describeTopics(null)
        .pipe(map(({ topics }) => topics.filter(({ errorCode }) => errorCode === 0).map(describe))),
    )
  }

  describeTopics(topics: readonly string[]): Observable<readonly TopicDescription[]> {
    return this.asking(() => this.described(topics))
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
    return this.acting(() => listOffsetsByLeader(this.cluster, specs, isolationLevel))
  }

  committedOffsets(groupId: string, partitions: readonly TopicPartition[]): Observable<OffsetsByPartition> {
    const { cluster } = this
    const ask = (nodeId: number) =>
      cluster
        .send(nodeId, 'control', offsetFetchApi, { groupId, partitions })
        .pipe(map((fetched) => [fetched, ...fetched.partitions]))
    return this.asking(() =>
      partitions.length === 0 ? of([]) : askCoordinator(cluster, offsetFetchApi.apiName, groupId, ask),
    ).pipe(
      map(
        (answers) =>
          new Map(
            answers.flatMap((committed) =>
              'offset' in committed && committed.offset >= 0
                ? [[topicPartitionKey(committed), committed.offset] as const]
                : [],
            ),
          ),
      ),
    )
  }

  commitOffsets(groupId: string, offsets: readonly (readonly [TopicPartition, Offset])[]): Observable<RefusedOffsets> {
    return this.acting(() =>
      offsets.length === 0 ? of<RefusedOffsets>(new Map()) : commitByCoordinator(this.cluster, groupId, offsets),
    )
  }

  /** Every broker lists the transactions it coordinates. */
  listTransactions(
    states: readonly TransactionState[],
    producerIds: readonly bigint[] = [],
  ): Observable<readonly TransactionListing[]> {
    const { cluster } = this
    const request = { states, producerIds }
    return this.asking(() =>
      allOf(
        [...cluster.metadata.brokers.keys()].map((nodeId) =>
          cluster.send(nodeId, 'control', listTransactionsApi, request),
        ),
      ).pipe(
        map((answers) =>
          answers.flatMap(({ errorCode, transactions }) => {
            if (errorCode !== 0) throw cluster.brokerError(errorCode, { api: listTransactionsApi.apiName })
            return transactions.map((listed) => ({ ...listed, state: transactionStateNamed(listed.state) }))
          }),
        ),
        // All known brokers are asked. One that has left the cluster must not be asked again.
        catchError((error: unknown) => this.afterRefresh(error)),
      ),
    )
  }

  describeTransactions(transactionalIds: readonly string[]): Observable<ReadonlyMap<string, TransactionDescription>> {
    return this.acting(() => describeTransactionsAtCoordinators(this.cluster, transactionalIds))
  }

  describeProducers(topicPartitions: readonly TopicPartition[]): Observable<ActiveProducersByPartition> {
    return this.acting(() => describeProducersAtLeaders(this.cluster, topicPartitions))
  }

  brokerConfig(name: string): Observable<string | undefined> {
    const { cluster } = this
    return this.asking(() => {
      const nodeId = cluster.metadata.controllerId
      return cluster.send(nodeId, 'control', describeConfigsApi, { nodeId, names: [name] }).pipe(
        map(({ results }) => {
          const { errorCode = 0, errorMessage, entries = [] } = results[0] ?? {}
          if (errorCode === 0) return entries.find((entry) => entry.name === name)?.value ?? undefined
          const error = cluster.brokerError(errorCode, { api: describeConfigsApi.apiName, detail: errorMessage })
          if (error._tag === 'Authorization') return undefined
          throw error
        }),
      )
    })
  }

  private acting<T>(work: () => Observable<T>): Observable<T> {
    return toItsEnd(work, this.cluster.scheduler)
  }

  private asking<T>(attempt: () => Observable<T>): Observable<T> {
    return this.acting(() => retryTransient(this.cluster, attempt))
  }

  /** Errors with the same once it is known anew which brokers there are. */
  private afterRefresh(error: unknown): Observable<never> {
    return this.cluster.refreshMetadata([]).pipe(concatMap(() => throwError(() => error)))
  }

  private described(topics: readonly string[]): Observable<readonly TopicDescription[]> {
    if (topics.length === 0) return of([])
    return this.cluster.describeTopics(topics).pipe(
      map((answer) =>
        answer.topics.flatMap((topic) => {
          if (topic.errorCode === ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION) return []
          if (topic.errorCode !== 0)
            throw this.cluster.brokerError(topic.errorCode, { api: 'Metadata', topic: topic.topic })
          return [describe(topic)]
        }),
      ),
    )
  }

  /** Sends a change to the controller once it takes it, then waits until brokers show it. */
  private change<Q extends { readonly timeoutMs: number }>(
    api: KafkaApi<Q, TopicResults>,
    request: Omit<Q, 'timeoutMs'>,
    topics: readonly string[],
    isDone: (found: readonly TopicDescription[]) => boolean,
  ): Observable<void> {
    const { cluster } = this
    const timed = { ...request, timeoutMs: cluster.config.requestTimeoutMs } as Q
    const send = (): Observable<void> =>
      cluster.send(cluster.metadata.controllerId, 'control', api, timed).pipe(
        map((answer) => {
          const failed = answer.topics.find(({ errorCode }) => errorCode !== 0)
          if (failed === undefined) return
          const { topic, errorCode, errorMessage } = failed
          throw cluster.brokerError(errorCode, { api: api.apiName, topic, detail: errorMessage })
        }),
        catchError((error: unknown) => this.afterRefresh(error)),
      )
    const look = (): Observable<void> =>
      this.described(topics).pipe(
        map((found) => {
          if (!isDone(found)) throw notShown(api.apiName, topics)
        }),
      )
    // A topic to change that does not exist now will hardly come by waiting.
    const sent = (): Observable<void> =>
      retryTransient(cluster, send, {
        isWorthAWait: ({ retriable, code }) => retriable && code !== ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION,
      })
    return this.acting(() =>
      topics.length === 0 ? of(undefined) : sent().pipe(concatMap(() => retryTransient(cluster, look))),
    )
  }
}

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
