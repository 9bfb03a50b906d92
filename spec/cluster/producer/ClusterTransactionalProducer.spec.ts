import { describe, expect, it } from '@jest/globals'
import { firstValueFrom } from 'rxjs'
import type { KafkaError } from '../../../lib/client/KafkaError.js'
import type { TransactionalProducer } from '../../../lib/client/KafkaProducer.js'
import { ClusterTransactionalProducer } from '../../../lib/cluster/producer/ClusterTransactionalProducer.js'
import { resumeTransaction } from '../../../lib/cluster/producer/resumeTransaction.js'
import { FakeCluster } from './support/FakeCluster.js'
import { producerConfig } from './support/producerConfig.js'
import { seededRandom } from './support/seededRandom.js'
import { StepScheduler } from './support/StepScheduler.js'

const setUp = () => {
  const scheduler = new StepScheduler()
  const cluster = new FakeCluster(scheduler, seededRandom(1))
  cluster.addTopic('t', 3)
  const producerOf = (id: string) => new ClusterTransactionalProducer(cluster, id, producerConfig())
  const ready = async (id: string) => {
    const producer = producerOf(id)
    const identity = await scheduler.until(firstValueFrom(producer.init()))
    return { producer, identity }
  }
  const write = (producer: TransactionalProducer, partition: number, ...values: readonly string[]): void =>
    values.forEach((value) => producer.append({ topic: 't', partition, value }))
  /** In a transaction: it is numbered and sent, and the brokers refuse it for the time being. */
  const sendInVain = async (producer: TransactionalProducer, value: string): Promise<void> => {
    producer.begin()
    cluster.faults = { notEnoughReplicas: 1 }
    write(producer, 0, value)
    await scheduler.advance(60)
  }
  /** The next transaction is written under a new epoch, its sequence from the beginning. */
  const expectNewEpoch = async (producer: TransactionalProducer, { epoch }: { readonly epoch: number }) => {
    producer.begin()
    write(producer, 0, 'b')
    await run(producer.commit())
    expect(committed(0)).toEqual(['b'])
    expect(cluster.log('t', 0).batches).toMatchObject([{ epoch: epoch + 1, baseSequence: 0 }])
  }
  const run = <T>(observable: Parameters<typeof firstValueFrom<T>>[0]): Promise<T> =>
    scheduler.until(firstValueFrom(observable))
  const committed = (partition: number): readonly string[] =>
    cluster
      .log('t', partition)
      .batches.filter((batch) => cluster.transactions.isCommitted(batch))
      .flatMap(({ values }) => values)
  return { scheduler, cluster, producerOf, ready, write, run, committed, sendInVain, expectNewEpoch }
}

