import { firstValueFrom, lastValueFrom, type Observable, timer } from 'rxjs'
import { TopicPartition } from '../../client/TopicPartition.js'
import { type ContractScene, eventually, fetcherConfig, producerConfig } from './ContractScene.js'
import type { TestFramework } from '../TestFramework.js'

/** What holds for every call of the port. */
export const portContract = (scene: () => ContractScene, { expect, it }: TestFramework): void => {
  it('should never emit during subscribe', async () => {
    const { topic, group, transactionalId } = scene()
    const client = await scene().clientAndTopic()
    const { admin } = client
    const producer = client.producer(producerConfig())
    const transactional = client.transactionalProducer(transactionalId, producerConfig())
    await lastValueFrom(transactional.init())
    const illegal = client.transactionalProducer(transactionalId, producerConfig())
    const calls: Record<string, Observable<unknown>> = {
      connect: scene().connect(),
      listTopics: admin.listTopics(),
      describeNothing: admin.describeTopics([]),
      describeNoTransactions: admin.describeTransactions([]),
      describeNoProducers: admin.describeProducers([]),
      listNoOffsets: admin.listOffsets([], 'read_committed'),
      committedOffsets: admin.committedOffsets(group, [new TopicPartition(topic, 0)]),
      commitNothing: admin.commitOffsets(group, []),
      flushOfNothing: producer.flush(),
      illegalCommit: illegal.commit(),
      closeProducer: producer.close(),
    }
    for (const [name, call] of Object.entries(calls)) {
      let subscribing = true
      const early: string[] = []
      const settled = new Promise<unknown>((resolve) => {
        const settle = (outcome?: unknown): void => {
          if (subscribing) early.push(name)
          resolve(outcome)
        }
        call.subscribe({ next: settle, error: settle, complete: settle })
      })
      subscribing = false
      const outcome = await settled
      expect(early).toEqual([])
      if (name === 'connect') await lastValueFrom((outcome as { close(): Observable<void> }).close())
    }
  })

  it('should act once per subscription, and not before', async () => {
    const { topic, group } = scene()
    const { admin } = await scene().clientAndTopic()
    const tp = new TopicPartition(topic, 0)
    const create = admin.createTopics([{ topic: `${topic}-2`, partitions: 1 }])
    expect(await lastValueFrom(admin.describeTopics([`${topic}-2`]))).toEqual([])
    await lastValueFrom(create)
    await expect(lastValueFrom(create)).rejects.toMatchObject({ codeName: 'TOPIC_ALREADY_EXISTS' })
    const commit = admin.commitOffsets(group, [[tp, 3]])
    expect((await lastValueFrom(admin.committedOffsets(group, [tp]))).size).toBe(0)
    await lastValueFrom(commit)
    expect((await lastValueFrom(admin.committedOffsets(group, [tp]))).get(String(tp))).toBe(3)
  })

  it('should drop the answer and not the effect when unsubscribed', async () => {
    const { topic, group } = scene()
    const { admin } = await scene().clientAndTopic()
    const tp = new TopicPartition(topic, 0)
    const answers: unknown[] = []
    admin
      .commitOffsets(group, [[tp, 4]])
      .subscribe((answer) => answers.push(answer))
      .unsubscribe()
    let committed: number | undefined
    while (committed === undefined) {
      committed = (await lastValueFrom(admin.committedOffsets(group, [tp]))).get(String(tp))
    }
    expect(committed).toBe(4)
    expect(answers).toEqual([])
  })

  it('should never emit inside of a call', async () => {
    const { topic, transactionalId } = scene()
    const client = await scene().clientAndTopic()
    const tp = new TopicPartition(topic, 0)
    await scene().write(client, [{ partition: 0, value: 'a' }])
    const fetcher = client.fetcher(fetcherConfig())
    const producer = client.producer(producerConfig({ bufferMemory: 10 }))
    const transactional = client.transactionalProducer(transactionalId, producerConfig())
    let inside = false
    const early: unknown[] = []
    const note = (what: string) => (): void => {
      if (inside) early.push(what)
    }
    fetcher.fetched$.subscribe(note('fetched$'))
    producer.room$.subscribe(note('room$'))
    producer.failed$.subscribe(note('failed$'))
    transactional.failed$.subscribe(note('failed$'))
    const call = <T>(effect: () => T): T => {
      inside = true
      try {
        return effect()
      } finally {
        inside = false
      }
    }
    const fetched = firstValueFrom(fetcher.fetched$)
    call(() => fetcher.assign(tp, 0))
    call(() => fetcher.request(tp))
    await fetched
    const room = firstValueFrom(producer.room$)
    call(() => producer.append({ topic, partition: 0, value: 'more than ten bytes' }))
    await room
    await lastValueFrom(transactional.init())
    call(() => transactional.begin())
    call(() => transactional.append({ topic, partition: 0, value: 'a' }))
    call(() => fetcher.assign(tp, 99))
    call(() => fetcher.request(tp))
    call(() => fetcher.unassign(tp))
    call(() => fetcher.close())
    expect(early).toEqual([])
  })

  it('should refuse calls on a closed client', async () => {
    const client = await scene().client()
    await lastValueFrom(client.close())
    await expect(lastValueFrom(client.admin.listTopics())).rejects.toMatchObject({
      name: 'KafkaError',
      retriable: false,
    })
  })

  it('should leave no timer and no socket when closed', async () => {
    const { topic, transactionalId } = scene()
    const held = (): readonly string[] =>
      process.getActiveResourcesInfo().filter((resource) => /Timeout|Immediate|TCP|TLS|Req/.test(resource))
    await lastValueFrom(timer(50))
    const before = held().length
    const client = await scene().clientAndTopic()
    const fetcher = client.fetcher(fetcherConfig({ isolationLevel: 'read_committed' }))
    fetcher.fetched$.subscribe()
    await scene().openTransaction(client, ['open'], transactionalId)
    fetcher.assign(new TopicPartition(topic, 0), 0)
    fetcher.request(new TopicPartition(topic, 0))
    for (let i = 0; i < 5; i++) {
      client.producer(producerConfig({ lingerMs: 60_000 })).append({ topic, partition: 0, value: 'lingering' })
    }
    client.producer(producerConfig()).append({ topic, partition: 9, value: 'backing off' })
    await lastValueFrom(timer(50))
    await lastValueFrom(client.close())
    await eventually(
      () => Promise.resolve(held()),
      (after) => expect(after.length).toBeLessThanOrEqual(before),
    )
  })

  it('should close again, and with work under way', async () => {
    const { topic } = scene()
    const client = await scene().clientAndTopic()
    const fetcher = client.fetcher(fetcherConfig())
    fetcher.fetched$.subscribe()
    fetcher.assign(new TopicPartition(topic, 0), 0)
    fetcher.request(new TopicPartition(topic, 0))
    client.producer(producerConfig()).append({ topic, value: 'a' })
    await lastValueFrom(client.close())
    await lastValueFrom(client.close())
  })
}
