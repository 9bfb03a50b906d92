import { decodeRecordBatches } from '../../../lib/protocol/decodeRecordBatches.js'
import { RecordBatch } from '../../../lib/protocol/RecordBatch.js'
import type { ProducePartition } from '../../../lib/protocol/requests/produce.js'

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

export const receivedBatch = ({ topic, partition, records }: ProducePartition): ReceivedBatch => {
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
