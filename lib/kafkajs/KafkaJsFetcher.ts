import { asyncScheduler, Subject } from 'rxjs'
import type { FetcherConfig } from '../client/KafkaConfig.js'
import { KafkaError } from '../client/KafkaError.js'
import type { FetchedRecords, FetchFailed, KafkaFetcher, LogIdentity } from '../client/KafkaFetcher.js'
import type { Offset } from '../client/Offset.js'
import { type PartitionLog, partitionLog } from '../client/PartitionLog.js'
import { type TopicPartition, topicPartitionKey } from '../client/TopicPartition.js'
import { FetchMetrics } from '../metrics/FetchMetrics.js'
import { noMetrics } from '../metrics/noMetrics.js'
import { corruptRecords } from '../protocol/corruptRecords.js'
import { DecompressionMemory } from '../protocol/DecompressionMemory.js'
import { decodeRecordBatches } from '../protocol/decodeRecordBatches.js'
import { fetchApi, type FetchResponse, type NamedPartitionResponse } from '../protocol/requests/fetch.js'
import { fetchByNameApi } from '../protocol/requests/fetchByName.js'
import { type MonotonicClock, monotonicClock } from '../scheduling/monotonicClock.js'
import { answeredWith } from './answeredWith.js'
import { answersByPartition } from './answersByPartition.js'
import { apart } from './apart.js'
import { batchesEnd } from './batchesEnd.js'
import { fetchRequestFor } from './fetchRequestFor.js'
import { FetchRetries } from './FetchRetries.js'
import { fetchVerdict } from './fetchVerdict.js'
import { fetchWaitMs } from './fetchWaitMs.js'
import type { ConnectionPurpose } from '../cluster/Brokers.js'
import type { Leader } from '../cluster/ClusterMetadata.js'
import type { KafkaJsConnections } from './KafkaJsConnections.js'
import { PartitionFetch } from './PartitionFetch.js'
import { partitionShare } from './partitionShare.js'
import { PositionValidation } from './PositionValidation.js'
import { maxFetchResponseBytes } from './responseLimits.js'
import { toKafkaError } from './toKafkaError.js'
import { TopicStanding } from './TopicStanding.js'
import { ErrorCodes } from '../protocol/errorCodes.js'

type Emit = (outcome: FetchedRecords | FetchFailed) => void

/** A fetch that is at a broker. */
interface Flight {
  readonly nodeId: number
  readonly lane: ConnectionPurpose
  /** comes back at once: data is there */
  readonly immediate: boolean
  readonly partitions: ReadonlyMap<string, PartitionFetch>
}

/**
 * {@link KafkaFetcher} on kafkajs's connections.
 *
 * 1. `request` marks a partition as wanted. At the end of the turn, all wanted partitions of a leader go out in one fetch.
 * 2. Two connections per broker, its *lanes*, carry fetches, so that a long poll of idle partitions never holds up busy ones
 *    (see {@link fetchWaitMs}).
 * 3. The answer is looked at partition by partition ({@link fetchVerdict}): data and failures are emitted, empty answers go
 *    out again, trouble is retried after a back-off, at once when metadata names another leader.
 * 4. A leader that is new is asked first whether its log has what was read ({@link PositionValidation}).
 * 5. Fetches go by the ids of topics, so that a broker never answers with the records of a topic that was created anew under the
 *    name of a former one; where topics have no ids, metadata that names another one comes too late for what was fetched before.
 * 6. An answer for a partition that was assigned anew or unassigned meanwhile is dropped.
 *
 * What is emitted is not decoded yet: {@link batchesEnd} knows where the next fetch begins, so it is at the broker while the
 * reader takes this one.
 */
export class KafkaJsFetcher implements KafkaFetcher {
  private readonly emissions = new Subject<FetchedRecords | FetchFailed>()
  private readonly logs = new Subject<PartitionLog>()
  /** what is to be told of logs when states are settled */
  private readonly news: PartitionLog[] = []
  /** in the order of serving: who got data goes to the end, since a full fetch leaves out the last ones */
  private readonly partitions = new Map<string, PartitionFetch>()
  private readonly flights = new Set<Flight>()
  private readonly quietRounds = new Map<number, number>()
  private readonly lanes: readonly ConnectionPurpose[]
  private readonly now: MonotonicClock
  private readonly metrics: FetchMetrics
  private readonly retries: FetchRetries
  private readonly standing: TopicStanding
  private readonly validation: PositionValidation
  private readonly memory: DecompressionMemory
  private sending = false
  private closed = false

