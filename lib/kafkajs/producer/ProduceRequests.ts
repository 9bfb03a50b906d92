import type { SchedulerLike } from 'rxjs'
import type { ProducerConfig } from '../../client/KafkaConfig.js'
import type { KafkaError } from '../../client/KafkaError.js'
import { produceApi, type ProduceResponse } from '../../protocol/requests/produce.js'
import { type MonotonicClock, monotonicClock } from '../../scheduling/monotonicClock.js'
import { toKafkaError } from '../toKafkaError.js'
import type { PartitionQueue } from './PartitionQueue.js'
import type { ProducerBatch } from './ProducerBatch.js'
import type { ProducerConnections } from './ProducerConnections.js'
import { ErrorCodes } from '../../protocol/errorCodes.js'

/** A batch on its way, and where it belongs. */
export interface Parcel {
  readonly queue: PartitionQueue
  readonly batch: ProducerBatch
}

/** What came of a batch: the broker's answer about it, or why there is none. */
export type ParcelOutcome =
  | { readonly _tag: 'Answered'; readonly code: number; readonly detail: string | null | undefined }
  | { readonly _tag: 'Lost'; readonly error: KafkaError }

/** Who is told of a request that has come back. */
export interface ProduceListener {
  settled(parcel: Parcel, outcome: ParcelOutcome): void
  /** After all batches of a request are settled: its place is free. */
  landed(): void
}

/** Produce requests on their way, and how many of them each broker may have. */
export class ProduceRequests {
  recordsSent = 0
  bytesSent = 0
  latencyMs = 0
  private readonly flights = new Map<number, number>()
  private readonly landings = new Set<() => void>()
  private flying = 0
  private readonly now: MonotonicClock

  constructor(
    private readonly connections: ProducerConnections,
    private readonly config: ProducerConfig,
    private readonly transactionalId: string | null,
    scheduler: SchedulerLike,
    private readonly listener: ProduceListener,
  ) {
    this.now = monotonicClock(scheduler)
  }

  hasPlace(nodeId: number): boolean {
    return this.flightsTo(nodeId) < this.config.maxInFlight
  }

  /** Resolves when nothing is on its way. */
  landed(): Promise<void> {
    return this.flying === 0 ? Promise.resolve() : new Promise((resolve) => this.landings.add(resolve))
  }

  send(nodeId: number, parcels: readonly Parcel[]): void {
    const sentAt = this.now()
    this.depart(nodeId, parcels)
    this.ask(nodeId, parcels).then(
      (response) => {
        this.latencyMs = this.now() - sentAt
        this.land(nodeId, parcels, (parcel) => answerTo(parcel, response))
      },
      (cause: unknown) => {
        const error = toKafkaError(cause, { api: produceApi.apiName })
        this.land(nodeId, parcels, () => ({ _tag: 'Lost', error }))
      },
    )
  }

  /** Asynchronous from the start, so that a codec that is missing is an answer like others. */
  private async ask(nodeId: number, parcels: readonly Parcel[]): Promise<ProduceResponse | undefined> {
    const { acks, compression, compressionLevel } = this.config
    const partitions = parcels.map(({ queue: { topic, partition }, batch }) => ({
      topic,
      partition,
      records: batch.encode(compression, compressionLevel),
    }))
    const request = {
      transactionalId: this.transactionalId,
      acks,
      timeoutMs: this.connections.config.requestTimeoutMs,
      partitions,
    }
    return this.connections.send(nodeId, 'produce', produceApi, request, { expectResponse: acks !== 0 })
  }

  private depart(nodeId: number, parcels: readonly Parcel[]): void {
    this.flying++
    this.flights.set(nodeId, this.flightsTo(nodeId) + 1)
    for (const { batch } of parcels) {
      this.bytesSent += batch.size
      if (batch.attempts === 1) this.recordsSent += batch.count
    }
  }

  private land(nodeId: number, parcels: readonly Parcel[], outcomeOf: (parcel: Parcel) => ParcelOutcome): void {
    this.flying--
    this.flights.set(nodeId, this.flightsTo(nodeId) - 1)
    for (const parcel of parcels) this.listener.settled(parcel, outcomeOf(parcel))
    if (this.flying === 0) {
      this.landings.forEach((landed) => landed())
      this.landings.clear()
    }
    this.listener.landed()
  }

  private flightsTo(nodeId: number): number {
    return this.flights.get(nodeId) ?? 0
  }
}

/** Without acks there is no answer: what is written to the socket counts as received. */
const answerTo = ({ queue }: Parcel, response: ProduceResponse | undefined): ParcelOutcome => {
  if (response === undefined) return { _tag: 'Answered', code: 0, detail: undefined }
  const answer = response.partitions.find(
    ({ topic, partition }) => partition === queue.partition && topic === queue.topic,
  )
  // The answer leaves the partition out.
  if (answer === undefined) return { _tag: 'Answered', code: ErrorCodes.NETWORK_EXCEPTION, detail: undefined }
  return { _tag: 'Answered', code: answer.errorCode, detail: answer.recordErrors[0]?.message ?? answer.errorMessage }
}
