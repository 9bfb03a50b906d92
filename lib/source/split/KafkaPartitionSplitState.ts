import type { IsolationLevel } from '../../client/IsolationLevel.js'
import type { FetchedRecords } from '../../client/KafkaFetcher.js'
import type { Offset } from '../../client/Offset.js'
import type { PartitionLog } from '../../client/PartitionLog.js'
import { type TopicPartition, topicPartitionKey } from '../../client/TopicPartition.js'
import { MAX_UNACKNOWLEDGED_BATCHES } from '../../stream/BatchEnd.js'
import type { KafkaPartitionSplit } from './KafkaPartitionSplit.js'

/** What was fetched, and when it came, in ms since the epoch: to be compared with event time. All other times here are monotonic. */
export interface ArrivedFetch {
  readonly fetched: FetchedRecords
  readonly arrivedAt: number
}

interface SentBatch {
  end: Offset
  acknowledged: boolean
}

/** A split while it is read: where it stands, what it has fetched, what of it the pipeline has not taken over yet. */
export class KafkaPartitionSplitState {
  readonly topicPartition: TopicPartition
  readonly key: string
  /** the first offset not to be read; `Infinity` when there is no end */
  readonly stoppingOffset: Offset
  /** of the topic that the position belongs to */
  topicId: string | undefined
  /** under which the last offset before the position was written */
  leaderEpoch: number | undefined
  /** the next offset to be read */
  position: Offset
  /** the last record's that was emitted; -1 before the first */
  currentOffset: Offset = -1
  /** the one that is being taken, and the one behind it */
  readonly fetches: ArrivedFetch[] = []
  /** where the log begins and ends for us, by isolation level, as the broker told last */
  logStart: Offset | undefined
  logEnd: Offset | undefined
  /** offsets behind the last stable one: of open transactions, and of what was written after they had begun; `NaN` at first */
  lastStableOffsetLag = NaN
  /** since when the last stable offset has not moved, though there is more behind it, in ms; undefined when there is not */
  private unstableSince: number | undefined
  private lastStableOffset = -1
  /** the next fetch has been asked for */
  requested = false
  unacknowledged = 0
  /** where reading may begin again, as far as the pipeline has taken over */
  acknowledgedPosition: Offset
  /** when the pipeline last took over a batch, or got one while it had none, in ms */
  private movedAt = -Infinity
  private readonly sent: SentBatch[] = []

  constructor(split: KafkaPartitionSplit) {
    this.topicPartition = split.topicPartition
    this.key = topicPartitionKey(split.topicPartition)
    this.position = split.startingOffset
    this.acknowledgedPosition = split.startingOffset
    this.stoppingOffset = split.stoppingOffset ?? Infinity
    this.topicId = split.topicId
    this.leaderEpoch = split.leaderEpoch
  }

  /** By position, never by a record: what is at the end may be a transaction marker, aborted, or compacted away. */
  get finished(): boolean {
    return this.position >= this.stoppingOffset
  }

  /** Offsets from here to the end of the log, or to where reading stops; `NaN` before the first fetch. */
  get pending(): number {
    return this.logEnd === undefined ? NaN : this.until(this.logEnd, this.position)
  }

  /** Offsets from the start of the log to here: how far retention is from overtaking; `NaN` before the first fetch. */
  get lead(): number {
    return this.logStart === undefined ? NaN : this.position - this.logStart
  }

  /**
   * Since when records lie behind an open transaction, in ms, of which a `read_committed` reader gets nothing; undefined when there are
   * none, or others before them.
   */
  get heldBackSince(): number | undefined {
    return this.logEnd === this.lastStableOffset && this.position >= this.logEnd ? this.unstableSince : undefined
  }

  get demand(): boolean {
    return this.unacknowledged < MAX_UNACKNOWLEDGED_BATCHES
  }

  /** Since when the pipeline has taken over nothing of what it was sent, in ms; undefined when it has taken over all. */
  get standsSince(): number | undefined {
    return this.unacknowledged > 0 ? this.movedAt : undefined
  }

  /** What was sent and not taken over yet, in order: the first offset, and the one behind the last. */
  get unacknowledgedOffsets(): readonly [from: Offset, to: Offset] {
    return [this.acknowledgedPosition, this.sent.at(-1)?.end ?? this.acknowledgedPosition]
  }

  /** Offsets from where the pipeline has taken over to this end of the log, or to where reading stops. */
  lagBehind(logEnd: Offset): number {
    return this.until(logEnd, this.acknowledgedPosition)
  }

  /** What a broker told of the log, at that time in ms. */
  onLog(
    { highWatermark, lastStableOffset, logStartOffset }: Omit<PartitionLog, 'topicPartition'>,
    isolationLevel: IsolationLevel,
    now: number,
  ): void {
    this.logStart = logStartOffset
    this.logEnd = isolationLevel === 'read_committed' ? lastStableOffset : highWatermark
    this.lastStableOffsetLag = Math.max(0, highWatermark - lastStableOffset)
    if (this.lastStableOffsetLag === 0) this.unstableSince = undefined
    else if (this.unstableSince === undefined || lastStableOffset !== this.lastStableOffset) this.unstableSince = now
    this.lastStableOffset = lastStableOffset
  }

  /** Notes that a batch up to the position has been sent; returns what its acknowledgement does. `now` is the clock, in ms. */
  send(now: () => number): () => void {
    const batch: SentBatch = { end: this.position, acknowledged: false }
    this.sent.push(batch)
    if (this.unacknowledged === 0) this.movedAt = now()
    this.unacknowledged += 1
    return () => {
      batch.acknowledged = true
      this.unacknowledged -= 1
      this.movedAt = now()
      while (this.sent[0]?.acknowledged === true) this.acknowledgedPosition = this.sent.shift()!.end
    }
  }

  /** Reading goes on here, or ends. */
  moveTo(position: Offset): void {
    this.position = Math.min(position, Math.max(this.stoppingOffset, this.position))
  }

  /** What was passed held no records: it is taken over with the batch before it. */
  passed(): void {
    const last = this.sent.at(-1)
    if (last === undefined) this.acknowledgedPosition = this.position
    else last.end = this.position
  }

  toSplit(): KafkaPartitionSplit {
    return {
      topicPartition: this.topicPartition,
      startingOffset: this.position,
      stoppingOffset: this.stoppingOffset === Infinity ? undefined : this.stoppingOffset,
      topicId: this.topicId,
      leaderEpoch: this.leaderEpoch,
    }
  }

  private until(logEnd: Offset, position: Offset): number {
    return Math.max(0, Math.min(logEnd, this.stoppingOffset) - position)
  }
}