  readonly fetched$ = this.emissions.asObservable()
  readonly logs$ = this.logs.asObservable()

  /** @param name tells the connections of this fetcher from those of others of the same client */
  constructor(
    private readonly connections: KafkaJsConnections,
    private readonly config: FetcherConfig,
    name: string,
  ) {
    this.lanes = [`fetch ${name}a`, `fetch ${name}b`]
    const { scheduler = asyncScheduler, metrics = noMetrics } = connections.config
    this.now = monotonicClock(scheduler)
    this.metrics = new FetchMetrics(metrics, this.now)
    this.retries = new FetchRetries(
      connections,
      scheduler,
      (partition) => this.isCurrent(partition),
      () => this.sendSoon(),
    )
    this.standing = new TopicStanding(connections, scheduler)
    this.validation = new PositionValidation(connections, this.retries)
    this.memory = new DecompressionMemory(config.maxDecompressedBytes)
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
    this.sendSoon()
  }

  unassign(topicPartition: TopicPartition): void {
    const key = topicPartitionKey(topicPartition)
    this.partitions.get(key)?.timer?.unsubscribe()
    this.partitions.delete(key)
    this.memory.evictWhere((fetched) => topicPartitionKey(fetched.topicPartition) === key)
    this.connections.troubles.reads.forget(key)
  }

  close(): void {
    this.closed = true
    this.partitions.forEach(({ timer }) => timer?.unsubscribe())
    this.partitions.clear()
    this.memory.evictWhere(() => true)
    this.lanes.forEach((lane) => this.connections.closePurpose(lane))
  }

  /** At the end of this turn, so that what is requested in one go travels in one fetch. */
  private sendSoon(): void {
    if (this.sending || this.closed) return
    this.sending = true
    queueMicrotask(() => {
      this.sending = false
      if (!this.closed) this.sendWanted()
    })
  }

  private sendWanted(): void {
    const wanted = new Map<number, PartitionFetch[]>()
    const doubtful = new Map<number, PartitionFetch[]>()
    const stuck = new Map<string, PartitionFetch>()
    for (const partition of this.partitions.values()) {
      if (partition.state !== 'wanted') continue
      const nodeId = this.nodeOf(partition)
      const leader = this.leaderOf(partition)
      if (leader !== undefined) partition.goneSince = undefined
      const another = this.standing.isAnother(partition)
      if (nodeId === undefined || leader === undefined || (another && partition.disowned))
        stuck.set(partition.key, partition)
      else if (!another && partition.mustBeValidated(leader.leaderEpoch)) add(doubtful, leader.nodeId, partition)
      else add(wanted, nodeId, partition)
    }
    if (stuck.size > 0) this.settle(stuck, (emit) => stuck.forEach((partition) => this.unblock(partition, emit)))
    doubtful.forEach((partitions, nodeId) => this.validate(nodeId, partitions))
    wanted.forEach((partitions, nodeId) => this.sendTo(nodeId, partitions))
  }

  /** It cannot be fetched now: fails, or backs off. */
  private unblock(partition: PartitionFetch, emit: Emit): void {
    const obstacle = this.standing.obstacleOf(partition)
    if (obstacle instanceof KafkaError) emit(partition.fail(obstacle))
    else this.retries.backOff(partition, true, obstacle)
  }

  /** The follower that the leader sent us to, or the leader. */
  private nodeOf(partition: PartitionFetch): number | undefined {
    const { replica } = partition
    const follower = replica !== undefined && replica.until > this.now() ? replica.nodeId : undefined
    return follower ?? this.leaderOf(partition)?.nodeId
  }

  private leaderOf({ topicPartition: { topic, partition } }: PartitionFetch): Leader | undefined {
    return this.connections.leaderOf(topic, partition)
  }

