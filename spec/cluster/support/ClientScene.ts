import { expect } from '@jest/globals'
import {
  concat,
  defer,
  filter,
  ignoreElements,
  map,
  type Observable,
  ReplaySubject,
  tap,
  throwError,
  timer,
} from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import type { IsolationLevel } from '../../../lib/client/IsolationLevel.js'
import type { KafkaConfig } from '../../../lib/client/KafkaConfig.js'
import { TopicPartition } from '../../../lib/client/TopicPartition.js'
import { ANY_BROKER, type Brokers } from '../../../lib/cluster/Brokers.js'
import { connectionLost } from '../../../lib/cluster/connectionErrors.js'
import { ClusterAdmin } from '../../../lib/cluster/admin/ClusterAdmin.js'
import { Cluster } from '../../../lib/cluster/Cluster.js'
import { type Fault, type FaultPlan, Faults, type MemoryCall } from '../../../lib/memory/Fault.js'
import type { LogBatch } from '../../../lib/memory/LogBatch.js'
import { MemoryBrokers } from '../../../lib/memory/MemoryBrokers.js'
import { MemoryCluster } from '../../../lib/memory/MemoryCluster.js'
import { MemoryConnection } from '../../../lib/memory/MemoryConnection.js'
import type { MemoryLog } from '../../../lib/memory/MemoryLog.js'
import { ReceivedBatch as MemoryBatch } from '../../../lib/memory/ReceivedBatch.js'
import { encodeRecordBatch } from '../../../lib/protocol/encodeRecordBatch.js'
import type { ProduceRequest } from '../../../lib/protocol/requests/produce.js'
import { receivedBatch, type ReceivedBatch } from './receivedBatch.js'

export interface ClientSceneOptions {
  /** name → partitions, which the client knows from the start */
  readonly topics?: Readonly<Record<string, number>>
  /** partition p is led by broker p modulo this, + 1 */
  readonly brokers?: number
  /** ms from each request to its effect and answer */
  readonly latencyMs?: number
  readonly config?: Partial<KafkaConfig>
  readonly topicConfig?: Readonly<Record<string, string>>
  /** what goes wrong beside what is injected */
  readonly fault?: (call: MemoryCall) => Fault | undefined
  /** by API, what brokers answer in the place of those in memory: what no broker in its right mind would */
  readonly answers?: Readonly<Record<string, (request: never, nodeId: number) => unknown>>
}

/** A request that left the client. */
export interface SentRequest {
  readonly at: number
  readonly nodeId: number
  readonly purpose: string
  readonly api: string
  readonly request: unknown
  readonly batches: readonly ReceivedBatch[]
}

/**
 * A client above brokers in memory, in virtual time, and what it sends: for specs of what the client does by itself. It has started, and
 * knows its topics.
 */
export class ClientScene {
  readonly scheduler = new TestScheduler((actual, expected) => expect(actual).toEqual(expected))
  /** the brokers' side */
  readonly kafka: MemoryCluster
  readonly cluster: Cluster
  /** what the client stands on */
  readonly port: Brokers
  readonly config: KafkaConfig
  readonly warnings: string[] = []
  /** brokers to which no connection can be made */
  readonly unreachable = new Set<number>()
  readonly sent: SentRequest[] = []
  private readonly sent$: ReplaySubject<SentRequest> | undefined
  private readonly faults = new Faults()
  private readonly inFlight = new Map<string, { now: number; most: number }>()
  private readonly wire = { latencyMs: 0 }
  private readonly answers: NonNullable<ClientSceneOptions['answers']>

  constructor({
    topics = { t: 3 },
    brokers = 3,
    latencyMs = 10,
    config: overrides,
    topicConfig,
    fault,
    answers = {},
  }: ClientSceneOptions = {}) {
    this.answers = answers
    const { scheduler, wire, faults } = this
    this.kafka = new MemoryCluster({ scheduler, brokers, brokerConfig: { 'auto.create.topics.enable': 'false' } })
    for (const [topic, partitions] of Object.entries(topics)) this.kafka.createTopic(topic, partitions, topicConfig)
    const config = (this.config = { ...clientConfig, logger: this.logger(), ...overrides, scheduler })
    const connection = new MemoryConnection(config, {
      get latencyMs() {
        return wire.latencyMs
      },
      scheduler,
      fault: (call) => faults.next(call) ?? fault?.(call),
      observe: () => undefined,
    })
    this.port = this.noted(new MemoryBrokers(this.kafka, connection))
    this.cluster = new Cluster(this.port, config)
    this.cluster.start().subscribe()
    scheduler.flush()
    this.cluster.refreshMetadata(Object.keys(topics)).subscribe()
    scheduler.flush()
    expect(scheduler.now()).toBe(0)
    this.sent.length = 0
    this.sent$ = new ReplaySubject(Infinity)
    wire.latencyMs = latencyMs
  }

