import type { TopicPartition } from '../client/TopicPartition.js'
import type { UnplacedRecord } from './LogBatch.js'

/** Records that are not acknowledged yet, and will be one batch of the log. */
export interface QueuedBatch {
  /** of its first record; numbers count the records of a producer in the order of `append` */
  readonly number: number
  readonly records: UnplacedRecord[]
  bytes: number
}

/** The records that one producer has for one partition: those that wait, and those that are on their way. */
export class PartitionQueue {
  private waiting: QueuedBatch[] = []
  private sent: readonly QueuedBatch[] = []
  /** the sequence number of the next record (idempotence) */
  nextSequence = 0
  /** a send is under way, or lingers */
  busy = false

  /**
   * @param topicPartition with partition -1: the records of a topic of which nothing is known yet
   * @param batchSize bytes of a batch, at most, unless one record is larger
   */
  constructor(
    readonly topicPartition: TopicPartition,
    private readonly batchSize: number,
  ) {}

  get isUnknown(): boolean {
    return this.topicPartition.partition < 0
  }

  get hasWaiting(): boolean {
    return this.waiting.length > 0
  }

  /** There is reason to send without lingering: a batch is full. */
  get hasFullBatch(): boolean {
    return this.waiting.length > 1 || (this.waiting[0]?.bytes ?? 0) >= this.batchSize
  }

  /** Number of the oldest record, or one before it; Infinity without one. */
  get oldest(): number {
    return (this.sent[0] ?? this.waiting[0])?.number ?? Infinity
  }

  add(number: number, record: UnplacedRecord): void {
    const last = this.waiting[this.waiting.length - 1]
    if (last === undefined || last.bytes + record.size > this.batchSize) {
      this.waiting.push({ number, records: [record], bytes: record.size })
    } else {
      last.records.push(record)
      last.bytes += record.size
    }
  }

  /** Takes the batches that wait, at most so many. */
  send(maxBatches: number): readonly QueuedBatch[] {
    this.sent = this.waiting.splice(0, maxBatches)
    return this.sent
  }

  /** What was sent has arrived; returns it. */
  acknowledge(): readonly QueuedBatch[] {
    const acknowledged = this.sent
    this.sent = []
    return acknowledged
  }

  /** Gives up everything. */
  clear(): void {
    this.waiting = []
    this.sent = []
    this.busy = false
  }
}
