import type { ConsumerRecord } from '../client/ConsumerRecord.js'
import type { IsolationLevel } from '../client/IsolationLevel.js'
import type { FetchedRecords } from '../client/KafkaFetcher.js'
import type { Offset } from '../client/Offset.js'
import { TopicPartition } from '../client/TopicPartition.js'
import type { LogBatch } from './LogBatch.js'

/** The log that was read. */
export interface FetchedLog {
  readonly topic: string
  readonly partition: number
  readonly highWatermark: Offset
  readonly lastStableOffset: Offset
  readonly logStartOffset: Offset
}

/** {@link FetchedRecords} over batches of a log. */
export class MemoryFetch implements FetchedRecords {
  readonly _tag = 'Fetched'
  readonly topicPartition: TopicPartition
  readonly highWatermark: Offset
  readonly lastStableOffset: Offset
  readonly logStartOffset: Offset
  readonly bytes: number
  /** where the next fetch begins */
  readonly end: Offset
  /** of the last batch that was passed, in whole or in part */
  leaderEpoch = -1
  private batch = 0
  private record = 0

  constructor(
    log: FetchedLog,
    private readonly batches: readonly LogBatch[],
    /** moves on as records are taken */
    public position: Offset,
    private readonly isolationLevel: IsolationLevel,
    readonly topicId?: string,
  ) {
    this.topicPartition = new TopicPartition(log.topic, log.partition)
    this.highWatermark = log.highWatermark
    this.lastStableOffset = log.lastStableOffset
    this.logStartOffset = log.logStartOffset
    this.bytes = batches.reduce((sum, { bytes }) => sum + bytes, 0)
    this.end = Math.max(position, (batches.at(-1)?.lastOffset ?? -1) + 1)
    const first = batches[0]?.records ?? []
    while (this.record < first.length && (first[this.record] as ConsumerRecord).offset < position) this.record++
    this.passInvisible()
  }

  get exhausted(): boolean {
    return this.batch >= this.batches.length
  }

  take(max: number): ConsumerRecord[] {
    const taken: ConsumerRecord[] = []
    while (taken.length < max && !this.exhausted) {
      const { records, leaderEpoch } = this.batches[this.batch] as LogBatch
      this.leaderEpoch = leaderEpoch
      const until = Math.min(records.length, this.record + max - taken.length)
      while (this.record < until) taken.push(records[this.record++] as ConsumerRecord)
      this.position = (records[until - 1] as ConsumerRecord).offset + 1
      this.passInvisible()
    }
    return taken
  }

  /** Moves past the ends of batches, and past those of which nothing is to be seen, so that there is a record or no more. */
  private passInvisible(): void {
    for (; !this.exhausted; this.batch++, this.record = 0) {
      const batch = this.batches[this.batch] as LogBatch
      if (this.isVisible(batch) && this.record < batch.records.length) return
      this.leaderEpoch = batch.leaderEpoch
      this.position = Math.max(this.position, batch.lastOffset + 1)
    }
  }

  private isVisible({ marker, transaction }: LogBatch): boolean {
    return marker === null && (this.isolationLevel === 'read_uncommitted' || transaction?.outcome !== 'aborted')
  }
}
