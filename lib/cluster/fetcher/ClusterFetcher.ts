import { Subject } from 'rxjs'
import type { FetcherConfig } from '../../client/KafkaConfig.js'
import { isKafkaError, KafkaError } from '../../client/KafkaError.js'
import type { FetchedRecords, FetchFailed, KafkaFetcher, LogIdentity } from '../../client/KafkaFetcher.js'
import type { Offset } from '../../client/Offset.js'
import type { PartitionLog } from '../../client/PartitionLog.js'
import { type TopicPartition, topicPartitionKey } from '../../client/TopicPartition.js'
import { FetchMetrics } from '../../metrics/FetchMetrics.js'
import { noMetrics } from '../../metrics/noMetrics.js'
import { DecompressionMemory } from '../../protocol/DecompressionMemory.js'
import { fetchApi } from '../../protocol/requests/fetch.js'
import { fetchByNameApi } from '../../protocol/requests/fetchByName.js'
import { endOfTurn } from '../../scheduling/endOfTurn.js'
import { WorkLoop } from '../../scheduling/WorkLoop.js'
import type { Cluster } from '../Cluster.js'
import type { Leader } from '../ClusterMetadata.js'
import { FetchLanes, type InFlightFetch } from './FetchLanes.js'
import { fetchRequestFor } from './fetchRequestFor.js'
import { type Emit, FetchResponses } from './FetchResponses.js'
import { FetchRetries } from './FetchRetries.js'
import { fetchWaitMs } from './fetchWaitMs.js'
import { maxFetchResponseBytes } from './maxFetchResponseBytes.js'
import { PartitionFetch } from './PartitionFetch.js'
import { partitionShare } from './partitionShare.js'
import { PositionValidation } from './PositionValidation.js'
import { TopicAvailability } from './TopicAvailability.js'

/**
 * {@link KafkaFetcher} of a {@link Cluster}.
 *
 * 1. `request` marks a partition as wanted. At the end of the turn, all wanted partitions of a leader go out in one fetch.
 * 2. A fetch waits at its broker for data, as long as that holds up no other ({@link FetchLanes}, {@link fetchWaitMs}).
 * 3. The response is judged partition by partition ({@link FetchResponses}); trouble is retried after a back-off, at once when metadata
 *    names another leader ({@link FetchRetries}).
 * 4. A leader that is new is asked first whether its log has what was read ({@link PositionValidation}).
 * 5. Fetches go by the ids of topics, so that a broker never answers with the records of a topic that was created anew under the
 *    name of a former one; where topics have no ids, metadata that names another one comes too late for what was fetched before.
 * 6. A response for a partition that was assigned anew or unassigned meanwhile is dropped.
 */
export class ClusterFetcher implements KafkaFetcher {
  private readonly emissions = new Subject<FetchedRecords | FetchFailed>()
  private readonly logs = new Subject<PartitionLog>()
  /** what is to be told of logs when states are settled */
  private readonly news: PartitionLog[] = []
  /** in the order of serving: who got data goes to the end, since a full fetch leaves out the last ones */
  private readonly partitions = new Map<string, PartitionFetch>()
  private readonly lanes: FetchLanes
  private readonly metrics: FetchMetrics
  private readonly retries: FetchRetries
  private readonly availability: TopicAvailability
  private readonly validation: PositionValidation
  private readonly responses: FetchResponses
  private readonly memory: DecompressionMemory
  /** sends at the end of the turn, so that what is requested in one go travels in one fetch */
  private readonly loop: WorkLoop

  readonly fetched$ = this.emissions.asObservable()
  readonly logs$ = this.logs.asObservable()

  /** @param name tells the connections of this fetcher from those of others of the same client */
  constructor(
    private readonly cluster: Cluster,
    private readonly config: FetcherConfig,
    name: string,
  ) {
    this.loop = new WorkLoop(() => this.sendWanted(), { turn$: endOfTurn(cluster.scheduler) })
    this.lanes = new FetchLanes(name, cluster.answersInTurn)
    this.metrics = new FetchMetrics(cluster.config.metrics ?? noMetrics, cluster.now)
    this.memory = new DecompressionMemory(config.maxDecompressedBytes)
    const isCurrent = (partition: PartitionFetch): boolean => this.isCurrent(partition)
    const onLog = (log: PartitionLog): void => void this.news.push(log)
    this.retries = new FetchRetries(cluster, isCurrent, this.loop.ask)
    this.availability = new TopicAvailability(cluster)
    this.validation = new PositionValidation(cluster, this.retries)
    const { retries, availability, memory } = this
    this.responses = new FetchResponses({ cluster, config, retries, availability, memory, isCurrent, onLog })
  }

