import type { ConsumerRecord } from '../client/ConsumerRecord.js'
import type { IsolationLevel } from '../client/IsolationLevel.js'
import type { FetchedRecords } from '../client/KafkaFetcher.js'
import { isKafkaError, KafkaError } from '../client/KafkaError.js'
import type { Offset } from '../client/Offset.js'
import { TopicPartition } from '../client/TopicPartition.js'
import { AbortedTransactions } from './abortedTransactions.js'
import { InflatesBeyond } from './codecs/CompressionCodec.js'
import { compressionCodec } from './compression.js'
import { ABORT_MARKER, markerType } from './controlRecord.js'
import { corruptRecords } from './corruptRecords.js'
import { DecompressionMemory, type InflatedHolder } from './DecompressionMemory.js'
import { type LogEntry, logEntryAt, openEntry } from './LogEntry.js'
import { LENGTH_AT, readInt64, RECORDS_AT } from './RecordBatch.js'
import type { RecordReader } from './RecordReader.js'
import type { NamedPartitionResponse } from './requests/fetch.js'

export interface DecodeOptions {
  readonly isolationLevel: IsolationLevel
  /** `check.crcs` */
  readonly checkCrcs: boolean
  /** shared by the fetches of a client; one with the default limit for this fetch alone, without */
  readonly memory?: DecompressionMemory
}

/**
 * One partition of a fetch response as records: decoded when they are taken, in pieces of any size.
 *
 * @param fetchOffset what was asked for; a batch begins before it as a rule, and those records are passed over
 */
export const decodeRecordBatches = (
  response: NamedPartitionResponse,
  fetchOffset: Offset,
  options: DecodeOptions,
): FetchedPartition => new FetchedPartition(response, fetchOffset, options)

/**
 * Walks the entries of a fetch. Between two calls of `take` it stands at an entry that still holds records to give, or at the end,
 * or before damage: markers, aborted batches and empty ones are passed at once, and the position with them.
 *
 * An entry that is compressed is inflated when its first record is taken, if there is room for it, and kept until its last one is;
 * what is taken away meanwhile is inflated anew (see {@link DecompressionMemory}).
 *
 * The broker cuts the last entry at the size it was asked for; such a part is ignored. Damage is kept until the records before
 * it are taken, then thrown at every `take`.
 */
export class FetchedPartition implements FetchedRecords, InflatedHolder {
  readonly _tag = 'Fetched'
  readonly topicPartition: TopicPartition
  readonly topicId: string | undefined
  readonly highWatermark: Offset
  readonly lastStableOffset: Offset
  readonly logStartOffset: Offset
  /**
   * Size of the first batch if the fetch was too small to hold it and so brought nothing: ask again for at least that many
   * bytes. 0 otherwise.
   */
  readonly truncatedBatchBytes: number

  private readonly fetchedBytes: Buffer
  private readonly aborted: AbortedTransactions
  private readonly checkCrcs: boolean
  private readonly memory: DecompressionMemory
  private nextPosition: Offset
  private epoch = -1
  private nextEntryAt = 0
  /** where it stands: an entry with records for the reader */
  private entry: LogEntry | undefined
  /** reads that entry; undefined until its records are taken, and when they had to give way */
  private reader: RecordReader | undefined
  /** the least that the entry inflates to, as far as that is known */
  private needed = 1
  private damage: KafkaError | undefined

  constructor(response: NamedPartitionResponse, fetchOffset: Offset, options: DecodeOptions) {
    const { isolationLevel, checkCrcs, memory = new DecompressionMemory() } = options
    this.topicPartition = new TopicPartition(response.topic, response.partition)
    this.topicId = response.topicId
    this.highWatermark = response.highWatermark
    this.lastStableOffset = response.lastStableOffset
    this.logStartOffset = response.logStartOffset
    this.fetchedBytes = response.records
    this.aborted = new AbortedTransactions(isolationLevel === 'read_committed' ? response.abortedTransactions : [])
    this.checkCrcs = checkCrcs
    this.memory = memory
    this.nextPosition = fetchOffset
    this.truncatedBatchBytes = truncatedSize(response.records)
    this.advance()
  }

