import type { ProducePartition } from '../../../../lib/protocol/requests/produce.js'
import { decodeRecordBatches } from '../../../../lib/protocol/decodeRecordBatches.js'
import { RecordBatch } from '../../../../lib/protocol/RecordBatch.js'

/** What a producer sent, read at once: the bytes are the producer's own memory. */
export interface ReceivedBatch {
  readonly topic: string
  readonly partition: number
  readonly producerId: bigint
  readonly epoch: number
  readonly baseSequence: number
  readonly transactional: boolean
  readonly bytes: number
  readonly values: readonly string[]
}

export const receive = ({ topic, partition, records }: ProducePartition): ReceivedBatch => {
  const header = new RecordBatch(records, 0)
  const fetched = decodeRecordBatches(
    {
      ...{ topic, partition, errorCode: 0, highWatermark: 0, lastStableOffset: 0, logStartOffset: 0 },
      ...{ abortedTransactions: [], preferredReadReplica: -1, records: Buffer.from(records) },
    },
    0,
    { isolationLevel: 'read_uncommitted', checkCrcs: true },
  )
  return {
    topic,
    partition,
    producerId: header.producerId,
    epoch: header.producerEpoch,
    baseSequence: header.baseSequence,
    transactional: header.isTransactional,
    bytes: records.length,
    values: fetched.take(1_000_000).map((record) => String(record.value)),
  }
}

interface ProducerState {
  readonly epoch: number
  readonly batches: readonly { readonly first: number; readonly last: number }[]
}

/** A partition's log that checks sequences as Kafka's `ProducerAppendInfo` does. Moves with its leader. */
export class PartitionLog {
  readonly batches: ReceivedBatch[] = []
  private readonly producers = new Map<bigint, ProducerState>()

  /** Returns the error code of the answer. */
  append(batch: ReceivedBatch): number {
    const last = (batch.baseSequence + batch.values.length - 1) & 0x7fffffff
    const code = batch.producerId < 0n ? 0 : this.check(batch, last)
    if (code !== 0) return code === duplicate ? 0 : code
    this.batches.push(batch)
    if (batch.producerId < 0n) return 0
    const known = this.producers.get(batch.producerId)
    const before = known?.epoch === batch.epoch ? known.batches : []
    const batches = [...before, { first: batch.baseSequence, last }].slice(-5)
    this.producers.set(batch.producerId, { epoch: batch.epoch, batches })
    return 0
  }

  forgetProducers(): void {
    this.producers.clear()
  }

  private check({ producerId, epoch, baseSequence }: ReceivedBatch, last: number): number {
    const known = this.producers.get(producerId)
    if (known === undefined) return 0
    if (epoch < known.epoch) return invalidProducerEpoch
    if (epoch > known.epoch) return baseSequence === 0 ? 0 : outOfOrderSequence
    if (known.batches.some((batch) => batch.first === baseSequence && batch.last === last)) return duplicate
    const end = known.batches[known.batches.length - 1]!.last
    return ((end + 1) & 0x7fffffff) === baseSequence ? 0 : outOfOrderSequence
  }
}

const duplicate = -100
const outOfOrderSequence = 45
const invalidProducerEpoch = 47
