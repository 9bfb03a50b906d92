import { describe, expect, it } from '@jest/globals'
import { concatMap, tap } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import type { KafkaClient } from '../../lib/client/KafkaClient.js'
import { MemoryKafka } from '../../lib/memory/MemoryKafka.js'
import { ContractScene, producerConfig } from '../../lib/conformance/client/ContractScene.js'

const stage = () => {
  const scheduler = new TestScheduler(() => undefined)
  const kafka = new MemoryKafka({ scheduler, topics: { t: 1 } })
  const scene = new ContractScene({ connect: kafka.connect, bootstrapServers: [] })
  const connect = (clientId: string, use: (client: KafkaClient) => void): void => {
    scene.connect({ clientId, scheduler }).subscribe(use)
  }
  /** One record in a transaction, committed; tells what came of it. */
  const commitOne = (client: KafkaClient, told: string[]): void => {
    const producer = client.transactionalProducer('x', producerConfig())
    producer
      .init()
      .pipe(
        tap(() => {
          producer.begin()
          producer.append({ topic: 't', partition: 0, value: 'a' })
        }),
        concatMap(() => producer.commit()),
      )
      .subscribe({
        next: () => told.push('committed'),
        error: () => told.push('failed'),
        complete: () => told.push('done'),
      })
  }
  return { scheduler, kafka, connect, commitOne }
}

describe('MemoryKafka.cut', () => {
  it('should leave the effect and drop the answer when cut between the two', () => {
    const { scheduler, kafka, connect, commitOne } = stage()
    const told: string[] = []
    kafka.calls$.subscribe(({ api, moment }) => {
      if (api === 'EndTxn' && moment === 'after') kafka.cut()
    })
    connect('a', (client) => commitOne(client, told))
    scheduler.flush()
    expect(told).toEqual([])
    expect(kafka.records('t').map(({ value }) => value)).toEqual(['a'])
  })

  it('should have no effect when cut before, and leave the transaction open for who resumes it', () => {
    const { scheduler, kafka, connect, commitOne } = stage()
    const told: string[] = []
    const stop = kafka.calls$.subscribe(({ api, moment }) => {
      if (api === 'EndTxn' && moment === 'before') kafka.cut()
    })
    connect('a', (client) => commitOne(client, told))
    scheduler.flush()
    stop.unsubscribe()
    expect(told).toEqual([])
    expect(kafka.records('t')).toEqual([])
    const [open] = kafka.transactions()
    expect(open).toMatchObject({ transactionalId: 'x', state: 'Ongoing', partitions: ['t-0'] })
    connect('b', (client) => {
      client
        .resume('x', open?.producerId ?? -1n, open?.epoch ?? -1)
        .commit()
        .subscribe(() => told.push('resumed'))
    })
    scheduler.flush()
    expect(told).toEqual(['resumed'])
    expect(kafka.records('t').map(({ value }) => value)).toEqual(['a'])
  })

  it('should leave no timer of a client that is cut', () => {
    const { scheduler, kafka, connect } = stage()
    connect('a', (client) => {
      client.producer(producerConfig({ lingerMs: 60_000 })).append({ topic: 't', value: 'lingering' })
      client.producer(producerConfig()).append({ topic: 't', partition: 9, value: 'backing off' })
      scheduler.schedule(() => kafka.cut(), 10)
    })
    scheduler.flush()
    expect(scheduler.now()).toBe(10)
    expect(kafka.records('t')).toEqual([])
  })

  it('should cut one client by its id, and no other', () => {
    const { scheduler, kafka, connect } = stage()
    const told: string[] = []
    for (const clientId of ['a', 'b']) {
      connect(clientId, (client) => {
        scheduler.schedule(() => client.admin.listTopics().subscribe(() => told.push(clientId)), 20)
      })
    }
    scheduler.schedule(() => kafka.cut('a'), 10)
    scheduler.flush()
    expect(told).toEqual(['b'])
  })

  it('should crash at every single step of a commit, and lose nothing that was told to be committed', () => {
    const steps = (() => {
      const { scheduler, kafka, connect, commitOne } = stage()
      let count = 0
      kafka.calls$.subscribe(() => count++)
      connect('a', (client) => commitOne(client, []))
      scheduler.flush()
      return count
    })()
    expect(steps).toBeGreaterThanOrEqual(10)
    for (let crashAt = 1; crashAt <= steps; crashAt++) {
      const { scheduler, kafka, connect, commitOne } = stage()
      const told: string[] = []
      let step = 0
      const stop = kafka.calls$.subscribe(() => {
        if (++step === crashAt) kafka.cut()
      })
      connect('a', (client) => commitOne(client, told))
      scheduler.flush()
      stop.unsubscribe()
      expect(told).toEqual([])
      connect('b', (client) => commitOne(client, told))
      scheduler.flush()
      expect(told).toEqual(['committed', 'done'])
      const effective = crashAt === steps ? 2 : 1
      expect(kafka.records('t').length).toBe(effective)
    }
  })
})