  private validate(nodeId: number, partitions: readonly PartitionFetch[]): void {
    const asked = new Map(partitions.map((partition) => [partition.key, partition]))
    this.validation.ask(nodeId, partitions).then(
      (judge) =>
        this.settle(asked, (emit) =>
          partitions.forEach((partition) => this.isCurrent(partition) && judge(partition, emit)),
        ),
      (error: unknown) => this.settle(asked, (emit) => this.lost(asked, toKafkaError(error), emit)),
    )
  }

  private sendTo(nodeId: number, partitions: readonly PartitionFetch[]): void {
    const flights = [...this.flights].filter((flight) => flight.nodeId === nodeId)
    const [lane, ...free] = this.lanes.filter((candidate) => flights.every((flight) => flight.lane !== candidate))
    // What comes back at once is waited for: then all travel in one fetch again.
    if (lane === undefined || flights.some((flight) => flight.immediate)) return
    const immediate = this.config.minBytes <= 1 && partitions.some(({ behind }) => behind)
    partitions.forEach((partition) => partition.on('send'))
    const maxWaitMs = fetchWaitMs({
      immediate,
      freeLanes: free.length,
      uncovered: [...this.partitions.values()].filter(
        (partition) => partition.state === 'idle' && this.nodeOf(partition) === nodeId,
      ).length,
      quietRounds: this.quietRounds.get(nodeId) ?? 0,
      maxWaitMs: this.config.maxWaitMs,
    })
    const byKey = new Map(partitions.map((partition) => [partition.key, partition]))
    this.fly({ nodeId, lane, immediate, partitions: byKey }, maxWaitMs)
  }

  private fly(flight: Flight, maxWaitMs: number): void {
    const { connections } = this
    const config = { ...this.config, maxPartitionBytes: partitionShare(this.config, this.partitions.size) }
    const sentAt = this.now()
    this.flights.add(flight)
    connections
      .send(
        flight.nodeId,
        flight.lane,
        [...flight.partitions.values()].every(({ topicId }) => topicId !== undefined) ? fetchApi : fetchByNameApi,
        fetchRequestFor([...flight.partitions.values()], config, connections, maxWaitMs, sentAt),
        {
          timeoutMs: maxWaitMs + connections.config.requestTimeoutMs,
          maxResponseBytes: maxFetchResponseBytes(connections.config, this.config),
        },
      )
      .then(
        (response) => {
          const bytes = response.partitions.reduce((sum, { records }) => sum + records.length, 0)
          this.metrics.onFetch(this.now() - sentAt, bytes, response.throttleTimeMs)
          this.landed(flight, (emit) => this.answered(flight, response, emit))
        },
        (error: unknown) => this.landed(flight, (emit) => this.lost(flight.partitions, toKafkaError(error), emit)),
      )
  }

  private landed(flight: Flight, judge: (emit: Emit) => void): void {
    const { nodeId, partitions } = flight
    this.flights.delete(flight)
    this.settle(partitions, (emit) => {
      let outcomes = 0
      judge((outcome) => {
        outcomes++
        emit(outcome)
      })
      this.quietRounds.set(nodeId, outcomes === 0 ? (this.quietRounds.get(nodeId) ?? 0) + 1 : 0)
    })
  }

  /** States are settled before anything is emitted: the reader may call back from within. */
  private settle(partitions: ReadonlyMap<string, PartitionFetch>, judge: (emit: Emit) => void): void {
    if (this.closed) return
    const outcomes: (FetchedRecords | FetchFailed)[] = []
    judge((outcome) => outcomes.push(outcome))
    this.sendSoon()
    for (const outcome of outcomes) {
      const partition = partitions.get(topicPartitionKey(outcome.topicPartition))
      if (partition !== undefined && this.isCurrent(partition)) this.emissions.next(outcome)
    }
    for (const log of this.news.splice(0)) this.logs.next(log)
  }

