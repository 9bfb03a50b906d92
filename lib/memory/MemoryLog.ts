import type { ActiveProducer } from '../client/ActiveProducer.js'
import type { ConsumerRecord, TimestampType } from '../client/ConsumerRecord.js'
import type { IsolationLevel } from '../client/IsolationLevel.js'
import type { Offset } from '../client/Offset.js'
import type { AbortedTransaction } from '../protocol/abortedTransactions.js'
import { countOf, type Incoming, type LogBatch, type LogTransaction, markerBatch, placedBatch } from './LogBatch.js'
import { encodedBatch } from './encodedBatch.js'
import { type EpochEnd, LeaderEpochs } from './LeaderEpochs.js'
import { brokerError } from '../protocol/brokerError.js'
import { ErrorCodes } from '../protocol/errorCodes.js'
import { type BatchWriter, ProducerStates } from './ProducerStates.js'

/**
 * The log of one partition. One replica, so the high watermark is the end.
 *
 * - Each append is a batch of its own; each transaction marker takes one offset.
 * - The last stable offset is the first offset of the oldest open transaction, or the end.
 * - An idempotent producer's repeated batch is answered with the offset it has already; a gap is refused.
 */
export class MemoryLog {
  /** by base offset, ascending; `removed` of them lie before the log start */
  private batches: LogBatch[] = []
  private start: Offset = 0
  private end: Offset = 0
  private readonly epochs = new LeaderEpochs()
  private readonly open = new Map<bigint, LogTransaction>()
  /** those that were aborted, and the offsets of their markers, ascending */
  private aborted: { readonly transaction: LogTransaction; readonly markerOffset: Offset }[] = []
  private readonly producers: ProducerStates
  private readonly waiting = new Set<() => void>()

  /** While false, nobody can read or write: the leader is moving. */
  available = true

  constructor(
    readonly topic: string,
    readonly partition: number,
    private readonly timestampType: TimestampType = 'CreateTime',
    /** the broker that leads it */
    public leader = 1,
  ) {
    this.producers = new ProducerStates({ topic, partition })
  }

  get logStartOffset(): Offset {
    return this.start
  }

  get highWatermark(): Offset {
    return this.end
  }

  get lastStableOffset(): Offset {
    for (const { firstOffset } of this.open.values()) return firstOffset
    return this.end
  }

  get leaderEpoch(): number {
    return this.epochs.current
  }

  get hasOpenTransaction(): boolean {
    return this.open.size > 0
  }

  /** Where a reader stops: the high watermark or the last stable offset. */
  endFor(isolationLevel: IsolationLevel): Offset {
    return isolationLevel === 'read_committed' ? this.lastStableOffset : this.end
  }

  /** A new leader has taken over; records carry its epoch from now on. */
  nextLeader(leader = this.leader): void {
    this.leader = leader
    this.epochs.next(this.end)
    this.changed()
  }

  /**
   * Writes one batch and returns its base offset.
   * @throws KafkaError of an older epoch (fenced) or a gap in the sequence
   */
  append(incoming: Incoming, writer: BatchWriter | null, now: number, transactional = false): Offset {
    const repeated = writer === null ? undefined : this.producers.repeated(writer)
    if (repeated !== undefined) return repeated
    const baseOffset = this.end
    const place = { ...this.place(now), baseOffset }
    const transaction = writer !== null && transactional ? this.transactionOf(writer) : null
    const batch = placedBatch(incoming, place, writer, transaction)
    this.push(batch)
    if (writer !== null) this.producers.written(writer, countOf(incoming), baseOffset, batch.maxTimestamp)
    this.changed()
    return baseOffset
  }

  /** Ends the open transaction of a producer here. `epoch` is the coordinator's, which may be newer than the writer's. */
  endTransaction(producerId: bigint, epoch: number, marker: 'commit' | 'abort', now: number): void {
    const transaction = this.open.get(producerId)
    if (transaction !== undefined) {
      transaction.outcome = marker === 'commit' ? 'committed' : 'aborted'
      this.open.delete(producerId)
      if (marker === 'abort') this.aborted.push({ transaction, markerOffset: this.end })
    }
    this.producers.marked(producerId, epoch, now)
    const place = { baseOffset: this.end, leaderEpoch: this.leaderEpoch, now }
    this.push(markerBatch(place, { producerId, epoch }, transaction ?? null, marker))
    this.changed()
  }

  /**
   * Batches from the one that holds `offset`, up to where this isolation level ends, as many as fit in `maxBytes`.
   *
   * @param atLeastOne the first also when it does not fit
   */
  read(offset: Offset, isolationLevel: IsolationLevel, maxBytes: number, atLeastOne: boolean): readonly LogBatch[] {
    const end = this.endFor(isolationLevel)
    const found: LogBatch[] = []
    let bytes = 0
    for (let i = this.indexOf(offset); i < this.batches.length; i++) {
      const batch = this.batches[i] as LogBatch
      if (batch.baseOffset >= end) break
      bytes += encodedBatch(batch).length
      if (bytes > maxBytes && (found.length > 0 || !atLeastOne)) break
      found.push(batch)
    }
    return found
  }

  /** Aborted transactions that have something between these two offsets, by their markers, as a fetch lists them. */
  abortedWithin(from: Offset, to: Offset): readonly AbortedTransaction[] {
    return this.aborted
      .filter(({ transaction: { firstOffset }, markerOffset }) => markerOffset >= from && firstOffset <= to)
      .map(({ transaction: { producerId, firstOffset } }) => ({ producerId, firstOffset }))
  }