  get admin(): ClusterAdmin {
    return new ClusterAdmin(this.cluster)
  }

  /** Plays in virtual time, to its end unless that is given, in ms. */
  play(draw: (helpers: Parameters<Parameters<TestScheduler['run']>[0]>[0]) => void, until = Infinity): void {
    this.scheduler.run((helpers) => {
      this.scheduler.maxFrames = until
      draw(helpers)
    })
  }

  /** Does something at that ms. */
  at(ms: number, act: () => void): void {
    this.scheduler.schedule(act, ms)
  }

  /** Begins at that ms. */
  from<T>(ms: number, work: () => Observable<T>): Observable<T> {
    return concat(timer(ms, this.scheduler).pipe(ignoreElements()), defer(work))
  }

  inject(plan: FaultPlan, fault: Fault): () => void {
    return this.faults.add(plan, fault)
  }

  /** The requests of an API as they leave, from now on. */
  requests<T = string>(api: string, show: (sent: SentRequest) => T = shown as never): Observable<T> {
    return this.sent$!.pipe(
      filter((sent) => sent.api === api),
      map(show),
    )
  }

  /** The most requests that were in flight at once on one connection for this purpose. */
  mostInFlight(purpose: string): number {
    return Math.max(...[...this.inFlight].map(([key, { most }]) => (key.endsWith(` ${purpose}`) ? most : 0)))
  }

  /** Of Produce requests that left so far, batch by batch. */
  get batches(): readonly ReceivedBatch[] {
    return this.sent.flatMap(({ batches }) => batches)
  }

  /** As one batch, by somebody else. */
  write(partition: number, ...values: readonly string[]): void {
    this.kafka.produce(new TopicPartition('t', partition), batchOf(...values), null)
  }

  log(topic: string, partition: number): MemoryLog {
    return this.kafka.log('Fetch', new TopicPartition(topic, partition))
  }

  /** Those of records, without markers. */
  logBatches(topic: string, partition: number): readonly LogBatch[] {
    const batches = this.log(topic, partition).read(0, 'read_uncommitted', Infinity, true)
    return batches.filter(({ marker }) => marker === null)
  }

  valuesOf(topic: string, partition: number, isolationLevel: IsolationLevel = 'read_uncommitted'): readonly string[] {
    return this.log(topic, partition)
      .records(isolationLevel)
      .map(({ value }) => String(value))
  }

  private noted(brokers: Brokers): Brokers {
    const send: Brokers['send'] = (to, purpose, api, request, options) =>
      defer(() => {
        const nodeId = to === ANY_BROKER ? 0 : this.kafka.brokers.find(({ port }) => port === to.port)!.nodeId
        if (this.unreachable.has(nodeId))
          return throwError(() => connectionLost(`memory of ${nodeId}`, 'it cannot be made'))
        const batches = api.apiName === 'Produce' ? (request as ProduceRequest).partitions.map(receivedBatch) : []
        const sent = { at: this.scheduler.now(), nodeId, purpose, api: api.apiName, request, batches }
        this.sent.push(sent)
        this.sent$?.next(sent)
        const inFlight = this.inFlight.get(`${nodeId} ${purpose}`) ?? { now: 0, most: 0 }
        this.inFlight.set(`${nodeId} ${purpose}`, inFlight)
        inFlight.most = Math.max(inFlight.most, ++inFlight.now)
        const over = (): void => {
          inFlight.now--
        }
        const answer = this.answers[api.apiName]
        const answer$ =
          answer === undefined
            ? brokers.send(to, purpose, api, request, options)
            : timer(this.wire.latencyMs, this.scheduler).pipe(map(() => answer(request as never, nodeId) as never))
        return answer$.pipe(tap({ next: over, error: over }))
      })
    return Object.assign(Object.create(brokers) as Brokers, { send })
  }

  private logger() {
    const silent = (): void => undefined
    return { debug: silent, info: silent, error: silent, warn: (line: string) => void this.warnings.push(line) }
  }
}

/** What somebody else writes. */
export const batchOf = (...values: readonly string[]): MemoryBatch =>
  new MemoryBatch(encodeRecordBatch({ records: values.map((value) => ({ value })) }))

export const clientConfig: KafkaConfig = {
  bootstrapServers: [{ host: 'memory', port: 9092 }],
  clientId: 'spec',
  connectionTimeoutMs: 1_000,
  requestTimeoutMs: 30_000,
  retryBackoffMs: 100,
  retryBackoffMaxMs: 1_000,
  metadataMaxAgeMs: 300_000,
}

/** `broker: partition#sequence values, …` of a Produce request; the broker of any other. */
const shown = ({ nodeId, batches }: SentRequest): string =>
  [
    String(nodeId),
    batches.map(({ partition, baseSequence, values }) => `${partition}#${baseSequence} ${values.join(' ')}`).join(', '),
  ]
    .filter((part) => part !== '')
    .join(': ')
