import { describe, expect, it } from '@jest/globals'
import { TestScheduler } from 'rxjs/testing'
import type { KafkaClient } from '../../lib/client/KafkaClient.js'
import type { KafkaFetcher } from '../../lib/client/KafkaFetcher.js'
import { TopicPartition } from '../../lib/client/TopicPartition.js'
import { ContractScene, fetcherConfig, producerConfig } from '../../lib/conformance/client/ContractScene.js'
import { Fault } from '../../lib/memory/Fault.js'
import { MemoryKafka } from '../../lib/memory/MemoryKafka.js'

const [p0, p1] = [new TopicPartition('t', 0), new TopicPartition('t', 1)]

/** A run in virtual time; `[ms, partition, values]` of what is read from both partitions is noted. */
const reading = (
  play: (stage: {
    readonly kafka: MemoryKafka
    readonly client: KafkaClient
    readonly fetcher: KafkaFetcher
    readonly at: (ms: number, act: () => void) => void
  }) => void,
) => {
  const scheduler = new TestScheduler(() => undefined)
  scheduler.maxFrames = Infinity
  const kafka = new MemoryKafka({ scheduler, topics: { t: 2 } })
  const read: unknown[] = []
  const calls: string[] = []
  kafka.calls$.subscribe(({ api, partition, moment }) => {
    if (api === 'Fetch') calls.push(`${moment} ${partition}`)
  })
  const scene = new ContractScene({ connect: kafka.connect, bootstrapServers: [] })
  scene.connect({ scheduler, retryBackoffMs: 100 }).subscribe((client) => {
    const fetcher = client.fetcher(fetcherConfig({ isolationLevel: 'read_committed' }))
    fetcher.fetched$.subscribe((fetched) => {
      const { partition } = fetched.topicPartition
      const what = fetched._tag === 'Fetched' ? fetched.take(100).map(({ value }) => String(value)) : fetched.error._tag
      read.push([scheduler.now(), partition, what])
      if (fetched._tag === 'Fetched') fetcher.request(fetched.topicPartition)
    })
    for (const topicPartition of [p0, p1]) fetcher.assign(topicPartition, 0)
    for (const topicPartition of [p0, p1]) fetcher.request(topicPartition)
    play({ kafka, client, fetcher, at: (ms, act) => void scheduler.schedule(act, ms) })
  })
  scheduler.flush()
  return { read, calls, endedAt: scheduler.now() }
}

const produce = (kafka: MemoryKafka, partition: number, value: string): void =>
  kafka.produce('t', [{ partition, value }])

describe('fetches from brokers in memory', () => {
  it('should be of one partition each, so that a slow one holds up no other', () => {
    const { read, calls } = reading(({ kafka, at }) => {
      kafka.inject({ api: 'Fetch', topic: 't', partition: 0, nth: 2, times: Infinity }, Fault.delay(500))
      at(100, () => produce(kafka, 0, 'a'))
      at(100, () => produce(kafka, 1, 'b'))
    })
    expect(read).toEqual([
      [100, 1, ['b']],
      [600, 0, ['a']],
    ])
    expect(calls.slice(0, 4)).toEqual(['before 0', 'after 0', 'before 1', 'after 1'])
  })

  it('should wait without a call and without a timer until there is something to say', () => {
    const idle = reading(() => undefined)
    // Once to say where the log ends.
    expect(idle).toEqual({ read: [], calls: ['before 0', 'after 0', 'before 1', 'after 1'], endedAt: 0 })
    const once = reading(({ kafka, at }) => at(70, () => produce(kafka, 1, 'a')))
    expect(once.read).toEqual([[70, 1, ['a']]])
    // What was written, and where the log ends now.
    expect(once.calls.slice(4)).toEqual(['before 1', 'after 1', 'before 1', 'after 1'])
    expect(once.endedAt).toBe(70)
  })

  it('should be answered when an open transaction expires, and leave no timer when they are given up', () => {
    const openTransaction = (client: KafkaClient, then: () => void): void => {
      const producer = client.transactionalProducer('x', producerConfig({ transactionTimeoutMs: 5_000 }))
      producer.init().subscribe(() => {
        producer.begin()
        producer.append({ topic: 't', partition: 0, value: 'open' })
        producer.flush().subscribe(then)
      })
    }
    const waiting = reading(({ kafka, client }) => openTransaction(client, () => produce(kafka, 0, 'behind')))
    expect(waiting.read).toEqual([[5_100, 0, ['behind']]])
    const closed = reading(({ fetcher, client, at }) => {
      openTransaction(client, () => undefined)
      at(200, () => fetcher.close())
    })
    expect([closed.read, closed.endedAt]).toEqual([[], 200])
    const gone = reading(({ client, at }) => {
      openTransaction(client, () => undefined)
      at(200, () => client.close().subscribe())
    })
    expect(gone.read).toEqual([])
    expect(gone.endedAt).toBeLessThan(5_000)
  })

  it('should meet a fault that comes while they wait', () => {
    const { read } = reading(({ kafka, at }) => {
      at(50, () => kafka.inject({ api: 'Fetch', partition: 0, times: 1 }, Fault.loseAnswer()))
      at(70, () => produce(kafka, 0, 'a'))
    })
    expect(read).toEqual([[170, 0, ['a']]])
  })

  it('should go on under a new leader, and find out that its log lacks what was read', () => {
    const { read } = reading(({ kafka, at }) => {
      produce(kafka, 0, 'a')
      produce(kafka, 0, 'b')
      at(200, () => kafka.moveLeader('t', 0))
      at(400, () => produce(kafka, 0, 'c'))
      at(600, () => kafka.truncate('t', 0, 1))
    })
    expect(read).toEqual([
      [0, 0, ['a', 'b']],
      [400, 0, ['c']],
      [600, 0, 'LogTruncated'],
    ])
  })

  it('should not take the records of a topic that was created anew for those of the former one', () => {
    const { read } = reading(({ kafka, at }) => {
      produce(kafka, 0, 'a')
      at(200, () => {
        kafka.deleteTopic('t')
        kafka.createTopic('t', 2)
        produce(kafka, 0, 'another')
        produce(kafka, 0, 'b')
      })
    })
    expect(read).toEqual([
      [0, 0, ['a']],
      [300, 1, 'TopicRecreated'],
      [300, 0, 'TopicRecreated'],
    ])
  })
})