  assign(topicPartition: TopicPartition, offset: Offset, log?: LogIdentity): void {
    this.unassign(topicPartition)
    const partition = new PartitionFetch(topicPartition, offset, log)
    this.partitions.set(partition.key, partition)
  }

  request(topicPartition: TopicPartition): void {
    const partition = this.partitions.get(topicPartitionKey(topicPartition))
    if (partition === undefined) return
    partition.on('request')
    this.loop.ask()
  }

  unassign(topicPartition: TopicPartition): void {
    const key = topicPartitionKey(topicPartition)
    this.partitions.get(key)?.timer?.unsubscribe()
    this.partitions.delete(key)
    this.memory.evictWhere((fetched) => topicPartitionKey(fetched.topicPartition) === key)
    this.cluster.troubles.reads.forget(key)
  }

  close(): void {
    this.loop.close()
    this.partitions.forEach(({ timer }) => timer?.unsubscribe())
    this.partitions.clear()
    this.memory.evictWhere(() => true)
    this.lanes.all.forEach((lane) => this.cluster.release(lane))
  }

  private sendWanted(): void {
    const wanted = new Map<number, PartitionFetch[]>()
    const doubtful = new Map<number, PartitionFetch[]>()
    const unavailable = new Map<string, PartitionFetch>()
    for (const partition of this.partitions.values()) {
      if (partition.state !== 'wanted') continue
      const nodeId = this.nodeOf(partition)
      const leader = this.leaderOf(partition)
      if (leader !== undefined) partition.goneSince = undefined
      const another = this.availability.isAnother(partition)
      if (nodeId === undefined || leader === undefined || (another && partition.topicIdRefused))
        unavailable.set(partition.key, partition)
      else if (!another && partition.mustBeValidated(leader.leaderEpoch)) add(doubtful, leader.nodeId, partition)
      else add(wanted, nodeId, partition)
    }
    if (unavailable.size > 0)
      this.settle(unavailable, (emit) => unavailable.forEach((partition) => this.failOrBackOff(partition, emit)))
    doubtful.forEach((partitions, nodeId) => this.validate(nodeId, partitions))
    wanted.forEach((partitions, nodeId) =>
      this.lanes.fetchesOf(partitions).forEach((together) => this.sendTo(nodeId, together)),
    )
  }

  /** It cannot be fetched now. */
  private failOrBackOff(partition: PartitionFetch, emit: Emit): void {
    const obstacle = this.availability.obstacleOf(partition)
    if (obstacle instanceof KafkaError) emit(partition.fail(obstacle))
    else this.retries.backOff(partition, true, obstacle)
  }

  /** The follower that the leader sent us to, or the leader. */
  private nodeOf(partition: PartitionFetch): number | undefined {
    const { replica } = partition
    const follower = replica !== undefined && replica.until > this.cluster.now() ? replica.nodeId : undefined
    return follower ?? this.leaderOf(partition)?.nodeId
  }

  private leaderOf({ topicPartition: { topic, partition } }: PartitionFetch): Leader | undefined {
    return this.cluster.leaderOf(topic, partition)
  }

  private validate(nodeId: number, partitions: readonly PartitionFetch[]): void {
    const asked = new Map(partitions.map((partition) => [partition.key, partition]))
    this.validation.ask(nodeId, partitions).subscribe({
      next: (judge) =>
        this.settle(asked, (emit) =>
          partitions.forEach((partition) => this.isCurrent(partition) && judge(partition, emit)),
        ),
      error: (error: unknown) => this.settle(asked, (emit) => this.lost(asked, error, emit)),
    })
  }

