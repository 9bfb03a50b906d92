import { defer, map, Observable, type SchedulerLike, timer } from 'rxjs'
import { KafkaError } from '../../../../lib/client/KafkaError.js'
import { ClientTroubles } from '../../../../lib/cluster/ClientTroubles.js'
import { ClusterMetadata, type Leader } from '../../../../lib/cluster/ClusterMetadata.js'
import type { ProducerCluster } from '../../../../lib/cluster/producer/ProducerCluster.js'
import { brokerError } from '../../../../lib/protocol/brokerError.js'
import type { AddPartitionsToTxnRequest } from '../../../../lib/protocol/requests/addPartitionsToTxn.js'
import type { EndTxnRequest } from '../../../../lib/protocol/requests/endTxn.js'
import type { InitProducerIdRequest } from '../../../../lib/protocol/requests/initProducerId.js'
import type { KafkaApi } from '../../../../lib/protocol/requests/KafkaApi.js'
import type { MetadataResponse } from '../../../../lib/protocol/requests/metadata.js'
import type { ProduceRequest } from '../../../../lib/protocol/requests/produce.js'
import { type MonotonicClock, monotonicClock } from '../../../../lib/scheduling/monotonicClock.js'
import { FakeTransactions } from './FakeTransactions.js'
import { PartitionLog, type ReceivedBatch, receive } from './PartitionLog.js'
import type { StepScheduler } from './StepScheduler.js'

/** What goes wrong, each as a probability per request or per partition of a request. */
export interface Faults {
  readonly lostRequest?: number
  readonly lostAnswer?: number
  readonly notLeader?: number
  readonly notEnoughReplicas?: number
  readonly notEnoughReplicasAfterAppend?: number
  readonly transactional?: number
}

interface Arrived {
  readonly nodeId: number
  readonly answer: () => unknown
  readonly resolve: (answer: unknown) => void
  readonly reject: (error: KafkaError) => void
  done: boolean
}

/**
 * A cluster of a few brokers as a producer meets it: each broker works one request after the other and answers in that
 * order; connections break with requests and answers on them; leaders move. Its logs check sequences as Kafka's do.
 */
export class FakeCluster implements ProducerCluster {
  readonly logs = new Map<string, PartitionLog>()
  readonly requests: {
    readonly nodeId: number
    readonly request: ProduceRequest
    readonly batches: readonly ReceivedBatch[]
  }[] = []
  readonly transactions = new FakeTransactions()
  readonly isClosed = false
  readonly brokerError = brokerError
  /** what is warned of */
  readonly warnings: string[] = []
  readonly troubles: ClientTroubles
  readonly config: ProducerCluster['config']
  readonly scheduler: SchedulerLike
  readonly now: MonotonicClock
  faults: Faults = {}
  /** error codes to answer next, instead of looking at the batch: one per batch */
  readonly scripted: number[] = []
  /** MESSAGE_TOO_LARGE beyond this */
  maxBatchRecords = Infinity
  /** how many requests were on their way to a broker, at each request */
  readonly pipelines: number[] = []
  private readonly topics = new Map<string, number[]>()
  private readonly wire = new Map<number, Arrived[]>()
  private epoch = 0
  private known = ClusterMetadata.empty

  constructor(
    private readonly steps: StepScheduler,
    private readonly chance: () => number,
    private readonly brokers = 3,
  ) {
    this.scheduler = steps
    this.now = monotonicClock(steps)
    this.config = {
      bootstrapServers: [],
      clientId: 'spec',
      connectionTimeoutMs: 1_000,
      requestTimeoutMs: 30_000,
      retryBackoffMs: 100,
      retryBackoffMaxMs: 1_000,
      metadataMaxAgeMs: 300_000,
      scheduler: steps,
    }
    const silent = (): void => undefined
    const warn = (line: string): void => void this.warnings.push(line)
    this.troubles = new ClientTroubles({
      scheduler: steps,
      logger: { debug: silent, info: silent, error: silent, warn },
    })
    this.known = this.known.with({ brokers: this.nodes, controllerId: 0, topics: [] })
  }

  addTopic(topic: string, partitions: number): void {
    this.topics.set(
      topic,
      Array.from({ length: partitions }, (_, partition) => partition % this.brokers),
    )
  }

  moveLeader(topic: string, partition: number, nodeId: number): void {
    this.topics.get(topic)![partition] = nodeId
    this.epoch++
  }

  log(topic: string, partition: number): PartitionLog {
    const key = `${topic}-${partition}`
    if (!this.logs.has(key)) this.logs.set(key, new PartitionLog())
    return this.logs.get(key)!
  }

  valuesOf(topic: string, partition: number): readonly string[] {
    return this.log(topic, partition).batches.flatMap((batch) => batch.values)
  }

  get metadata(): ClusterMetadata {
    return this.known
  }

  leaderOf(topic: string, partition: number): Leader | undefined {
    return this.known.leaderOf({ topic, partition })
  }

  partitionCount(topic: string): number | undefined {
    return this.known.partitionCount(topic)
  }

  refreshMetadata(topics: Iterable<string>): Observable<ClusterMetadata> {
    const wanted = [...topics]
    return defer(() =>
      this.pause(1 + this.chance() * 5).pipe(
        map(() => {
          this.known = this.known.with(this.answerMetadata(wanted))
          return this.known
        }),
      ),
    )
  }

