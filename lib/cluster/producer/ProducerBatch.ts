import type { CompressionType } from '../../client/KafkaConfig.js'
import type { RecordBatchBuilder } from '../../protocol/RecordBatchBuilder.js'
import { sealRecordBatch } from '../../protocol/sealRecordBatch.js'
import type { AckLatch } from './AckLatch.js'
import type { ProducerIdentity } from './ProducerIdentity.js'

/**
 * Records for one partition that travel together. Encoded once, when it is first sent; sent again as it is, or under
 * another identity at the cost of a checksum.
 */
export class ProducerBatch {
  identity: ProducerIdentity | undefined
  baseSequence = -1
  /** its place among all batches ever sent to the partition */
  order: number | undefined
  /** times it was sent */
  attempts = 0
  /** who waits for its acknowledgement */
  readonly latches: AckLatch[] = []
  private encoded: Buffer | undefined

  /** @param createdAt of its first record, by the monotonic clock: `delivery.timeout.ms` counts from there */
  constructor(
    readonly builder: RecordBatchBuilder,
    readonly createdAt: number,
  ) {}

  get count(): number {
    return this.builder.count
  }

  /** Bytes, uncompressed until it was sent once. */
  get size(): number {
    return this.encoded?.length ?? this.builder.size
  }

  wait(latch: AckLatch): void {
    latch.add()
    this.latches.push(latch)
  }

  number(identity: ProducerIdentity, baseSequence: number): void {
    this.identity = identity
    this.baseSequence = baseSequence
    if (this.encoded !== undefined) this.seal(this.encoded)
  }

  /** The bytes to send. A view on the builder's memory, unless they are compressed. */
  encode(compression: CompressionType, level?: number): Buffer {
    if (this.encoded === undefined) {
      this.encoded = this.builder.build(compression, level)
      this.seal(this.encoded)
    }
    return this.encoded
  }

  private seal(batch: Buffer): void {
    if (this.identity === undefined) return
    const { producerId, epoch, transactional } = this.identity
    sealRecordBatch(batch, { producerId, producerEpoch: epoch, baseSequence: this.baseSequence, transactional })
  }
}
