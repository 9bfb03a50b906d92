import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type { Brokers } from '../../../lib/cluster/Brokers.js'
import { encodeRecordBatch } from '../../../lib/protocol/encodeRecordBatch.js'
import { addPartitionsToTxnApi } from '../../../lib/protocol/requests/addPartitionsToTxn.js'
import { createTopicsApi } from '../../../lib/protocol/requests/createTopics.js'
import { endTxnApi } from '../../../lib/protocol/requests/endTxn.js'
import { findCoordinatorApi } from '../../../lib/protocol/requests/findCoordinator.js'
import { initProducerIdApi } from '../../../lib/protocol/requests/initProducerId.js'
import type { KafkaApi } from '../../../lib/protocol/requests/KafkaApi.js'
import { produceApi } from '../../../lib/protocol/requests/produce.js'
import { type BatchProducer, noProducer } from '../../../lib/protocol/sealRecordBatch.js'
import { BrokersUnderTest } from './BrokersUnderTest.js'

/** What brokers answer to those who write, with and without transactions: those in memory as real ones. */
export const describeWriteContract = (name: string, open: () => Brokers): void => {
  describe(`writes to ${name}`, () => {
    let brokers: BrokersUnderTest
    let topic: string
    let transactionalId: string

    beforeEach(async () => {
      topic = `writes-${randomUUID()}`
      transactionalId = `writes-${randomUUID()}`
      brokers = await BrokersUnderTest.open(open())
      await ask(createTopicsApi, { timeoutMs: 10_000, topics: [{ topic, partitions: 2 }] })
      await ask(findCoordinatorApi, { key: transactionalId, type: 'transaction' })
    })
    afterEach(() => brokers.close())

    const ask = <Q, R>(api: KafkaApi<Q, R>, request: Q): Promise<R> => brokers.ask(api, request)
    /** Error code and base offset. */
    const write = async (
      values: readonly string[],
      producer: BatchProducer = noProducer,
      { partition = 0, id = null as string | null } = {},
    ): Promise<readonly number[]> => {
      const records = encodeRecordBatch({ records: values.map((value) => ({ value })), producer })
      const request = { transactionalId: id, acks: -1, timeoutMs: 10_000, partitions: [{ topic, partition, records }] }
      const { partitions } = await ask(produceApi, { ...request, acks: -1 })
      expect(partitions.map((one) => [one.topic, one.partition])).toEqual([[topic, partition]])
      return [partitions[0]!.errorCode, partitions[0]!.baseOffset]
    }
    const init = (transactionTimeoutMs = 60_000) => ask(initProducerIdApi, { transactionalId, transactionTimeoutMs })
    const add = async (producerId: bigint, producerEpoch: number, ...numbers: readonly number[]) => {
      const partitions = numbers.map((partition) => ({ topic, partition }))
      const answer = await ask(addPartitionsToTxnApi, { transactionalId, producerId, producerEpoch, partitions })
      return new Map(answer.partitions.map(({ partition, errorCode }) => [partition, errorCode]))
    }
    const end = async (producerId: bigint, producerEpoch: number, committed: boolean): Promise<number> =>
      (await ask(endTxnApi, { transactionalId, producerId, producerEpoch, committed })).errorCode

    it('should write one batch after the other, and refuse a partition that is not there', async () => {
      expect(await write(['a', 'b'])).toEqual([0, 0])
      expect(await write(['c'])).toEqual([0, 2])
      expect(await write(['d'], noProducer, { partition: 7 })).toEqual([3, -1])
    })

    it('should know the batches of an idempotent producer by their sequence', async () => {
      const { errorCode, producerId, producerEpoch } = await ask(initProducerIdApi, {
        ...{ transactionalId: null, transactionTimeoutMs: 0 },
      })
      const other = await ask(initProducerIdApi, { transactionalId: null, transactionTimeoutMs: 0 })
      expect([errorCode, producerEpoch, other.producerId === producerId]).toEqual([0, 0, false])
      const from = (baseSequence: number, epoch = 0): BatchProducer => ({
        ...{ producerId, producerEpoch: epoch, baseSequence, transactional: false },
      })
      expect(await write(['a', 'b'], from(0))).toEqual([0, 0])
      expect(await write(['c'], from(2))).toEqual([0, 2])
      expect(await write(['a', 'b'], from(0))).toEqual([0, 0])
      expect((await write(['gap'], from(9)))[0]).toBe(45)
      expect((await write(['not the first'], from(1, 1)))[0]).toBe(45)
      expect(await write(['d'], from(0, 1))).toEqual([0, 3])
      expect((await write(['old'], from(3)))[0]).toBe(47)
    })

    it('should give a transactional id one producer id, and a new epoch each time', async () => {
      const first = await init()
      const second = await init()
      expect([first.errorCode, first.producerEpoch, second.producerEpoch]).toEqual([0, 0, 1])
      expect(second.producerId).toBe(first.producerId)
      expect((await init(900_001)).errorCode).toBe(50)
    })

    it('should take a batch of an open transaction alone, at a partition that was added to it', async () => {
      const { producerId, producerEpoch } = await init()
      const producer = (baseSequence: number): BatchProducer => ({
        ...{ producerId, producerEpoch, baseSequence, transactional: true },
      })
      expect(await add(producerId, producerEpoch, 0, 7)).toEqual(
        new Map([
          [0, 55],
          [7, 3],
        ]),
      )
      expect((await write(['a'], producer(0), { id: transactionalId }))[0]).toBe(48)
      expect(await add(producerId, producerEpoch, 0)).toEqual(new Map([[0, 0]]))
      expect(await write(['a'], producer(0), { id: transactionalId })).toEqual([0, 0])
      expect((await write(['b'], producer(0), { id: transactionalId, partition: 1 }))[0]).toBe(48)
      expect(await end(producerId, producerEpoch, true)).toBe(0)
    })

    it.each([
      ['committed', true],
      ['aborted', false],
    ])('should end a transaction once, and say so again: %s', async (_, committed) => {
      const { producerId, producerEpoch } = await init()
      expect(await end(producerId, producerEpoch, committed)).toBe(48)
      await add(producerId, producerEpoch, 0)
      expect(await end(producerId, producerEpoch, committed)).toBe(0)
      expect(await end(producerId, producerEpoch, committed)).toBe(0)
      expect(await end(producerId, producerEpoch, !committed)).toBe(48)
      expect(await end(producerId + 1_000_000n, producerEpoch, committed)).toBe(49)
    })

    it('should fence a producer whose id was initialised again, and abort what it had open', async () => {
      const { producerId, producerEpoch } = await init()
      await add(producerId, producerEpoch, 0)
      const next = await init()
      // Its abort takes an epoch of its own.
      expect(next.producerEpoch).toBe(producerEpoch + 2)
      expect(await add(producerId, producerEpoch, 0)).toEqual(new Map([[0, 90]]))
      expect(await end(producerId, producerEpoch, true)).toBe(47)
      expect(await add(producerId + 1_000_000n, producerEpoch, 0)).toEqual(new Map([[0, 49]]))
    })
  })
}
