import type { MetricGroup } from './MetricGroup.js'
import { SampledStat } from './SampledStat.js'

/** A batch as it is sent. */
export interface SentBatchFacts {
  readonly records: number
  /** compressed */
  readonly bytes: number
  readonly uncompressedBytes: number
  /** from its first record to now, in ms */
  readonly queueMs: number
  /** it was sent before */
  readonly again: boolean
}

/**
 * How producing goes, of all producers of a client together, under the names of Kafka's own producer. It is told of batches and
 * requests, never of a record. Times in ms, sizes in bytes, rates per second.
 */
export class ProduceMetrics {
  private readonly sent: SampledStat
  private readonly bytes: SampledStat
  private readonly queueTimes: SampledStat
  private readonly batchSizes: SampledStat
  private readonly compression: SampledStat
  private readonly splits: SampledStat
  private readonly perRequest: SampledStat
  private readonly latencies: SampledStat
  private readonly throttles: SampledStat
  private readonly retries: SampledStat
  private readonly errors: SampledStat
  private inFlight = 0

  constructor(group: MetricGroup, now: () => number) {
    const sent = (this.sent = new SampledStat(now))
    const bytes = (this.bytes = new SampledStat(now))
    const queueTimes = (this.queueTimes = new SampledStat(now))
    const batchSizes = (this.batchSizes = new SampledStat(now))
    const compression = (this.compression = new SampledStat(now))
    const splits = (this.splits = new SampledStat(now))
    const perRequest = (this.perRequest = new SampledStat(now))
    const latencies = (this.latencies = new SampledStat(now))
    const throttles = (this.throttles = new SampledStat(now))
    const retries = (this.retries = new SampledStat(now))
    const errors = (this.errors = new SampledStat(now))
    group.gauge('record-send-rate', () => sent.rate)
    group.gauge('record-send-total', () => sent.total)
    group.gauge('byte-rate', () => bytes.rate)
    group.gauge('byte-total', () => bytes.total)
    group.gauge('record-queue-time-avg', () => queueTimes.average)
    group.gauge('record-queue-time-max', () => queueTimes.max)
    group.gauge('batch-size-avg', () => batchSizes.average)
    group.gauge('batch-size-max', () => batchSizes.max)
    group.gauge('batch-split-rate', () => splits.frequency)
    group.gauge('batch-split-total', () => splits.count)
    group.gauge('compression-rate-avg', () => compression.average)
    group.gauge('records-per-request-avg', () => perRequest.average)
    group.gauge('request-latency-avg', () => latencies.average)
    group.gauge('request-latency-max', () => latencies.max)
    group.gauge('requests-in-flight', () => this.inFlight)
    group.gauge('produce-throttle-time-avg', () => throttles.average)
    group.gauge('produce-throttle-time-max', () => throttles.max)
    group.gauge('record-retry-rate', () => retries.rate)
    group.gauge('record-retry-total', () => retries.total)
    group.gauge('record-error-rate', () => errors.rate)
    group.gauge('record-error-total', () => errors.total)
  }

  /** A request is about to be made. */
  onBegin(): void {
    this.inFlight++
  }

  /** It leaves with these batches. */
  onRequest(batches: readonly SentBatchFacts[]): void {
    let records = 0
    for (const batch of batches) {
      records += batch.records
      this.bytes.record(batch.bytes)
      this.batchSizes.record(batch.bytes)
      if (batch.again) this.retries.record(batch.records)
      else {
        this.sent.record(batch.records)
        this.queueTimes.record(batch.queueMs)
        this.compression.record(batch.bytes / batch.uncompressedBytes)
      }
    }
    this.perRequest.record(records)
  }

  /** A request has come back, or there will be no answer. */
  onEnd(): void {
    this.inFlight--
  }

  onAnswer(latencyMs: number, throttleMs: number): void {
    this.latencies.record(latencyMs)
    this.throttles.record(throttleMs)
  }

  /** A batch was too large for the broker, and is sent as several. */
  onSplit(): void {
    this.splits.record(1)
  }

  /** These records were refused for good. */
  onError(records: number): void {
    this.errors.record(records)
  }
}
