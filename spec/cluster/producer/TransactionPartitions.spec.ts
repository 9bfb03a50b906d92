import { describe, expect, it } from '@jest/globals'
import { NEVER, of } from 'rxjs'
import { PartitionQueue } from '../../../lib/cluster/producer/PartitionQueue.js'
import { TransactionPartitions } from '../../../lib/cluster/producer/TransactionPartitions.js'

const queue = new PartitionQueue('out', 3, 5)

/** A transaction that may send to the queue as far as the coordinator is concerned. */
const transaction = () => {
  const partitions = new TransactionPartitions(
    () => of(undefined),
    () => undefined,
    of(undefined),
  )
  partitions.admits(queue)
  return partitions
}

describe('TransactionPartitions', () => {
  it('should send to a partition once the coordinator knows it', () => {
    const partitions = transaction()
    expect(partitions.admits(queue)).toBe(true)
  })

  it('should have nothing to end when it is left before the coordinator was asked', () => {
    const asked: number[] = []
    const partitions = new TransactionPartitions(
      (queues) => {
        asked.push(queues.length)
        return of(undefined)
      },
      () => undefined,
      NEVER,
    )
    partitions.admits(queue)
    expect(partitions.any).toBe(true)
    let settled = false
    partitions.settled().subscribe(() => (settled = true))
    expect([asked, partitions.any, settled]).toEqual([[], false, true])
  })

  it('should hold a partition back until the transaction before is acknowledged there', () => {
    const second = transaction()
    const first = second.hold('out', 3)
    expect(second.admits(queue)).toBe(false)
    first.arm()
    expect(second.admits(queue)).toBe(true)
  })

  it('should wait for the transaction before last, if the one between has nothing there', () => {
    const [second, third] = [transaction(), transaction()]
    const first = second.hold('out', 3)
    second.passOn((topic, partition) => third.hold(topic, partition))
    expect(third.admits(queue)).toBe(false)
    first.arm()
    expect(third.admits(queue)).toBe(true)
  })

  it('should hold all partitions of a topic back while it is not known which one is held', () => {
    const [second, third] = [transaction(), transaction()]
    const first = second.hold('out', undefined)
    second.passOn((topic, partition) => third.hold(topic, partition))
    expect([second.admits(queue), third.admits(queue)]).toEqual([false, false])
    first.arm()
    expect([second.admits(queue), third.admits(queue)]).toEqual([true, true])
  })

  it('should pass nothing on once it has ended', () => {
    const [second, third] = [transaction(), transaction()]
    second.hold('out', 3)
    second.passOn((topic, partition) => third.hold(topic, partition))
    second.clear()
    expect(third.admits(queue)).toBe(true)
  })
})
