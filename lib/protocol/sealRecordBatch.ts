import { crc32c } from './crc32c.js'
import {
  ATTRIBUTES_AT,
  BASE_SEQUENCE_AT,
  CRC_AT,
  PRODUCER_EPOCH_AT,
  PRODUCER_ID_AT,
  TRANSACTIONAL,
} from './RecordBatch.js'

/** Who writes a batch, and its place in the order of what this producer writes to the partition. */
export interface BatchProducer {
  readonly producerId: bigint
  readonly producerEpoch: number
  /** of the batch's first record; each record counts, modulo 2^31 */
  readonly baseSequence: number
  readonly transactional: boolean
}

/** A producer without idempotence. */
export const noProducer: BatchProducer = { producerId: -1n, producerEpoch: -1, baseSequence: -1, transactional: false }

/**
 * Writes the producer into an encoded batch, and the checksum, in place. The records stay as they are, so a batch is sent
 * again under another producer id, epoch or sequence at the cost of a checksum.
 */
export const sealRecordBatch = (batch: Buffer, producer: BatchProducer): Buffer => {
  const attributes = batch.readInt16BE(ATTRIBUTES_AT)
  batch.writeInt16BE(producer.transactional ? attributes | TRANSACTIONAL : attributes & ~TRANSACTIONAL, ATTRIBUTES_AT)
  batch.writeBigInt64BE(producer.producerId, PRODUCER_ID_AT)
  batch.writeInt16BE(producer.producerEpoch, PRODUCER_EPOCH_AT)
  batch.writeInt32BE(producer.baseSequence, BASE_SEQUENCE_AT)
  batch.writeUInt32BE(crc32c(batch, ATTRIBUTES_AT), CRC_AT)
  return batch
}
