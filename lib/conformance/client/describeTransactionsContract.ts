import { lastValueFrom } from 'rxjs'
import type { KafkaClient } from '../../client/KafkaClient.js'
import { TopicPartition } from '../../client/TopicPartition.js'
import type { TransactionDescription } from '../../client/TransactionDescription.js'
import { type ContractScene, eventually, producerConfig } from './ContractScene.js'
import { readPartition } from './readPartition.js'
import type { TestFramework } from '../TestFramework.js'

/** What coordinators tell of transactions, which decides what a restart commits. */
export const describeTransactionsContract = (scene: () => ContractScene, { expect, it }: TestFramework): void => {
  const p0 = () => new TopicPartition(scene().topic, 0)
  const describedIn =
    (client: KafkaClient, transactionalId = scene().transactionalId) =>
    async (): Promise<TransactionDescription | undefined> =>
      (await lastValueFrom(client.admin.describeTransactions([transactionalId]))).get(transactionalId)

  it('should follow one id through its transactions', async () => {
    const { topic, transactionalId } = scene()
    const client = await scene().clientAndTopic(2)
    const described = describedIn(client)
    expect(await described()).toBeUndefined()
    const producer = client.transactionalProducer(transactionalId, producerConfig({ transactionTimeoutMs: 50_000 }))
    const identity = await lastValueFrom(producer.init())
    const facts = { ...identity, timeoutMs: 50_000 }
    const empty = { ...facts, state: 'Empty', startTime: undefined, partitions: [] }
    expect(await described()).toEqual(empty)
    producer.begin()
    expect(await described()).toEqual(empty)
    producer.append({ topic, partition: 1, value: 'a' })
    await lastValueFrom(producer.flush())
    const first = await described()
    expect(first).toEqual({
      ...facts,
      state: 'Ongoing',
      startTime: expect.any(Number),
      partitions: [new TopicPartition(topic, 1)],
    })
    producer.append({ topic, partition: 0, value: 'b' })
    await lastValueFrom(producer.flush())
    const second = await described()
    expect(second?.startTime).toBe(first?.startTime)
    expect([...(second?.partitions ?? [])].map(String).sort()).toEqual([`${topic}-0`, `${topic}-1`])
    await lastValueFrom(producer.commit())
    const ended = (state: string) => ({ ...facts, state, startTime: expect.any(Number), partitions: [] })
    await eventually(described, (answer) => expect(answer).toEqual(ended('CompleteCommit')))
    producer.begin()
    await scene().append(producer, ['c'])
    expect(await described()).toMatchObject({ ...facts, state: 'Ongoing' })
    await lastValueFrom(producer.abort())
    await eventually(described, (answer) => expect(answer).toEqual(ended('CompleteAbort')))
  })

  it('should change nothing by describing', async () => {
    const client = await scene().clientAndTopic()
    const described = describedIn(client)
    expect(await described()).toBeUndefined()
    const producer = await scene().openTransaction(client, ['a'])
    const before = await described()
    expect(before).toMatchObject({ state: 'Ongoing', epoch: 0 })
    expect(await described()).toEqual(before)
    await scene().append(producer, ['b'])
    expect(await described()).toEqual(before)
    await lastValueFrom(producer.commit())
    expect((await readPartition(client, p0(), { to: 3, isolationLevel: 'read_committed' })).values).toEqual(['a', 'b'])
  })

  it('should show a newer producer by the epoch, which rises by two over an open transaction', async () => {
    const { transactionalId } = scene()
    const client = await scene().clientAndTopic()
    const described = describedIn(client)
    const initialised = async () =>
      lastValueFrom(client.transactionalProducer(transactionalId, producerConfig()).init())
    const first = await initialised()
    const second = await initialised()
    expect(await described()).toMatchObject({ ...first, epoch: first.epoch + 1, state: 'Empty', startTime: undefined })
    expect(second.epoch).toBe(first.epoch + 1)
    const producer = await scene().openTransaction(client, ['aborted'])
    expect(await described()).toMatchObject({ epoch: first.epoch + 2, state: 'Ongoing' })
    // The abort takes an epoch of its own, so that no batch under way joins the next transaction.
    const newer = await initialised()
    expect(newer).toEqual({ ...first, epoch: first.epoch + 4 })
    expect(await described()).toMatchObject({ ...newer, state: 'Empty', startTime: undefined, partitions: [] })
    await lastValueFrom(producer.close())
  })

  it('should show that the epoch of an ended transaction begins another one', async () => {
    const { topic, transactionalId } = scene()
    const client = await scene().clientAndTopic()
    const described = describedIn(client)
    const producer = client.transactionalProducer(transactionalId, producerConfig())
    const identity = await lastValueFrom(producer.init())
    for (const end of ['commit', 'abort'] as const) {
      producer.begin()
      await scene().append(producer, [end])
      await lastValueFrom(producer[end]())
      await eventually(described, (answer) => expect(answer?.partitions).toEqual([]))
      const ended = await described()
      producer.begin()
      // Sends AddPartitionsToTxn with the producer id and epoch of the transaction that has ended.
      producer.append({ topic, partition: 0, value: `after ${end}` })
      await lastValueFrom(producer.flush())
      const next = await described()
      expect(next).toMatchObject({ ...identity, state: 'Ongoing' })
      expect(next?.startTime).toBeGreaterThanOrEqual(ended?.startTime ?? Infinity)
      await lastValueFrom(producer.abort())
    }
  })

  it('should answer for many ids at once, and leave out those that are not known', async () => {
    const { transactionalId } = scene()
    const client = await scene().clientAndTopic()
    const ids = Array.from({ length: 40 }, (_, i) => `${transactionalId}-${i}`)
    await Promise.all(
      ids.slice(0, 30).map((id) => lastValueFrom(client.transactionalProducer(id, producerConfig()).init())),
    )
    const open = ids[7] ?? ''
    await scene().openTransaction(client, ['a'], open)
    const described = await lastValueFrom(client.admin.describeTransactions([...ids, open]))
    expect([...described.keys()].sort()).toEqual(ids.slice(0, 30).sort())
    for (const [id, { transactionalId: told, state }] of described) {
      expect({ told, state }).toEqual({ told: id, state: id === open ? 'Ongoing' : 'Empty' })
    }
    expect((await lastValueFrom(client.admin.describeTransactions([]))).size).toBe(0)
  })

  it('should tell that a transaction has expired', async () => {
    const { transactionalId } = scene()
    const client = await scene().clientAndTopic()
    const described = describedIn(client)
    const producer = client.transactionalProducer(transactionalId, producerConfig({ transactionTimeoutMs: 500 }))
    const identity = await lastValueFrom(producer.init())
    producer.begin()
    await scene().append(producer, ['expired'])
    const open = await described()
    expect(open).toMatchObject({ ...identity, state: 'Ongoing', timeoutMs: 500 })
    const states = new Set<string>()
    // A broker looks for expired transactions every 10 s; until then they are open.
    await eventually(
      async () => {
        const answer = await described()
        states.add(`${answer?.state} ${answer?.epoch}`)
        return answer
      },
      (answer) => expect(answer?.state).toBe('CompleteAbort'),
      30_000,
    )
    expect(await described()).toEqual({
      ...open,
      ...identity,
      epoch: identity.epoch + 1,
      state: 'CompleteAbort',
      partitions: [],
    })
    const passed = ['Ongoing 0', 'PrepareAbort 1', 'PrepareEpochFence 1', 'CompleteAbort 1']
    expect([...states].filter((state) => !passed.includes(state))).toEqual([])
  }, 60_000)
}
