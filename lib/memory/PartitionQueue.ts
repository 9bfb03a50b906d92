import type { TopicPartition } from '../client/TopicPartition.js'
import type { UnplacedRecord } from './LogBatch.js'

/** A record that is not acknowledged yet. */
export interface QueuedRecord {
  /** counts the records of a producer in the order of `append` */
  readonly number: number
  /** what it takes of `buffer.memory` */
  readonly size: number
  /** the partition that was asked for */
  readonly partition: number | undefined
  readonly record: UnplacedRecord
}

/** The records that one producer has for one partition: those that wait, and those that are on their way. */
export class PartitionQueue {
  private waiting: QueuedRecord[] = []
  private sent: readonly QueuedRecord[] = []
  private bytes = 0
  /** the sequence number of the next record (idempotence) */
  nextSequence = 0
  /** a send is under way, or lingers */
  busy = false

  /** @param topicPartition with partition -1: the records of a topic of which nothing is known yet */
  constructor(readonly topicPartition: TopicPartition) {}

  get isUnknown(): boolean {
    return this.topicPartition.partition < 0
  }

  get waitingBytes(): number {
    return this.bytes
  }

  get hasWaiting(): boolean {
    return this.waiting.length > 0
  }

  /** Number of the oldest record; Infinity without one. */
  get oldest(): number {
    return (this.sent[0] ?? this.waiting[0])?.number ?? Infinity
  }

  add(queued: QueuedRecord): void {
    this.waiting.push(queued)
    this.bytes += queued.size
  }

  /** Takes what waits, as at most `maxBatches` batches of at most `batchSize` bytes each, or of one larger record. */
  send(batchSize: number, maxBatches: number): readonly (readonly QueuedRecord[])[] {
    const batches: QueuedRecord[][] = []
    let bytes = Infinity
    let taken = 0
    for (const queued of this.waiting) {
      bytes += queued.size
      if (bytes > batchSize) {
        if (batches.length === maxBatches) break
        batches.push([])
        bytes = queued.size
      }
      batches[batches.length - 1]?.push(queued)
      this.bytes -= queued.size
      taken++
    }
    this.sent = taken === this.waiting.length ? this.waiting : this.waiting.slice(0, taken)
    this.waiting = taken === this.waiting.length ? [] : this.waiting.slice(taken)
    return batches
  }

  /** What was sent has arrived; returns it. */
  acknowledge(): readonly QueuedRecord[] {
    const acknowledged = this.sent
    this.sent = []
    return acknowledged
  }

  /** Gives up everything. */
  clear(): void {
    this.waiting = []
    this.sent = []
    this.bytes = 0
    this.busy = false
  }
}
