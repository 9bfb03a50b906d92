import type { ConsumerRecord } from '../client/ConsumerRecord.js'
import type { CompressionType } from '../client/KafkaConfig.js'
import type { IsolationLevel } from '../client/IsolationLevel.js'
import type { FetchedRecords } from '../client/KafkaFetcher.js'
import { isKafkaError, KafkaError } from '../client/KafkaError.js'
import type { Offset } from '../client/Offset.js'
import { TopicPartition } from '../client/TopicPartition.js'
import { AbortedTransactions } from './abortedTransactions.js'
import { compressionCodec } from './compression.js'
import { ABORT_MARKER, markerType } from './controlRecord.js'
import { corruptRecords } from './corruptRecords.js'
import { crc32c } from './crc32c.js'
import { BatchRecords } from './BatchRecords.js'
import { ATTRIBUTES_AT, CURRENT_MAGIC, LENGTH_AT, MAGIC_AT, RECORDS_AT, RecordBatch } from './RecordBatch.js'
import type { NamedPartitionResponse } from './requests/fetch.js'

export interface DecodeOptions {
  readonly isolationLevel: IsolationLevel
  /** `check.crcs` */
  readonly checkCrcs: boolean
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
 * Walks the batches of a fetch. Between two calls of `take` it stands inside a batch that still holds records to give, or at
 * the end, or before damage: markers, aborted batches and empty ones are passed at once, and the position with them.
 *
 * The broker cuts the last batch at the size it was asked for; such a part is ignored. Damage is kept until the records before
 * it are taken, then thrown at every `take`.
 */
export class FetchedPartition implements FetchedRecords {
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

  private readonly bytesOfBatches: Buffer
  private readonly aborted: AbortedTransactions
  private readonly checkCrcs: boolean
  private nextPosition: Offset
  private epoch = -1
  private nextBatchAt = 0
  private open: OpenBatch | undefined
  private damage: KafkaError | undefined

  constructor(response: NamedPartitionResponse, fetchOffset: Offset, { isolationLevel, checkCrcs }: DecodeOptions) {
    this.topicPartition = new TopicPartition(response.topic, response.partition)
    this.topicId = response.topicId
    this.highWatermark = response.highWatermark
    this.lastStableOffset = response.lastStableOffset
    this.logStartOffset = response.logStartOffset
    this.bytesOfBatches = response.records
    this.aborted = new AbortedTransactions(isolationLevel === 'read_committed' ? response.abortedTransactions : [])
    this.checkCrcs = checkCrcs
    this.nextPosition = fetchOffset
    this.truncatedBatchBytes = truncatedSize(response.records)
    this.openNext()
  }

  get bytes(): number {
    return this.bytesOfBatches.length
  }

  get position(): Offset {
    return this.nextPosition
  }

  get leaderEpoch(): number {
    return this.epoch
  }

  get exhausted(): boolean {
    return this.open === undefined && this.damage === undefined
  }

  take(max: number): ConsumerRecord[] {
    const records: ConsumerRecord[] = []
    try {
      while (records.length < max && this.open !== undefined) {
        const { records: batch, nextOffset, leaderEpoch } = this.open
        this.epoch = leaderEpoch
        try {
          batch.read(records, max, this.nextPosition)
        } finally {
          this.moveTo(batch.nextOffset)
        }
        if (!batch.exhausted) break
        this.moveTo(nextOffset)
        this.openNext()
      }
    } catch (error) {
      this.fail(error)
    }
    if (records.length === 0 && this.damage !== undefined) throw this.damage
    return records
  }

  /** Goes to the next batch that holds records for the reader, or to the end. */
  private openNext(): void {
    this.open = undefined
    try {
      for (let batch = this.nextBatch(); batch !== undefined; batch = this.nextBatch()) {
        if (this.isVisible(batch)) {
          this.open = this.openBatch(batch)
          return
        }
        this.epoch = batch.leaderEpoch
        this.moveTo(batch.nextOffset)
      }
    } catch (error) {
      this.fail(error)
    }
  }

  /** The header of the next whole batch, checked. */
  private nextBatch(): RecordBatch | undefined {
    const bytes = this.bytesOfBatches
    const start = this.nextBatchAt
    if (wholeBatchSize(bytes, start) === undefined) return undefined
    const batch = new RecordBatch(bytes, start)
    const { end } = batch
    const magic = end > start + MAGIC_AT ? batch.magic : undefined
    if (magic !== undefined && magic < CURRENT_MAGIC) throw this.unsupportedFormat(batch)
    if (magic !== CURRENT_MAGIC || end < start + RECORDS_AT) throw this.corrupt(batch, 'have no valid batch header')
    if (this.checkCrcs) {
      const crc = crc32c(bytes, start + ATTRIBUTES_AT, end)
      if (crc !== batch.crc)
        throw this.corrupt(batch, `fail their checksum (${hex(crc)}, written as ${hex(batch.crc)})`)
    }
    if (
      batch.baseOffset < 0 ||
      batch.lastOffsetDelta < 0 ||
      batch.count < 0 ||
      !Number.isSafeInteger(batch.nextOffset)
    ) {
      throw this.corrupt(batch, 'have a batch header that cannot be')
    }
    this.nextBatchAt = end
    return batch
  }