describe('ClusterTransactionalProducer', () => {
  it('should commit what was written since begin', async () => {
    const { ready, write, run, committed } = setUp()
    const { producer } = await ready('tx')
    producer.begin()
    write(producer, 0, 'a', 'b')
    write(producer, 1, 'c')
    expect(producer.recordsInTransaction).toBe(3)
    await run(producer.flush())
    expect(committed(0)).toEqual([])
    await run(producer.commit())
    expect([committed(0), committed(1)]).toEqual([['a', 'b'], ['c']])
    expect(producer.recordsInTransaction).toBe(0)
  })

  it('should commit an empty transaction without asking the broker', async () => {
    const { cluster, ready, run } = setUp()
    const { producer } = await ready('tx')
    producer.begin()
    await run(producer.commit())
    expect(cluster.transactions.ended).toEqual([])
  })

  it('should abort, and write the next transaction in the same epoch when nothing was lost', async () => {
    const { cluster, ready, write, run, committed } = setUp()
    const { producer, identity } = await ready('tx')
    producer.begin()
    write(producer, 0, 'a')
    await run(producer.flush())
    await run(producer.abort())
    producer.begin()
    write(producer, 0, 'b')
    await run(producer.commit())
    expect(committed(0)).toEqual(['b'])
    expect(cluster.log('t', 0).batches.map(({ epoch, baseSequence }) => [epoch, baseSequence])).toEqual([
      [identity.epoch, 0],
      [identity.epoch, 1],
    ])
  })

  it('should begin a new epoch after an abort that leaves numbered batches behind', async () => {
    const { cluster, ready, run, sendInVain, expectNewEpoch } = setUp()
    const { producer, identity } = await ready('tx')
    await sendInVain(producer, 'a')
    cluster.faults = {}
    await run(producer.abort())
    await expectNewEpoch(producer, identity)
  })

  it('should begin a new epoch also when the abort had to be asked for twice', async () => {
    const { cluster, ready, run, sendInVain, expectNewEpoch } = setUp()
    const { producer, identity } = await ready('tx')
    await sendInVain(producer, 'a')
    cluster.faults = { lostRequest: 1 }
    await expect(run(producer.abort())).rejects.toMatchObject({ _tag: 'Connection' })
    cluster.faults = {}
    await run(producer.abort())
    await expectNewEpoch(producer, identity)
  })

  it('should write nothing of a transaction that is aborted from within the answer to its flush', async () => {
    const { scheduler, cluster, ready, write, run, committed } = setUp()
    cluster.moveLeader('t', 1, 0)
    const { producer } = await ready('tx')
    producer.begin()
    write(producer, 0, 'warm')
    write(producer, 1, 'warm')
    await run(producer.flush())
    const aborts: string[] = []
    write(producer, 0, 'a')
    producer.flush().subscribe(() => producer.abort().subscribe(() => aborts.push('aborted')))
    write(producer, 1, 'b')
    cluster.scripted.push(0, 19)
    await scheduler.advance(5_000)
    expect(cluster.requests.at(-1)?.batches.map(({ partition }) => partition)).toEqual([0, 1])
    expect([aborts, cluster.valuesOf('t', 1)]).toEqual([['aborted'], ['warm']])
    producer.begin()
    write(producer, 1, 'c')
    await run(producer.commit())
    expect([committed(0), committed(1)]).toEqual([[], ['c']])
  })

  it('should hold a partition back until the transaction before is acknowledged there, and only that one', async () => {
    const { scheduler, cluster, ready, write, run, committed } = setUp()
    const first = (await ready('tx-1')).producer
    const second = (await ready('tx-2')).producer
    first.begin()
    write(first, 0, 'a')
    cluster.scripted.push(19)
    await scheduler.advance(50)
    second.begin({ after: first })
    write(second, 0, 'b')
    write(second, 1, 'c')
    await scheduler.advance(40)
    expect([cluster.valuesOf('t', 0), cluster.valuesOf('t', 1)]).toEqual([[], ['c']])
    await run(second.flush())
    expect(cluster.valuesOf('t', 0)).toEqual(['a', 'b'])
    await run(first.commit())
    await run(second.commit())
    expect(committed(0)).toEqual(['a', 'b'])
  })

  it('should wait out CONCURRENT_TRANSACTIONS', async () => {
    const { cluster, ready, write, run, committed } = setUp()
    const { producer } = await ready('tx')
    cluster.faults = { transactional: 0.6 }
    for (const value of ['a', 'b', 'c']) {
      producer.begin()
      write(producer, 0, value)
      await run(producer.commit())
    }
    expect(committed(0)).toEqual(['a', 'b', 'c'])
  })

  it('should ask for its identity for longer than request.timeout.ms', async () => {
    const { cluster, scheduler, producerOf, run } = setUp()
    cluster.faults = { lostRequest: 1 }
    scheduler.after(60_000, () => (cluster.faults = {}))
    expect(await run(producerOf('tx').init())).toMatchObject({ transactionalId: 'tx' })
    expect(scheduler.now()).toBeGreaterThan(60_000)
  })

  it('should ask for no identity any more once it is closed: its id may be in use by a successor', async () => {
    const { cluster, scheduler, producerOf, run } = setUp()
    const producer = producerOf('tx')
    cluster.faults = { transactional: 1 }
    const refused = scheduler.until(firstValueFrom(producer.init())).catch((error: unknown) => error)
    await run(producer.close())
    cluster.faults = {}
    const successor = await run(producerOf('tx').init())
    expect(await refused).toBeInstanceOf(Error)
    expect(successor.epoch).toBe(0)
  })

  it('should let commit be called again when the coordinator was busy for too long', async () => {
    const { cluster, ready, write, run, committed } = setUp()
    const { producer } = await ready('tx')
    producer.begin()
    write(producer, 0, 'a')
    await run(producer.flush())
    cluster.faults = { transactional: 1 }
    await expect(run(producer.commit())).rejects.toMatchObject({ code: 51, retriable: true })
    await expect(run(producer.abort())).rejects.toMatchObject({ _tag: 'IllegalState' })
    cluster.faults = {}
    await run(producer.commit())
    expect(committed(0)).toEqual(['a'])
  })

  it('should be told that it is fenced or expired, and then do no more', async () => {
    const { ready, producerOf, write, run } = setUp()
    const { producer } = await ready('tx')
    producer.begin()
    write(producer, 0, 'a')
    await run(producer.flush())
    await run(producerOf('tx').init())
    await expect(run(producer.commit())).rejects.toMatchObject({
      ...{ _tag: 'TransactionLost', code: 47, fatal: true, retriable: false, transactionalId: 'tx' },
      message: expect.stringMatching(
        /newer producer .* or the transaction was open longer than transaction\.timeout\.ms/,
      ),
    })
    expect(() => write(producer, 0, 'b')).toThrow(/state lost/)
  })

  it('should fail while writing when it was fenced', async () => {
    const { ready, producerOf, write, run } = setUp()
    const { producer } = await ready('tx')
    const failures: KafkaError[] = []
    producer.failed$.subscribe((error) => failures.push(error))
    await run(producerOf('tx').init())
    producer.begin()
    write(producer, 0, 'a')
    await expect(run(producer.flush())).rejects.toMatchObject({ code: 47, fatal: true })
    expect(failures.map(({ code }) => code)).toEqual([47])
  })

  it('should refuse records outside of a transaction', async () => {
    const { ready, producerOf, write } = setUp()
    expect(() => write(producerOf('new'), 0, 'a')).toThrow(/append\(\) .* state uninitialised/)
    const { producer } = await ready('tx')
    expect(() => write(producer, 0, 'a')).toThrow(/append\(\) .* state ready\. Legal here: begin/)
  })

  it('should act once per subscription, and not before', async () => {
    const { producerOf, run } = setUp()
    const producer = producerOf('tx')
    const init$ = producer.init()
    expect(() => producer.begin()).toThrow(/uninitialised/)
    await run(init$)
    producer.begin()
  })
})