  get bytes(): number {
    return this.fetchedBytes.length
  }

  get position(): Offset {
    return this.nextPosition
  }

  get leaderEpoch(): number {
    return this.epoch
  }

  get exhausted(): boolean {
    return this.entry === undefined && this.damage === undefined
  }

  take(max: number): ConsumerRecord[] {
    const records: ConsumerRecord[] = []
    try {
      while (records.length < max && this.entry !== undefined) {
        const reader = this.readerOf(this.entry)
        if (reader === undefined) break
        this.epoch = this.entry.leaderEpoch
        try {
          reader.read(records, max, this.nextPosition)
        } finally {
          this.moveTo(reader.nextOffset)
        }
        if (!reader.exhausted) break
        this.moveTo(this.entry.nextOffset)
        this.advance()
      }
    } catch (error) {
      this.fail(error)
    }
    if (records.length === 0 && this.damage !== undefined) throw this.damage
    return records
  }

  /** Records that were given out keep what they need; the others are inflated again, from the position on. */
  evict(): void {
    this.reader = undefined
  }

  /** Goes to the next entry that holds records for the reader, or to the end. */
  private advance(): void {
    this.leave()
    try {
      for (let entry = this.nextEntry(); entry !== undefined; entry = this.nextEntry()) {
        if (this.isVisible(entry)) {
          this.entry = entry
          return
        }
        this.epoch = entry.leaderEpoch
        this.moveTo(entry.nextOffset)
      }
    } catch (error) {
      this.fail(error)
    }
  }

  private leave(): void {
    this.memory.release(this)
    this.entry = undefined
    this.reader = undefined
    this.needed = 1
  }

  /** The next whole entry, checked as far as it can be without its records. */
  private nextEntry(): LogEntry | undefined {
    const bytes = this.fetchedBytes
    const start = this.nextEntryAt
    const size = wholeEntrySize(bytes, start)
    if (size === undefined) return undefined
    const entry = logEntryAt(bytes, start, start + size)
    const problem = entry === undefined ? 'have no valid batch header' : entry.problem(this.checkCrcs)
    if (entry === undefined || problem !== undefined)
      throw this.corrupt(readInt64(bytes, start), problem ?? 'have no valid batch header')
    this.nextEntryAt = start + size
    return entry
  }

  private isVisible(entry: LogEntry): boolean {
    if (!this.aborted.isEmpty && this.isAborted(entry)) return false
    return !entry.isControl && entry.count > 0 && entry.nextOffset > this.nextPosition
  }

  /** Every batch of a producer, in a transaction or not, says how far the log has come (as `CompletedFetch` has it). */
  private isAborted(entry: LogEntry): boolean {
    const { producerId } = entry
    if (producerId < 0n) return false
    this.aborted.openUpTo(entry.nextOffset - 1)
    if (!entry.isControl) return entry.isTransactional && this.aborted.includes(producerId)
    if (this.isAbortMarker(entry)) this.aborted.close(producerId)
    return false
  }

  /** By its first record. An empty one (its record was compacted away) ends nothing. */
  private isAbortMarker(batch: LogEntry): boolean {
    const inflated = batch.compression === 'none' ? undefined : this.inflate(batch, MAX_MARKER_BYTES)
    const markers: ConsumerRecord[] = []
    this.open(batch, inflated).read(markers, Infinity, 0)
    const marker = markers[0]
    if (marker === undefined) return false
    const type = markerType(marker.key)
    if (type === undefined) throw this.corrupt(batch.baseOffset, 'hold a transaction marker without a type')
    return type === ABORT_MARKER
  }

  /** Undefined when there is no room for its records now. */
  private readerOf(entry: LogEntry): RecordReader | undefined {
    if (entry.compression === 'none') return (this.reader ??= this.open(entry, undefined))
    if (this.reader !== undefined) this.memory.touch(this)
    else {
      const inflated = this.inflateInRoom(entry)
      if (inflated === undefined) return undefined
      this.memory.hold(this, inflated.length)
      this.reader = this.open(entry, inflated)
    }
    return this.reader
  }

