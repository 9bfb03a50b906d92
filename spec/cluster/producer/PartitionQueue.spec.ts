import { describe, expect, it } from '@jest/globals'
import { PartitionQueue } from '../../../lib/cluster/producer/PartitionQueue.js'
import { ProducerBatch } from '../../../lib/cluster/producer/ProducerBatch.js'
import { RecordBatchBuilder } from '../../../lib/protocol/RecordBatchBuilder.js'
import { RecordBatch } from '../../../lib/protocol/RecordBatch.js'

const identity = { producerId: 7n, epoch: 0, transactional: false }

const batchOf = (count: number): ProducerBatch => {
  const builder = new RecordBatchBuilder(1_000_000, 1000)
  for (let n = 0; n < count; n++) builder.append(null, 'x', [], 0)
  return new ProducerBatch(builder, 0)
}

/** A batch that says it has so many records: two thousand million are more than a spec should make. */
const batchSaid = (count: number): ProducerBatch => Object.defineProperty(batchOf(1), 'count', { value: count })

describe('PartitionQueue', () => {
  it('should number batches across 2^31, and the one that lies across it', () => {
    const queue = new PartitionQueue('t', 0, 5)
    queue.use(identity)
    const [many, across, next] = [batchSaid(2 ** 31 - 3), batchOf(5), batchOf(1)]
    for (const batch of [many, across, next]) queue.begin(batch)
    for (const batch of [many, across, next]) {
      queue.take(1)
      queue.acknowledged(batch)
    }

    expect([many, across, next].map(({ baseSequence }) => baseSequence)).toEqual([0, 2 ** 31 - 3, 2])
    expect(new RecordBatch(across.encode('none'), 0).baseSequence).toBe(2 ** 31 - 3)
  })

  it('should keep the numbers of what is sent again', () => {
    const queue = new PartitionQueue('t', 0, 5)
    queue.use(identity)
    const [first, second] = [batchOf(3), batchOf(2)]
    for (const batch of [first, second]) queue.begin(batch)
    queue.take(1)
    queue.failed()
    expect(queue.take(1)).toBe(first)
    queue.acknowledged(first)

    expect(queue.take(1)).toBe(second)
    expect([first, second].map(({ baseSequence }) => baseSequence)).toEqual([0, 3])
  })
})