  private answered(
    flight: Flight,
    response: FetchResponse,
    emit: (outcome: FetchedRecords | FetchFailed) => void,
  ): void {
    const answers = answersByPartition(flight.partitions, response)
    for (const partition of flight.partitions.values()) {
      if (!this.isCurrent(partition)) continue
      const answer = answers.get(partition.key)
      const code = response.errorCode === 0 ? (answer?.errorCode ?? 0) : response.errorCode
      const verdict = fetchVerdict(code)
      if (otherTopicIds.has(code)) partition.disowned = true
      // Asked by name, a broker answers with whatever bears it now.
      if (verdict === 'fetched' && answer?.topicId === undefined && this.standing.isAnother(partition))
        emit(partition.fail(this.standing.recreated(partition)))
      else if (verdict === 'fetched') this.fetched(partition, answer, emit)
      else if (verdict === 'fail' && partition.replica === undefined)
        emit(partition.fail(this.errorOf(partition, code)))
      else this.retries.backOff(partition, verdict === 'refresh', answeredWith(code))
    }
  }

  private fetched(
    partition: PartitionFetch,
    answer: NamedPartitionResponse | undefined,
    emit: (outcome: FetchedRecords | FetchFailed) => void,
  ): void {
    if (partition.attempts > 0) this.retries.recovered(partition)
    partition.disowned = false
    if (answer !== undefined && answer.preferredReadReplica >= 0) {
      const until = this.now() + this.connections.config.metadataMaxAgeMs
      partition.replica = { nodeId: answer.preferredReadReplica, until }
    }
    const end = batchesEnd(answer?.records ?? noRecords)
    if (answer === undefined || end.nextOffset === undefined) {
      const needed = end.needed ?? 0
      if (needed > 0 && partition.askedInVain(needed)) return emit(partition.fail(endlessBatch(partition)))
      if (answer !== undefined) this.noteLog(partition, answer)
      partition.behind = false
      partition.needed = Math.max(partition.needed, needed)
      partition.on('nothing')
      return
    }
    partition.inVain = 0
    partition.on('data')
    const { topicId } = partition
    const { isolationLevel, checkCrcs } = this.config
    const options = { isolationLevel, checkCrcs, memory: this.memory }
    emit(decodeRecordBatches({ ...answer, topicId, records: apart(answer.records) }, partition.offset, options))
    partition.offset = Math.max(end.nextOffset, partition.offset)
    partition.epoch = end.leaderEpoch ?? partition.epoch
    partition.behind =
      partition.offset < (isolationLevel === 'read_committed' ? answer.lastStableOffset : answer.highWatermark)
    this.partitions.delete(partition.key)
    this.partitions.set(partition.key, partition)
  }

  private noteLog(partition: PartitionFetch, answer: NamedPartitionResponse): void {
    const log = partitionLog(partition.topicPartition, answer, partition.log)
    if (log === partition.log) return
    partition.log = log
    this.news.push(log)
  }

  private errorOf({ topicPartition: { topic, partition }, offset }: PartitionFetch, code: number): KafkaError {
    return this.connections.brokerError(code, { api: fetchApi.apiName, topic, partition, offset })
  }

  private lost(
    partitions: ReadonlyMap<string, PartitionFetch>,
    error: KafkaError,
    emit: (outcome: FetchFailed) => void,
  ): void {
    for (const partition of partitions.values()) {
      if (!this.isCurrent(partition)) continue
      if (error.retriable) {
        this.retries.backOff(partition, true, error)
      } else {
        emit(partition.fail(error))
      }
    }
  }

  private isCurrent(partition: PartitionFetch): boolean {
    return !this.closed && this.partitions.get(partition.key) === partition
  }
}

/** A length that no fetch brings, of a batch that so is the only one left to read. */
const endlessBatch = ({ topicPartition: { topic, partition }, offset, needed }: PartitionFetch): KafkaError =>
  corruptRecords(
    topic,
    partition,
    offset,
    `claim to be ${needed} bytes long, and a fetch of as many does not bring them`,
  )

const add = (byNode: Map<number, PartitionFetch[]>, nodeId: number, partition: PartitionFetch): void => {
  const sameNode = byNode.get(nodeId)
  if (sameNode === undefined) byNode.set(nodeId, [partition])
  else sameNode.push(partition)
}

const noRecords = Buffer.alloc(0)

const otherTopicIds: ReadonlySet<number> = new Set([ErrorCodes.UNKNOWN_TOPIC_ID, ErrorCodes.INCONSISTENT_TOPIC_ID])
