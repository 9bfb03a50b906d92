import type { ConsumerRecord } from '../client/ConsumerRecord.js'
import { compressionCodec } from '../protocol/compression.js'
import { corruptRecords } from '../protocol/corruptRecords.js'
import { openEntry } from '../protocol/LogEntry.js'
import { crc32c } from '../protocol/crc32c.js'
import {
  ATTRIBUTES_AT,
  CRC_AT,
  LEADER_EPOCH_AT,
  LOG_APPEND_TIME,
  MAX_TIMESTAMP_AT,
  RecordBatch,
} from '../protocol/RecordBatch.js'
import { keepEncoded } from './encodedBatch.js'
import type { BatchWriter } from './ProducerStates.js'
import type { LogBatch, LogPlace, LogTransaction } from './LogBatch.js'

/** A record batch in Kafka's format, as a producer sends it, on its way into a log. Keeps a copy: the producer uses its bytes again. */
export class ReceivedBatch {
  private readonly bytes: Buffer
  private readonly batch: RecordBatch

  constructor(bytes: Buffer) {
    this.bytes = Buffer.from(bytes)
    this.batch = new RecordBatch(this.bytes, 0)
  }

  /** bytes, as they are compressed */
  get size(): number {
    return this.bytes.length
  }

  get count(): number {
    return this.batch.lastOffsetDelta + 1
  }

  /** Who wrote it; null without idempotence. */
  get writer(): BatchWriter | null {
    const { producerId, producerEpoch: epoch, baseSequence } = this.batch
    return producerId < 0n ? null : { producerId, epoch, baseSequence }
  }

  placed({ topic, partition, ...place }: LogPlace, transaction: LogTransaction | null): LogBatch {
    const { bytes, batch } = this
    bytes.writeBigInt64BE(BigInt(place.baseOffset), 0)
    bytes.writeInt32BE(place.leaderEpoch, LEADER_EPOCH_AT)
    if (place.timestampType === 'LogAppendTime') this.setAppendTime(place.now)
    const { baseOffset, leaderEpoch, maxTimestamp } = batch
    const lastOffset = batch.nextOffset - 1
    let decoded: readonly ConsumerRecord[] | undefined
    const decode = (): readonly ConsumerRecord[] => this.decoded(topic, partition)
    const placed: LogBatch = {
      ...{ baseOffset, lastOffset, leaderEpoch, maxTimestamp, timestampType: place.timestampType },
      ...{ writer: this.writer, transaction, marker: null },
      // A fetch takes the bytes; few look at the records.
      get records() {
        return (decoded ??= decode())
      },
    }
    keepEncoded(placed, bytes)
    return placed
  }

  private decoded(topic: string, partition: number): readonly ConsumerRecord[] {
    const records: ConsumerRecord[] = []
    openEntry(this.batch, topic, partition, this.inflated(topic, partition), false).read(records, Infinity, 0)
    return records
  }

  private setAppendTime(now: number): void {
    const { bytes } = this
    bytes.writeInt16BE(bytes.readInt16BE(ATTRIBUTES_AT) | LOG_APPEND_TIME, ATTRIBUTES_AT)
    bytes.writeBigInt64BE(BigInt(Math.trunc(now)), MAX_TIMESTAMP_AT)
    bytes.writeUInt32BE(crc32c(bytes, ATTRIBUTES_AT), CRC_AT)
  }

  private inflated(topic: string, partition: number): Buffer | undefined {
    const { compression } = this.batch
    if (compression === undefined)
      throw corruptRecords(topic, partition, 0, 'are compressed in a way that does not exist')
    return compression === 'none'
      ? undefined
      : compressionCodec(compression).decompress(this.batch.compressedRecords(), MAX_INFLATED)
  }
}

/** bytes; far more than any batch that a broker takes */
const MAX_INFLATED = 0x1000_0000