  private isVisible(batch: RecordBatch): boolean {
    if (!this.aborted.isEmpty && this.isAborted(batch)) return false
    return !batch.isControl && batch.count > 0 && batch.nextOffset > this.nextPosition
  }

  /** Every batch of a producer, in a transaction or not, says how far the log has come (as `CompletedFetch` has it). */
  private isAborted(batch: RecordBatch): boolean {
    const { producerId } = batch
    if (producerId < 0n) return false
    this.aborted.openUpTo(batch.nextOffset - 1)
    if (!batch.isControl) return batch.isTransactional && this.aborted.includes(producerId)
    if (this.isAbortMarker(batch)) this.aborted.close(producerId)
    return false
  }

  /** By its first record. An empty one (its record was compacted away) ends nothing. */
  private isAbortMarker(batch: RecordBatch): boolean {
    const markers: ConsumerRecord[] = []
    this.openBatch(batch).records.read(markers, Infinity, 0)
    const marker = markers[0]
    if (marker === undefined) return false
    const type = markerType(marker.key)
    if (type === undefined) throw this.corrupt(batch, 'hold a transaction marker without a type')
    return type === ABORT_MARKER
  }

  private openBatch(batch: RecordBatch): OpenBatch {
    const { buffer, end, nextOffset, leaderEpoch, compression } = batch
    const { topic, partition } = this.topicPartition
    const recordsAt = batch.start + RECORDS_AT
    if (compression === 'none') {
      return { nextOffset, leaderEpoch, records: new BatchRecords(topic, partition, batch, buffer, recordsAt, end) }
    }
    if (compression === undefined) throw this.corrupt(batch, 'name a compression that does not exist')
    const inflated = this.inflate(batch, compression, buffer.subarray(recordsAt, end))
    return { nextOffset, leaderEpoch, records: new BatchRecords(topic, partition, batch, inflated, 0, inflated.length) }
  }

  private inflate(batch: RecordBatch, compression: CompressionType, bytes: Buffer): Buffer {
    const codec = compressionCodec(compression)
    try {
      return codec.decompress(bytes, maxInflatedBytes)
    } catch (cause) {
      const problem = `cannot be decompressed (${compression}, limit ${maxInflatedBytes} bytes: ${(cause as Error).message})`
      throw this.corrupt(batch, problem, cause)
    }
  }

  private moveTo(offset: Offset): void {
    if (offset > this.nextPosition) this.nextPosition = offset
  }

  private fail(error: unknown): void {
    if (!isKafkaError(error)) throw error
    this.open = undefined
    this.damage = error.topic === undefined ? this.located(error) : error
  }

  private corrupt(batch: RecordBatch, problem: string, cause?: unknown): KafkaError {
    const { topic, partition } = this.topicPartition
    return corruptRecords(topic, partition, this.offsetOf(batch), problem, cause)
  }

  /** Its own, unless that is damaged too. */
  private offsetOf({ baseOffset }: RecordBatch): Offset {
    return Number.isSafeInteger(baseOffset) && baseOffset >= 0 ? baseOffset : this.nextPosition
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

  private unsupportedFormat(batch: RecordBatch): KafkaError {
    const { topic, partition } = this.topicPartition
    const offset = this.offsetOf(batch)
    return new KafkaError({
      _tag: 'Unsupported',
      message:
        `The records of ${topic}-${partition} at offset ${offset} are in message format ${batch.magic}, from before Kafka 0.11. ` +
        'rx-kafka reads format 2, as Kafka 4 does: let the broker convert them, or start behind them.',
      topic,
      partition,
      offset,
    })
  }
}

interface OpenBatch {
  readonly records: BatchRecords
  readonly nextOffset: Offset
  readonly leaderEpoch: number
}

/** What one batch may inflate to. A fetch is a few megabytes; a batch that becomes a hundred times more is an attack or damage. */
const maxInflatedBytes = 256 * 1024 * 1024

/** `undefined` when the bytes end before the batch does. */
const wholeBatchSize = (bytes: Buffer, start: number): number | undefined => {
  const left = bytes.length - start
  if (left < LENGTH_AT + 4) return undefined
  const size = LENGTH_AT + 4 + bytes.readInt32BE(start + LENGTH_AT)
  return size <= left ? size : undefined
}

const truncatedSize = (bytes: Buffer): number => {
  if (bytes.length === 0 || wholeBatchSize(bytes, 0) !== undefined) return 0
  return bytes.length < LENGTH_AT + 4 ? RECORDS_AT : LENGTH_AT + 4 + bytes.readInt32BE(LENGTH_AT)
}

const hex = (crc: number): string => crc.toString(16).padStart(8, '0')