  /** Who has written here, and where their open transactions begin. */
  activeProducers(): readonly ActiveProducer[] {
    return this.producers.active().map((producer) => ({
      ...producer,
      transactionStartOffset: this.open.get(producer.producerId)?.firstOffset,
    }))
  }

  /** All that a reader of this isolation level sees. */
  records(isolationLevel: IsolationLevel): readonly ConsumerRecord[] {
    const end = this.endFor(isolationLevel)
    return this.batches
      .filter(({ transaction }) => isolationLevel === 'read_uncommitted' || transaction?.outcome !== 'aborted')
      .flatMap(({ records }) => records.filter(({ offset }) => offset >= this.start && offset < end))
  }

  /**
   * The first offset, in their order, whose timestamp is at or after `timestamp`. As a broker does, it looks at every
   * record below the end of the isolation level, also at those of aborted transactions, and at markers.
   */
  offsetAt(timestamp: number, isolationLevel: IsolationLevel): Offset | undefined {
    const end = this.endFor(isolationLevel)
    for (const batch of this.batches) {
      if (batch.baseOffset >= end) return undefined
      if (batch.maxTimestamp < timestamp) continue
      if (batch.marker !== null) return batch.baseOffset
      const record = batch.records.find(
        (candidate) => candidate.timestamp >= timestamp && candidate.offset >= this.start,
      )
      if (record !== undefined) return record.offset
    }
    return undefined
  }

  /** Removes what lies before `offset`: DeleteRecords, or retention. */
  deleteBefore(offset: Offset): void {
    if (offset < this.start || offset > this.end) {
      const { topic, partition } = this
      throw brokerError(ErrorCodes.OFFSET_OUT_OF_RANGE, { api: 'DeleteRecords', topic, partition, offset })
    }
    this.start = offset
    this.batches = this.batches.slice(this.indexOf(offset))
    this.aborted = this.aborted.filter(({ markerOffset }) => markerOffset >= offset)
    this.changed()
  }

  /**
   * A replica that has nothing from `offset` on becomes leader (an unclean election): what was there is gone, and the next
   * record gets its offset. Of a transaction whose abort marker is gone nothing is left, as after compaction: a broker would take it
   * for open, and nobody would end it.
   */
  truncate(offset: Offset): void {
    this.batches = this.batches.filter((batch) => batch.lastOffset < offset)
    this.end = Math.max(this.start, (this.batches.at(-1)?.lastOffset ?? this.start - 1) + 1)
    this.open.forEach(({ firstOffset }, producerId) => firstOffset >= this.end && this.open.delete(producerId))
    const unmarked = new Set(
      this.aborted.filter(({ markerOffset }) => markerOffset >= this.end).map((one) => one.transaction),
    )
    this.aborted = this.aborted.filter(({ transaction }) => !unmarked.has(transaction))
    this.batches = this.batches.map((batch) =>
      batch.transaction !== null && unmarked.has(batch.transaction) ? { ...batch, records: [] } : batch,
    )
    this.producers.clear()
    this.epochs.truncate(this.end)
    this.nextLeader()
  }

  /** See {@link LeaderEpochs.endOf}. */
  endOfEpoch(epoch: number): EpochEnd | undefined {
    return this.epochs.endOf(epoch, this.end)
  }

  /**
   * Log compaction below the last stable offset: of each key the last committed record stays, and those without a key;
   * a record without a value, a tombstone, goes as well. Batches keep their offsets, so holes remain, and the last batch is
   * kept even if nothing is left in it.
   */
  compact(): void {
    const stable = this.lastStableOffset
    const decided = this.batches.filter((batch) => batch.lastOffset < stable)
    const latest = new Map<string, Offset>()
    for (const batch of decided) {
      if (batch.transaction?.outcome === 'aborted') continue
      for (const record of batch.records) {
        if (record.key !== null) latest.set(record.key.toString('latin1'), record.offset)
      }
    }
    this.batches = this.batches.map((batch) =>
      batch.lastOffset >= stable || batch.marker !== null ? batch : compacted(batch, latest),
    )
  }

  /** Calls back once, at the next change of this log. */
  onceChanged(wake: () => void): () => void {
    this.waiting.add(wake)
    return () => this.waiting.delete(wake)
  }

  /** Wakes whoever waits. */
  changed(): void {
    const waiting = [...this.waiting]
    this.waiting.clear()
    for (const wake of waiting) wake()
  }

  private place(now: number) {
    const { topic, partition, leaderEpoch, timestampType } = this
    return { topic, partition, leaderEpoch, timestampType, now }
  }

  private push(batch: LogBatch): void {
    this.batches.push(batch)
    this.end = batch.lastOffset + 1
  }

  private transactionOf({ producerId }: BatchWriter): LogTransaction {
    const known = this.open.get(producerId)
    if (known !== undefined) return known
    const transaction: LogTransaction = { producerId, firstOffset: this.end, outcome: 'open' }
    this.open.set(producerId, transaction)
    return transaction
  }

  /** Index of the first batch that ends at or after `offset`. */
  private indexOf(offset: Offset): number {
    let low = 0
    let high = this.batches.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.batches[middle] as LogBatch).lastOffset < offset) low = middle + 1
      else high = middle
    }
    return low
  }
}

const compacted = (batch: LogBatch, latest: ReadonlyMap<string, Offset>): LogBatch => ({
  ...batch,
  records: batch.records.filter(({ key, value, offset }) =>
    key === null ? true : value !== null && latest.get(key.toString('latin1')) === offset,
  ),
})
