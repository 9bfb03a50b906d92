import type { Counter, MetricGroup } from '../metrics/MetricGroup.js'
import { noMetrics } from '../metrics/noMetrics.js'
import { type ReadableGroup, readBack } from '../metrics/readBack.js'
import type { SinkEvent } from './SinkEvent.js'
import type { WriterTransactions } from './writer/KafkaWriter.js'

/**
 * What a sink measures, under Flink's names of its writer and of its committer; `docs/metrics.md` says what each means. A record costs two
 * additions; all else is counted by request and by checkpoint. What is not known is `NaN`.
 */
export class KafkaSinkMetrics {
  /** `KafkaProducer`: where the client measures. */
  readonly producer: ReadableGroup
  /** Of the writer, while it runs: what a stopped one leaves would seem to grow old for ever. */
  transactions: (() => WriterTransactions | undefined) | undefined
  private readonly numRecordsOut: Counter
  private readonly numRecordsSend: Counter
  private readonly numRecordsOutErrors: Counter
  private readonly numRecordsSendErrors: Counter
  private readonly numBytesOut: Counter
  private readonly numBytesSend: Counter
  private readonly totalCommittables: Counter
  private readonly successfulCommittables: Counter
  private readonly failedCommittables: Counter
  private readonly retriedCommittables: Counter
  private bytes = 0
  private failed = false

  constructor(group: MetricGroup, { registerProducerMetrics }: { readonly registerProducerMetrics: boolean }) {
    this.numRecordsOut = group.counter('numRecordsOut')
    this.numRecordsSend = group.counter('numRecordsSend')
    this.numRecordsOutErrors = group.counter('numRecordsOutErrors')
    this.numRecordsSendErrors = group.counter('numRecordsSendErrors')
    this.numBytesOut = group.counter('numBytesOut')
    this.numBytesSend = group.counter('numBytesSend')
    this.totalCommittables = group.counter('totalCommittables')
    this.successfulCommittables = group.counter('successfulCommittables')
    this.failedCommittables = group.counter('failedCommittables')
    this.retriedCommittables = group.counter('retriedCommittables')
    const producer = (this.producer = readBack(registerProducerMetrics ? group.addGroup('KafkaProducer') : noMetrics))
    group.gauge('currentSendTime', () => producer.read('request-latency-avg') + producer.read('record-queue-time-avg'))
    group.gauge('pendingCommittables', () => this.current?.prepared ?? 0)
    group.gauge('openTransactions', () => this.current?.open ?? 0)
    group.gauge('oldestTransactionAge', () => this.current?.oldestAge ?? 0)
  }

  /** A record was handed to the producer. */
  onWritten(): void {
    this.numRecordsOut.inc()
    this.numRecordsSend.inc()
  }

  /** The producer has failed: once for each attempt, as Flink counts what it throws, however many records there were. */
  onSendError(): void {
    if (this.failed) return
    this.failed = true
    this.numRecordsOutErrors.inc()
    this.numRecordsSendErrors.inc()
  }

  onCommitRetried(): void {
    this.retriedCommittables.inc()
  }

  onEvent(event: SinkEvent): void {
    this.countBytes()
    if (event.kind === 'prepared' || (event.kind === 'committed' && event.recovered) || event.kind === 'lost')
      this.totalCommittables.inc()
    if (event.kind === 'committed') this.successfulCommittables.inc()
    if (event.kind === 'lost') this.failedCommittables.inc()
  }

  /** What has left since it was looked at last: at batch ends and checkpoints. */
  countBytes(): void {
    const bytes = this.producer.read('byte-total')
    if (!(bytes > this.bytes)) return
    this.numBytesOut.inc(bytes - this.bytes)
    this.numBytesSend.inc(bytes - this.bytes)
    this.bytes = bytes
  }

  private get current(): WriterTransactions | undefined {
    return this.transactions?.()
  }
}
