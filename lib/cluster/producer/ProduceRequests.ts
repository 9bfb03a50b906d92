import { defer, type Observable, of, Subject, take } from 'rxjs'
import type { ProducerConfig } from '../../client/KafkaConfig.js'
import type { KafkaError } from '../../client/KafkaError.js'
import type { ProduceMetrics } from '../../metrics/ProduceMetrics.js'
import { ErrorCodes } from '../../protocol/errorCodes.js'
import { produceApi, type ProduceResponse } from '../../protocol/requests/produce.js'
import { toKafkaError } from '../toKafkaError.js'
import type { PartitionQueue } from './PartitionQueue.js'
import type { ProducerBatch } from './ProducerBatch.js'
import type { ProducerCluster } from './ProducerCluster.js'

/** A batch in a request, and where it belongs. */
export interface SentBatch {
  readonly queue: PartitionQueue
  readonly batch: ProducerBatch
}

/** What came of a batch: the broker's answer about it, or why there is none. */
export type BatchOutcome =
  | { readonly _tag: 'Answered'; readonly code: number; readonly detail: string | null | undefined }
  | { readonly _tag: 'Lost'; readonly error: KafkaError }

/** Who is told of a request that has come back. */
export interface ProduceListener {
  settled(sent: SentBatch, outcome: BatchOutcome): void
  /** After all batches of a request are settled: its place is free. */
  completed(): void
}

/** Produce requests in flight, and how many of them each broker may have. */
export class ProduceRequests {
  recordsSent = 0
  bytesSent = 0
  latencyMs = 0
  private readonly inFlight = new Map<number, number>()
  private readonly noneInFlight = new Subject<void>()
  private total = 0

  constructor(
    private readonly cluster: ProducerCluster,
    private readonly config: ProducerConfig,
    private readonly transactionalId: string | null,
    private readonly listener: ProduceListener,
    private readonly metrics: ProduceMetrics,
  ) {}

  hasPlace(nodeId: number): boolean {
    return this.inFlightTo(nodeId) < this.config.maxInFlight
  }

  /** Emits once nothing is in flight. */
  idle(): Observable<void> {
    return defer(() => (this.total === 0 ? of(undefined) : this.noneInFlight.pipe(take(1))))
  }

  send(nodeId: number, batches: readonly SentBatch[]): void {
    const { now } = this.cluster
    const sentAt = now()
    this.begin(nodeId)
    this.ask(nodeId, batches).subscribe({
      next: (response) => {
        this.latencyMs = now() - sentAt
        if (response !== undefined) this.metrics.onAnswer(this.latencyMs, response.throttleTimeMs)
        this.end(nodeId, batches, (sent) => answerTo(sent, response))
      },
      error: (cause: unknown) => {
        const error = toKafkaError(cause, produceApi.apiName)
        this.end(nodeId, batches, () => ({ _tag: 'Lost', error }))
      },
    })
  }

  /** Encodes on subscription, so that a codec that is missing is an answer like others. */
  private ask(nodeId: number, batches: readonly SentBatch[]): Observable<ProduceResponse | undefined> {
    return defer(() => {
      const { acks, compression, compressionLevel } = this.config
      const partitions = batches.map(({ queue: { topic, partition }, batch }) => ({
        topic,
        partition,
        records: batch.encode(compression, compressionLevel),
      }))
      this.count(batches)
      const { cluster, transactionalId } = this
      const request = { transactionalId, acks, timeoutMs: cluster.config.requestTimeoutMs, partitions }
      return cluster.send(nodeId, 'produce', produceApi, request, { expectResponse: acks !== 0 })
    })
  }

  private begin(nodeId: number): void {
    this.total++
    this.metrics.onBegin()
    this.inFlight.set(nodeId, this.inFlightTo(nodeId) + 1)
  }

  /** Once they are encoded: bytes are those that leave. */
  private count(batches: readonly SentBatch[]): void {
    const now = this.cluster.now()
    const facts = batches.map(({ batch: { count, size, builder, createdAt, attempts } }) => ({
      records: count,
      bytes: size,
      uncompressedBytes: builder.size,
      queueMs: now - createdAt,
      again: attempts > 1,
    }))
    for (const { records, bytes, again } of facts) {
      this.bytesSent += bytes
      if (!again) this.recordsSent += records
    }
    this.metrics.onRequest(facts)
  }

  private end(nodeId: number, batches: readonly SentBatch[], outcomeOf: (sent: SentBatch) => BatchOutcome): void {
    this.inFlight.set(nodeId, this.inFlightTo(nodeId) - 1)
    this.metrics.onEnd()
    for (const sent of batches) this.listener.settled(sent, outcomeOf(sent))
    this.listener.completed()
    // Last: who waits for none in flight must find all of them settled, also when a batch of this response has made it ask.
    this.total--
    if (this.total === 0) this.noneInFlight.next()
  }

  private inFlightTo(nodeId: number): number {
    return this.inFlight.get(nodeId) ?? 0
  }
}

/** Without acks there is no answer: what is written to the socket counts as received. */
const answerTo = ({ queue }: SentBatch, response: ProduceResponse | undefined): BatchOutcome => {
  if (response === undefined) return { _tag: 'Answered', code: 0, detail: undefined }
  const answer = response.partitions.find(
    ({ topic, partition }) => partition === queue.partition && topic === queue.topic,
  )
  // The answer leaves the partition out.
  if (answer === undefined) return { _tag: 'Answered', code: ErrorCodes.NETWORK_EXCEPTION, detail: undefined }
  return { _tag: 'Answered', code: answer.errorCode, detail: answer.recordErrors[0]?.message ?? answer.errorMessage }
}