describe('resumeTransaction', () => {
  const prepared = async () => {
    const set = setUp()
    const { producer, identity } = await set.ready('tx')
    producer.begin()
    set.write(producer, 0, 'a')
    await set.run(producer.flush())
    const resume = () => resumeTransaction(set.cluster, 'tx', identity.producerId, identity.epoch)
    return { ...set, identity, resume }
  }

  it('should commit what a producer that is gone has prepared, twice if need be', async () => {
    const { run, resume, committed } = await prepared()
    await run(resume().commit())
    await run(resume().commit())
    expect(committed(0)).toEqual(['a'])
  })

  it('should know a transaction that was aborted before', async () => {
    const { run, resume } = await prepared()
    await run(resume().abort())
    await expect(run(resume().commit())).rejects.toMatchObject({ _tag: 'TransactionLost', code: 48, retriable: false })
  })

  it('should know a transaction that has expired or was taken over', async () => {
    const { run, resume, cluster } = await prepared()
    cluster.transactions.expire('tx')
    await expect(run(resume().commit())).rejects.toMatchObject({ _tag: 'TransactionLost', code: 47, retriable: false })
  })

  it('should know a producer id that the coordinator has forgotten', async () => {
    const { run, cluster, identity } = await prepared()
    const resumed = resumeTransaction(cluster, 'tx', identity.producerId + 9n, identity.epoch)
    await expect(run(resumed.commit())).rejects.toMatchObject({ _tag: 'TransactionLost', code: 49, retriable: false })
  })

  it('should be retriable when the coordinator is not there for request.timeout.ms', async () => {
    const { run, resume, cluster, scheduler, committed } = await prepared()
    cluster.faults = { lostRequest: 1 }
    const before = scheduler.now()
    await expect(run(resume().commit())).rejects.toMatchObject({ _tag: 'Connection', retriable: true })
    expect(scheduler.now() - before).toBeLessThanOrEqual(30_000)
    cluster.faults = {}
    await run(resume().commit())
    expect(committed(0)).toEqual(['a'])
  })
})
