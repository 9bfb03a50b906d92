import { lastValueFrom } from 'rxjs'
import type { KafkaClient } from '../../client/KafkaClient.js'
import type { TransactionalProducer } from '../../client/KafkaProducer.js'
import { TopicPartition } from '../../client/TopicPartition.js'
import {
  type ProducerEvent,
  producerTransitions,
  type ProducerState,
} from '../../client/transactionalProducerStates.js'
import { type ContractScene, eventually, producerConfig } from './ContractScene.js'
import { readPartition } from './readPartition.js'
import type { TestFramework } from '../TestFramework.js'

/** A producer in one state, and the answers that are still to come. */
interface Stage {
  readonly producer: TransactionalProducer
  readonly pending: Promise<unknown>
}

/** A transactional producer answers each call in each state as its table says. */
export const producerStatesContract = (scene: () => ContractScene, { expect, it }: TestFramework): void => {
  const p0 = () => new TopicPartition(scene().topic, 0)
  const done = Promise.resolve<unknown>(undefined)
  const ready = async (client: KafkaClient): Promise<TransactionalProducer> => {
    const producer = client.transactionalProducer(scene().transactionalId, producerConfig())
    await lastValueFrom(producer.init())
    return producer
  }
  const written = (client: KafkaClient) => scene().openTransaction(client, ['a'])

  /** How each state is reached; `commitAgain` and `abortAgain` take a coordinator that does not answer. */
  const stages: Partial<Record<ProducerState, (client: KafkaClient) => Promise<Stage>>> = {
    uninitialised: (client) => {
      const producer = client.transactionalProducer(scene().transactionalId, producerConfig())
      return Promise.resolve({ producer, pending: done })
    },
    initialising: (client) => {
      const producer = client.transactionalProducer(scene().transactionalId, producerConfig())
      return Promise.resolve({ producer, pending: lastValueFrom(producer.init()) })
    },
    ready: async (client) => ({ producer: await ready(client), pending: done }),
    inTransaction: async (client) => ({ producer: await written(client), pending: done }),
    committing: async (client) => {
      const producer = await written(client)
      return { producer, pending: lastValueFrom(producer.commit()) }
    },
    aborting: async (client) => {
      const producer = await written(client)
      return { producer, pending: lastValueFrom(producer.abort()) }
    },
    lost: async (client) => {
      const producer = await written(client)
      await ready(client)
      await expect(lastValueFrom(producer.commit())).rejects.toMatchObject({ _tag: 'TransactionLost' })
      return { producer, pending: done }
    },
    closed: async (client) => {
      const producer = await written(client)
      await lastValueFrom(producer.close())
      return { producer, pending: done }
    },
  }

  /** Those that answer later, and those that act at once. */
  const calls: Partial<Record<ProducerEvent, (producer: TransactionalProducer) => unknown>> = {
    init: (producer) => lastValueFrom(producer.init()),
    begin: (producer) => producer.begin(),
    append: (producer) => producer.append({ topic: scene().topic, partition: 0, value: 'b' }),
    commit: (producer) => lastValueFrom(producer.commit()),
    abort: (producer) => lastValueFrom(producer.abort()),
  }

  const outcomeOf = async (call: () => unknown): Promise<unknown> => {
    try {
      await call()
      return 'done'
    } catch (error) {
      return error
    }
  }

  for (const [state, reach] of Object.entries(stages)) {
    const legal = producerTransitions[state as ProducerState]
    const illegalCalls = Object.entries(calls).filter(([call]) => legal[call as ProducerEvent] === undefined)
    const legalCalls = Object.entries(calls).filter(([call]) => legal[call as ProducerEvent] !== undefined)

    it(`should refuse what does not fit the state ${state}, and go on`, async () => {
      const { transactionalId } = scene()
      const client = await scene().clientAndTopic()
      const { producer, pending } = await reach(client)
      const before = producer.recordsInTransaction
      const outcomes = await Promise.all(
        illegalCalls.map(async ([call, act]) => [call, await outcomeOf(() => act(producer))] as const),
      )
      for (const [call, outcome] of outcomes) {
        expect({ call, outcome }).toMatchObject({
          outcome: { _tag: 'IllegalState', retriable: false, transactionalId },
        })
        expect((outcome as Error).message).toContain(`${call}() was called`)
        expect((outcome as Error).message).toContain(`in state ${state}.`)
      }
      await pending
      if (pending === done) expect(producer.recordsInTransaction).toBe(before)
    })

    for (const [call, act] of legalCalls)
      it(`should take ${call} in state ${state}`, async () => {
        const client = await scene().clientAndTopic()
        const { producer } = await reach(client)
        expect(await outcomeOf(() => act(producer))).toBe('done')
      })
  }

  it('should finish the commit that it refuses to begin twice', async () => {
    const client = await scene().clientAndTopic()
    const producer = await written(client)
    const first = lastValueFrom(producer.commit())
    await expect(lastValueFrom(producer.commit())).rejects.toMatchObject({ _tag: 'IllegalState' })
    await first
    expect(producer.recordsInTransaction).toBe(0)
    expect((await readPartition(client, p0(), { to: 2, isolationLevel: 'read_committed' })).values).toEqual(['a'])
    producer.begin()
  })

  it('should finish what nobody waits for any more', async () => {
    const client = await scene().clientAndTopic()
    const producer = client.transactionalProducer(scene().transactionalId, producerConfig())
    const legal = async (call: () => void): Promise<void> =>
      eventually(
        () => outcomeOf(call),
        (outcome) => expect(outcome).toBe('done'),
      )
    producer.init().subscribe().unsubscribe()
    await legal(() => producer.begin())
    await scene().append(producer, ['a'])
    producer.commit().subscribe().unsubscribe()
    await legal(() => producer.begin())
    await scene().append(producer, ['b'])
    producer.abort().subscribe().unsubscribe()
    await legal(() => producer.begin())
    await scene().append(producer, ['c'])
    await lastValueFrom(producer.commit())
    expect((await readPartition(client, p0(), { to: 6, isolationLevel: 'read_committed' })).values).toEqual(['a', 'c'])
  })

  it('should leave nothing open when aborted while its partitions are made known', async () => {
    const { topic, transactionalId } = scene()
    const client = await scene().clientAndTopic()
    // Once the topic is known, the first record of a transaction asks the coordinator at once.
    const producer = await written(client)
    await lastValueFrom(producer.commit())
    for (let i = 0; i < 5; i++) {
      producer.begin()
      producer.append({ topic, partition: 0, value: 'b' })
      for (let turns = 0; turns < i; turns++) await Promise.resolve()
      await lastValueFrom(producer.abort())
      const described = await lastValueFrom(client.admin.describeTransactions([transactionalId]))
      expect(described.get(transactionalId)?.state).not.toBe('Ongoing')
    }
  })

  it('should tell only the caller of a commit that it is lost', async () => {
    const client = await scene().clientAndTopic()
    const producer = await written(client)
    const failures: unknown[] = []
    producer.failed$.subscribe((failure) => failures.push(failure))
    await ready(client)
    await expect(lastValueFrom(producer.commit())).rejects.toMatchObject({ _tag: 'TransactionLost', fatal: true })
    await lastValueFrom(producer.close())
    expect(failures).toEqual([])
  })
}
