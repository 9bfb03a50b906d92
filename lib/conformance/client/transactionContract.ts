import { concatMap, lastValueFrom } from 'rxjs'
import { latestOffset } from '../../client/OffsetSpec.js'
import { TopicPartition } from '../../client/TopicPartition.js'
import { type ContractScene, eventually, producerConfig } from './ContractScene.js'
import { readPartition } from './readPartition.js'
import type { TestFramework } from '../TestFramework.js'

/** Transactions: states, fencing, and being resumed by a process that did not write them. */
export const transactionContract = (scene: () => ContractScene, { describe, expect, it }: TestFramework): void => {
  const p0 = (): TopicPartition => new TopicPartition(scene().topic, 0)
  const committed = { isolationLevel: 'read_committed' } as const
  const lost = { _tag: 'TransactionLost', retriable: false }

  it('should commit to several partitions at once', async () => {
    const { topic, transactionalId } = scene()
    const client = await scene().clientAndTopic(2)
    const producer = client.transactionalProducer(transactionalId, producerConfig())
    expect(producer.transactionalId).toBe(transactionalId)
    expect(await lastValueFrom(producer.init())).toEqual({ transactionalId, producerId: expect.any(BigInt), epoch: 0 })
    producer.begin()
    producer.append({ topic, partition: 0, value: 'a' })
    producer.append({ topic, partition: 1, value: 'b' })
    expect(producer.recordsInTransaction).toBe(2)
    await lastValueFrom(producer.flush())
    await lastValueFrom(producer.commit())
    for (const [number, value] of ['a', 'b'].entries()) {
      const { values } = await readPartition(client, new TopicPartition(topic, number), { to: 2, ...committed })
      expect(values).toEqual([value])
    }
  })

  it('should commit one transaction after the other under one epoch', async () => {
    const client = await scene().clientAndTopic()
    const producer = await scene().openTransaction(client, ['a'])
    await lastValueFrom(producer.commit())
    producer.begin()
    expect(producer.recordsInTransaction).toBe(0)
    await scene().append(producer, ['b'])
    await lastValueFrom(producer.commit())
    expect((await readPartition(client, p0(), { to: 4, ...committed })).values).toEqual(['a', 'b'])
  })

  it('should drop what is not sent yet when aborted', async () => {
    const { topic } = scene()
    const client = await scene().clientAndTopic()
    const producer = await scene().openTransaction(client, ['a'])
    producer.append({ topic, partition: 0, value: 'b' })
    await lastValueFrom(producer.abort())
    producer.begin()
    await scene().append(producer, ['c'])
    await lastValueFrom(producer.commit())
    const seen = async () => {
      const ends = await lastValueFrom(client.admin.listOffsets([[p0(), latestOffset]], 'read_committed'))
      return (await readPartition(client, p0(), { to: ends.get(`${topic}-0`) ?? 0, ...committed })).values
    }
    await eventually(seen, (values) => expect(values).toEqual(['c']))
  })

  it('should abort from within the answer to a flush', async () => {
    const { topic, transactionalId } = scene()
    const client = await scene().clientAndTopic()
    const producer = client.transactionalProducer(transactionalId, producerConfig())
    await lastValueFrom(producer.init())
    producer.begin()
    producer.append({ topic, partition: 0, value: 'a' })
    await lastValueFrom(producer.flush().pipe(concatMap(() => producer.abort())))
    producer.begin()
  })

  it('should end an empty transaction without the broker', async () => {
    const { topic, transactionalId } = scene()
    const client = await scene().clientAndTopic()
    const producer = client.transactionalProducer(transactionalId, producerConfig())
    await lastValueFrom(producer.init())
    producer.begin()
    await lastValueFrom(producer.flush())
    await lastValueFrom(producer.commit())
    producer.begin()
    await lastValueFrom(producer.abort())
    const end = await lastValueFrom(client.admin.listOffsets([[p0(), latestOffset]], 'read_uncommitted'))
    expect(end.get(`${topic}-0`)).toBe(0)
  })

  it("should send a record that came after another producer's only when those are in the log", async () => {
    const { topic, transactionalId } = scene()
    const client = await scene().clientAndTopic()
    const first = client.transactionalProducer(`${transactionalId}-1`, producerConfig({ lingerMs: 60_000 }))
    const second = client.transactionalProducer(`${transactionalId}-2`, producerConfig())
    await lastValueFrom(first.init())
    await lastValueFrom(second.init())
    first.begin()
    for (let i = 0; i < 10; i++) first.append({ topic, partition: 0, value: `first ${i}` })
    second.begin({ after: first })
    for (let i = 0; i < 10; i++) second.append({ topic, partition: 0, value: `second ${i}` })
    const secondFlushed = lastValueFrom(second.flush())
    await lastValueFrom(first.flush())
    await secondFlushed
    await lastValueFrom(second.commit())
    await lastValueFrom(first.commit())
    const { values } = await readPartition(client, p0(), { to: 20, ...committed })
    expect(values.map((value) => value?.split(' ')[0])).toEqual([
      ...Array<string>(10).fill('first'),
      ...Array<string>(10).fill('second'),
    ])
  })

  describe('fencing', () => {
    it('should abort what a former producer of the id left open, and fence it', async () => {
      const { topic, transactionalId } = scene()
      const client = await scene().clientAndTopic()
      const former = await scene().openTransaction(client, ['lost'])
      const newer = (await scene().client()).transactionalProducer(transactionalId, producerConfig())
      const identity = await lastValueFrom(newer.init())
      expect(identity.epoch).toBeGreaterThan(0)
      former.append({ topic, partition: 0, value: 'too late' })
      // What it was writing, a new attempt writes again.
      const fenced = { _tag: 'Fenced', codeName: 'INVALID_PRODUCER_EPOCH', api: 'Produce' }
      const mended = { retriable: true, fatal: true, transactionalId }
      await expect(lastValueFrom(former.flush())).rejects.toMatchObject({ ...fenced, ...mended })
      await expect(lastValueFrom(former.commit())).rejects.toMatchObject({ ...fenced, ...mended })
      newer.begin()
      await scene().append(newer, ['kept'])
      await lastValueFrom(newer.commit())
      expect((await readPartition(client, p0(), { to: 4, ...committed })).values).toEqual(['kept'])
    })

    it('should tell a fenced commit as final', async () => {
      const { transactionalId } = scene()
      const client = await scene().clientAndTopic()
      const former = await scene().openTransaction(client, ['lost'])
      await lastValueFrom(client.transactionalProducer(transactionalId, producerConfig()).init())
      await expect(lastValueFrom(former.commit())).rejects.toMatchObject({
        retriable: false,
        fatal: true,
        transactionalId,
      })
    })

    it('should tell a producer that is fenced as it begins to write', async () => {
      const { topic, transactionalId } = scene()
      const client = await scene().clientAndTopic()
      const former = client.transactionalProducer(transactionalId, producerConfig())
      await lastValueFrom(former.init())
      await lastValueFrom(client.transactionalProducer(transactionalId, producerConfig()).init())
      former.begin()
      former.append({ topic, partition: 0, value: 'too late' })
      await expect(lastValueFrom(former.flush())).rejects.toMatchObject({
        ...{ _tag: 'Fenced', codeName: 'PRODUCER_FENCED', api: 'AddPartitionsToTxn' },
        ...{ retriable: true, fatal: true, transactionalId },
      })
    })

    it('should give an epoch of 0 only to an id that was never used', async () => {
      const { transactionalId } = scene()
      const client = await scene().client()
      const epochs: number[] = []
      for (let i = 0; i < 3; i++) {
        const producer = client.transactionalProducer(transactionalId, producerConfig())
        epochs.push((await lastValueFrom(producer.init())).epoch)
      }
      expect(epochs[0]).toBe(0)
      expect(epochs[1]).toBeGreaterThan(0)
      expect(epochs[2]).toBeGreaterThan(epochs[1] as number)
    })

    it('should refuse a transaction timeout above the maximum of the broker', async () => {
      const client = await scene().client()
      const config = producerConfig({ transactionTimeoutMs: 2_000_000_000 })
      await expect(
        lastValueFrom(client.transactionalProducer(scene().transactionalId, config).init()),
      ).rejects.toMatchObject({ _tag: 'Config', retriable: false })
    })
  })

  it('should refuse calls that do not fit, naming the state', async () => {
    const { topic, transactionalId } = scene()
    const client = await scene().clientAndTopic()
    const producer = client.transactionalProducer(transactionalId, producerConfig())
    const illegal = expect.objectContaining({ _tag: 'IllegalState', retriable: false })
    const thrownBy = (effect: () => unknown): unknown => {
      try {
        return effect()
      } catch (error) {
        return error
      }
    }
    expect(thrownBy(() => producer.begin())).toEqual(illegal)
    expect(thrownBy(() => producer.append({ topic, value: 'a' }))).toEqual(illegal)
    await expect(lastValueFrom(producer.commit())).rejects.toEqual(illegal)
    await lastValueFrom(producer.init())
    expect(thrownBy(() => producer.append({ topic, value: 'a' }))).toEqual(illegal)
    await expect(lastValueFrom(producer.commit())).rejects.toEqual(illegal)
    await expect(lastValueFrom(producer.abort())).rejects.toEqual(illegal)
    producer.begin()
    expect(thrownBy(() => producer.begin())).toEqual(illegal)
    await expect(lastValueFrom(producer.init())).rejects.toEqual(illegal)
    await scene().append(producer, ['a'])
    await lastValueFrom(producer.commit())
    expect((await readPartition(client, p0(), { to: 2, ...committed })).values).toEqual(['a'])
  })

  it('should refuse a second init, and everything once it is closed', async () => {
    const client = await scene().client()
    const producer = client.transactionalProducer(scene().transactionalId, producerConfig())
    const illegal = expect.objectContaining({ _tag: 'IllegalState', retriable: false })
    await lastValueFrom(producer.init())
    await expect(lastValueFrom(producer.init())).rejects.toEqual(illegal)
    producer.begin()
    await lastValueFrom(producer.close())
    await expect(lastValueFrom(producer.commit())).rejects.toEqual(illegal)
  })

  it('should allow to abort, and only that, when a record could not be delivered', async () => {
    const { topic, transactionalId } = scene()
    const client = await scene().clientAndTopic()
    const producer = client.transactionalProducer(transactionalId, producerConfig({ deliveryTimeoutMs: 500 }))
    await lastValueFrom(producer.init())
    producer.begin()
    await scene().append(producer, ['a'])
    producer.append({ topic, partition: 7, value: 'nowhere' })
    await expect(lastValueFrom(producer.commit())).rejects.toMatchObject({ _tag: 'DeliveryTimeout' })
    await lastValueFrom(producer.abort())
    await scene().write(client, [{ partition: 0, value: 'b' }])
    expect((await readPartition(client, p0(), { to: 3, ...committed })).values).toEqual(['b'])
  })

  describe('resume', () => {
    /** A transaction that was flushed by a client which is gone. */
    const prepared = async () => {
      const { transactionalId } = scene()
      const client = await scene().clientAndTopic()
      const writer = await scene().client()
      const producer = writer.transactionalProducer(transactionalId, producerConfig())
      const { producerId, epoch } = await lastValueFrom(producer.init())
      producer.begin()
      await scene().append(producer, ['prepared'])
      await lastValueFrom(writer.close())
      return { client, producerId, epoch, resumed: client.resume(transactionalId, producerId, epoch) }
    }

    it('should commit from another client, and again with success', async () => {
      const { client, resumed } = await prepared()
      expect((await readPartition(client, p0(), { to: 1 })).values).toEqual(['prepared'])
      await lastValueFrom(resumed.commit())
      expect((await readPartition(client, p0(), { to: 2, ...committed })).values).toEqual(['prepared'])
      await lastValueFrom(resumed.commit())
      await expect(lastValueFrom(resumed.abort())).rejects.toMatchObject({ retriable: false })
    })

    it('should abort from another client, and then tell a commit that it is lost', async () => {
      const { client, resumed } = await prepared()
      await lastValueFrom(resumed.abort())
      await lastValueFrom(resumed.abort())
      await expect(lastValueFrom(resumed.commit())).rejects.toMatchObject({ ...lost, codeName: 'INVALID_TXN_STATE' })
      await scene().write(client, [{ partition: 0, value: 'after' }])
      expect((await readPartition(client, p0(), { to: 3, ...committed })).values).toEqual(['after'])
    })

    it('should tell that it is lost once the id was initialised again', async () => {
      const { client, resumed } = await prepared()
      await lastValueFrom(client.transactionalProducer(scene().transactionalId, producerConfig()).init())
      const error = await lastValueFrom(resumed.commit()).catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ ...lost, codeName: 'INVALID_PRODUCER_EPOCH' })
    })

    it('should tell that it is lost once it has expired', async () => {
      const { transactionalId } = scene()
      const client = await scene().clientAndTopic()
      const producer = client.transactionalProducer(transactionalId, producerConfig({ transactionTimeoutMs: 500 }))
      const { producerId, epoch } = await lastValueFrom(producer.init())
      producer.begin()
      await scene().append(producer, ['expired'])
      const open = async () =>
        (await lastValueFrom(client.admin.listTransactions(['Ongoing']))).map((listed) => listed.transactionalId)
      // A broker looks for expired transactions every 10 s.
      await eventually(open, (ids) => expect(ids).not.toContain(transactionalId), 30_000)
      const expired = { ...lost, codeName: 'INVALID_PRODUCER_EPOCH' }
      await expect(lastValueFrom(client.resume(transactionalId, producerId, epoch).commit())).rejects.toMatchObject(
        expired,
      )
      await expect(lastValueFrom(producer.commit())).rejects.toMatchObject(expired)
      await scene().write(client, [{ partition: 0, value: 'after' }])
      expect((await readPartition(client, p0(), { to: 3, ...committed })).values).toEqual(['after'])
    }, 60_000)

    it('should tell that it is lost when the broker does not know the producer', async () => {
      const { client, producerId, epoch } = await prepared()
      const { transactionalId } = scene()
      const unknownId = { ...lost, codeName: 'INVALID_PRODUCER_ID_MAPPING' }
      await expect(
        lastValueFrom(client.resume(transactionalId, producerId + 100_000n, epoch).commit()),
      ).rejects.toMatchObject(unknownId)
      await expect(lastValueFrom(client.resume(`${transactionalId}-unused`, 1n, 0).commit())).rejects.toMatchObject(
        unknownId,
      )
    })

    it('should leave an open transaction open when its client closes', async () => {
      const { client } = await prepared()
      const open = await lastValueFrom(client.admin.listTransactions(['Ongoing']))
      expect(open.map(({ transactionalId }) => transactionalId)).toContain(scene().transactionalId)
    })
  })
}