  describeTopics(topics: readonly string[] | null): Observable<MetadataResponse> {
    return this.pause(1).pipe(map(() => this.answerMetadata(topics ?? [])))
  }

  coordinator(): Observable<number> {
    return this.pause(1).pipe(map(() => 0))
  }

  forgetCoordinator(): void {
    // It never moves here.
  }

  send<Q, R>(nodeId: number, _purpose: string, api: KafkaApi<Q, R>, request: Q): Observable<R> {
    return new Observable<R>((subscriber) => {
      const answer = this.arrive(nodeId, api.apiName, request)
      const wire = this.wire.get(nodeId) ?? []
      this.wire.set(nodeId, wire)
      const resolve = (response: unknown): void => {
        subscriber.next(response as R)
        subscriber.complete()
      }
      wire.push({ nodeId, answer, resolve, reject: (error) => subscriber.error(error), done: false })
      if (api.apiName === 'Produce') this.pipelines.push(wire.length)
      this.steps.after(1 + this.chance() * 20, () => this.work(nodeId))
    })
  }

  /** No chance in what the producer does. */
  random(): number {
    return 0.5
  }

  pause(ms: number): Observable<unknown> {
    return timer(ms, this.scheduler)
  }

  private arrive(nodeId: number, api: string, request: unknown): () => unknown {
    if (api !== 'Produce') return () => this.answerControl(api, request)
    const produce = request as ProduceRequest
    const batches = produce.partitions.map(receive)
    this.requests.push({ nodeId, request: produce, batches })
    return () => ({
      throttleTimeMs: 0,
      partitions: batches.map((batch) => ({
        ...{
          topic: batch.topic,
          partition: batch.partition,
          errorCode: this.appendOrFail(nodeId, batch, produce.transactionalId),
        },
        ...{ baseOffset: 0, logAppendTimeMs: -1, logStartOffset: 0, recordErrors: [], errorMessage: null },
      })),
    })
  }

  private appendOrFail(nodeId: number, batch: ReceivedBatch, transactionalId: string | null): number {
    const { topic, partition } = batch
    const log = this.log(topic, partition)
    const scripted = this.scripted.shift()
    if (scripted !== undefined && scripted !== 0) return scripted
    if (this.happens('notLeader')) this.moveLeader(topic, partition, Math.floor(this.chance() * this.brokers))
    if (this.topics.get(topic)?.[partition] !== nodeId) return 6
    if (batch.values.length > this.maxBatchRecords) return 10
    if (this.happens('notEnoughReplicas')) return 19
    if (transactionalId !== null && !this.transactions.takes(transactionalId, batch)) return 48
    const code = log.append(batch)
    return code === 0 && this.happens('notEnoughReplicasAfterAppend') ? 20 : code
  }

  private answerControl(api: string, request: unknown): unknown {
    if (this.happens('transactional')) return this.transactions.refuse(api, request)
    switch (api) {
      case 'InitProducerId':
        return this.transactions.init(request as InitProducerIdRequest)
      case 'AddPartitionsToTxn':
        return this.transactions.addPartitions(request as AddPartitionsToTxnRequest)
      default:
        return this.transactions.end(request as EndTxnRequest)
    }
  }

  /** The broker works its oldest request, and answers; or the connection breaks. */
  private work(nodeId: number): void {
    const wire = this.wire.get(nodeId)!
    const next = wire.find(({ done }) => !done)
    if (next === undefined) return
    if (this.happens('lostRequest')) return this.breakConnection(nodeId)
    next.done = true
    const answer = next.answer()
    if (this.happens('lostAnswer')) return this.breakConnection(nodeId)
    wire.splice(wire.indexOf(next), 1)
    next.resolve(answer)
  }

  /** What the broker had read already it still works; the client sees no answer of any. */
  private breakConnection(nodeId: number): void {
    const lost = this.wire.get(nodeId)!.splice(0)
    const read = Math.floor(this.chance() * (lost.length + 1))
    lost.slice(0, read).forEach((request) => {
      if (!request.done) request.answer()
    })
    lost.forEach(({ reject }) =>
      reject(new KafkaError({ _tag: 'Connection', retriable: true, message: 'The connection broke.' })),
    )
  }

  private happens(fault: keyof Faults): boolean {
    const probability = this.faults[fault] ?? 0
    return probability > 0 && this.chance() < probability
  }

  private get nodes() {
    return Array.from({ length: this.brokers }, (_, nodeId) => ({ nodeId, host: `b${nodeId}`, port: 1, rack: null }))
  }

  private answerMetadata(topics: readonly string[]): MetadataResponse {
    return {
      throttleTimeMs: 0,
      clusterId: 'fake',
      controllerId: 0,
      brokers: this.nodes,
      topics: topics.map((topic) => ({
        topic,
        internal: false,
        errorCode: this.topics.has(topic) ? 0 : 3,
        partitions: (this.topics.get(topic) ?? []).map((leader, partition) => ({
          ...{ errorCode: 0, partition, leader, leaderEpoch: this.epoch, replicas: [leader], isr: [leader] },
        })),
      })),
    } as unknown as MetadataResponse
  }
}