  private sendTo(nodeId: number, partitions: readonly PartitionFetch[]): void {
    const free = this.lanes.freeAt(nodeId)
    if (free === undefined) return
    const immediate = this.config.minBytes <= 1 && partitions.some(({ behind }) => behind)
    partitions.forEach((partition) => partition.on('send'))
    const maxWaitMs = fetchWaitMs({
      immediate,
      freeLanes: free.others,
      uncovered: [...this.partitions.values()].filter(
        (partition) => partition.state === 'idle' && this.nodeOf(partition) === nodeId,
      ).length,
      quietRounds: this.lanes.quietRoundsAt(nodeId),
      maxWaitMs: this.config.maxWaitMs,
    })
    const byKey = new Map(partitions.map((partition) => [partition.key, partition]))
    this.send({ nodeId, lane: free.lane, immediate, partitions: byKey }, maxWaitMs)
  }

  private send(fetch: InFlightFetch, maxWaitMs: number): void {
    const { cluster } = this
    const partitions = [...fetch.partitions.values()]
    const config = { ...this.config, maxPartitionBytes: partitionShare(this.config, this.partitions.size) }
    const sentAt = cluster.now()
    this.lanes.begin(fetch)
    cluster
      .send(
        fetch.nodeId,
        fetch.lane,
        partitions.every(({ topicId }) => topicId !== undefined) ? fetchApi : fetchByNameApi,
        fetchRequestFor(partitions, config, cluster, maxWaitMs, sentAt),
        {
          timeoutMs: maxWaitMs + cluster.config.requestTimeoutMs,
          maxResponseBytes: maxFetchResponseBytes(cluster.config, this.config),
        },
      )
      .subscribe({
        next: (response) => {
          const bytes = response.partitions.reduce((sum, { records }) => sum + records.length, 0)
          this.metrics.onFetch(cluster.now() - sentAt, bytes, response.throttleTimeMs)
          this.returned(fetch, (emit) => this.responses.judge(fetch.partitions, response, emit))
        },
        error: (error: unknown) => this.returned(fetch, (emit) => this.lost(fetch.partitions, error, emit)),
      })
  }

  private returned(fetch: InFlightFetch, judge: (emit: Emit) => void): void {
    this.lanes.end(fetch)
    this.settle(fetch.partitions, (emit) => {
      let outcomes = 0
      judge((outcome) => {
        outcomes++
        emit(outcome)
      })
      this.lanes.countRound(fetch, outcomes > 0)
    })
  }

  /** States are settled before anything is emitted: the reader may call back from within. */
  private settle(partitions: ReadonlyMap<string, PartitionFetch>, judge: (emit: Emit) => void): void {
    if (this.loop.isClosed) return
    const outcomes: (FetchedRecords | FetchFailed)[] = []
    judge((outcome) => {
      outcomes.push(outcome)
      if (outcome._tag === 'Fetched') this.serveLast(topicPartitionKey(outcome.topicPartition))
    })
    this.loop.ask()
    for (const outcome of outcomes) {
      const partition = partitions.get(topicPartitionKey(outcome.topicPartition))
      if (partition !== undefined && this.isCurrent(partition)) this.emissions.next(outcome)
    }
    for (const log of this.news.splice(0)) this.logs.next(log)
  }

  private serveLast(key: string): void {
    const partition = this.partitions.get(key)
    if (partition === undefined) return
    this.partitions.delete(key)
    this.partitions.set(key, partition)
  }

  /** No response came. What is no `KafkaError` is a fault of ours, which no retry mends. */
  private lost(
    partitions: ReadonlyMap<string, PartitionFetch>,
    error: unknown,
    emit: (outcome: FetchFailed) => void,
  ): void {
    if (!isKafkaError(error)) return this.emissions.error(error)
    for (const partition of partitions.values()) {
      if (!this.isCurrent(partition)) continue
      if (error.retriable) this.retries.backOff(partition, true, error)
      else emit(partition.fail(error))
    }
  }

  private isCurrent(partition: PartitionFetch): boolean {
    return !this.loop.isClosed && this.partitions.get(partition.key) === partition
  }
}

const add = (byNode: Map<number, PartitionFetch[]>, nodeId: number, partition: PartitionFetch): void => {
  const sameNode = byNode.get(nodeId)
  if (sameNode === undefined) byNode.set(nodeId, [partition])
  else sameNode.push(partition)
}