  private open(entry: LogEntry, inflated: Buffer | undefined): RecordReader {
    const { topic, partition } = this.topicPartition
    return openEntry(entry, topic, partition, inflated, this.checkCrcs)
  }

  /** What an entry inflates to is not known before, as a rule, so that its room is found by trying. */
  private inflateInRoom(entry: LogEntry): Buffer | undefined {
    const { memory } = this
    for (let room = memory.roomFor(this, this.needed); room >= this.needed; room = memory.roomFor(this, this.needed)) {
      try {
        return this.inflate(entry, room)
      } catch (error) {
        if (!(error instanceof InflatesBeyond)) throw error
        this.needed = error.size ?? room + 1
        if (this.needed > memory.limit) throw this.tooLarge(entry)
      }
    }
    return undefined
  }

  /** @throws InflatesBeyond when that is all that is wrong */
  private inflate(entry: LogEntry, maxBytes: number): Buffer {
    const { compression } = entry
    if (compression === undefined) throw this.corrupt(entry.baseOffset, 'name a compression that does not exist')
    const codec = compressionCodec(compression)
    try {
      return codec.decompress(entry.compressedRecords(), maxBytes)
    } catch (cause) {
      if (cause instanceof InflatesBeyond) throw cause
      const problem = `cannot be decompressed (${compression}: ${(cause as Error).message})`
      throw this.corrupt(entry.baseOffset, problem, cause)
    }
  }

  private moveTo(offset: Offset): void {
    if (offset > this.nextPosition) this.nextPosition = offset
  }

  private fail(error: unknown): void {
    const known = error instanceof InflatesBeyond ? this.corrupt(-1, `hold a marker that ${error.message}`) : error
    if (!isKafkaError(known)) throw known
    this.leave()
    this.damage = known.topic === undefined ? this.located(known) : known
  }

  /** @param offset what the entry says; not believed when that is damaged too */
  private corrupt(offset: Offset, problem: string, cause?: unknown): KafkaError {
    const { topic, partition } = this.topicPartition
    const at = Number.isSafeInteger(offset) && offset >= 0 ? offset : this.nextPosition
    return corruptRecords(topic, partition, at, problem, cause)
  }

  private tooLarge({ nextOffset, compression }: LogEntry): KafkaError {
    const { topic, partition } = this.topicPartition
    const offset = this.nextPosition
    return new KafkaError({
      _tag: 'RecordTooLarge',
      message:
        `The batch of ${topic}-${partition} at offset ${offset} becomes more than ${this.memory.limit} bytes when it is decompressed ` +
        `(${compression}), the limit of fetch.max.decompressed.bytes. Raise it if this process has the memory, or go on behind the ` +
        `batch, at offset ${nextOffset}.`,
      topic,
      partition,
      offset,
    })
  }

  private located(error: KafkaError): KafkaError {
    const { topic, partition } = this.topicPartition
    const offset = this.nextPosition
    return new KafkaError({
      _tag: error._tag,
      message: `${topic}-${partition} at offset ${offset}: ${error.message}`,
      topic,
      partition,
      offset,
      cause: error,
    })
  }
}

/** The record of a marker has some twenty bytes. */
const MAX_MARKER_BYTES = 64 * 1024

/** `undefined` when the bytes end before the entry does. */
const wholeEntrySize = (bytes: Buffer, start: number): number | undefined => {
  const left = bytes.length - start
  if (left < LENGTH_AT + 4) return undefined
  const size = LENGTH_AT + 4 + bytes.readInt32BE(start + LENGTH_AT)
  return size <= left ? size : undefined
}

const truncatedSize = (bytes: Buffer): number => {
  if (bytes.length === 0 || wholeEntrySize(bytes, 0) !== undefined) return 0
  return bytes.length < LENGTH_AT + 4 ? RECORDS_AT : LENGTH_AT + 4 + bytes.readInt32BE(LENGTH_AT)
}
