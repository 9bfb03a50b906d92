import { decodeRecordBatches } from '../../protocol/decodeRecordBatches.js'
import { RecordBatchBuilder } from '../../protocol/RecordBatchBuilder.js'
import { ProducerBatch } from './ProducerBatch.js'

/** The records of a batch in two of half the size, for a topic that refused the whole (MESSAGE_TOO_LARGE). */
export const splitBatch = (batch: ProducerBatch, topic: string, partition: number): readonly ProducerBatch[] => {
  const fetched = decodeRecordBatches(
    {
      ...{ topic, partition, errorCode: 0, highWatermark: 0, lastStableOffset: 0, logStartOffset: 0 },
      ...{ abortedTransactions: [], preferredReadReplica: -1, records: batch.builder.build() },
    },
    0,
    { isolationLevel: 'read_uncommitted', checkCrcs: false },
  )
  const half = Math.ceil(batch.count / 2)
  const parts = [half, batch.count - half].map((count) => {
    const part = new ProducerBatch(new RecordBatchBuilder(Infinity, batch.builder.size), batch.createdAt)
    for (const { key, value, headers, timestamp } of fetched.take(count)) {
      part.builder.append(key, value, headers, timestamp)
    }
    part.attempts = batch.attempts
    return part
  })
  for (const latch of batch.latches) {
    parts.forEach((part) => part.wait(latch))
    latch.countDown()
  }
  return parts
}
