import { describe, expect, it } from '@jest/globals'
import { PartitionQueue } from '../../../lib/kafkajs/producer/PartitionQueue.js'
import { TransactionPartitions } from '../../../lib/kafkajs/producer/TransactionPartitions.js'

const queue = new PartitionQueue('out', 3, 5)

/** A transaction that may send to the queue as far as the coordinator is concerned. */
const transaction = async () => {
  const partitions = new TransactionPartitions(
    () => Promise.resolve(),
    () => undefined,
  )
  partitions.admits(queue)
  await Promise.resolve()
  await partitions.settled()
  return partitions
}

describe('TransactionPartitions', () => {
  it('should send to a partition once the coordinator knows it', async () => {
    const partitions = await transaction()
    expect(partitions.admits(queue)).toBe(true)
  })

  it('should hold a partition back until the transaction before is acknowledged there', async () => {
    const second = await transaction()
    const first = second.occupy('out', 3)
    expect(second.admits(queue)).toBe(false)
    first.arm()
    expect(second.admits(queue)).toBe(true)
  })

  it('should wait for the transaction before last, if the one between has nothing there', async () => {
    const [second, third] = [await transaction(), await transaction()]
    const first = second.occupy('out', 3)
    second.bequeath((topic, partition) => third.occupy(topic, partition))
    expect(third.admits(queue)).toBe(false)
    first.arm()
    expect(third.admits(queue)).toBe(true)
  })

  it('should hold all partitions of a topic back while it is not known which one is occupied', async () => {
    const [second, third] = [await transaction(), await transaction()]
    const first = second.occupy('out', undefined)
    second.bequeath((topic, partition) => third.occupy(topic, partition))
    expect([second.admits(queue), third.admits(queue)]).toEqual([false, false])
    first.arm()
    expect([second.admits(queue), third.admits(queue)]).toEqual([true, true])
  })

  it('should leave nothing to its heir once it has ended', async () => {
    const [second, third] = [await transaction(), await transaction()]
    second.occupy('out', 3)
    second.bequeath((topic, partition) => third.occupy(topic, partition))
    second.clear()
    expect(third.admits(queue)).toBe(true)
  })
})
