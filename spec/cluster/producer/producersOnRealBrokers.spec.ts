import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { firstValueFrom } from 'rxjs'
import type { KafkaClient } from '../../../lib/client/KafkaClient.js'
import type { KafkaProducer } from '../../../lib/client/KafkaProducer.js'
import { connectKafkaJs } from '../../../lib/kafkajs/connectKafkaJs.js'
import { addressesOf } from '../../support/kafka/addressesOf.js'
import type { KafkaCluster } from '../../support/kafka/startKafka.js'
import { describeKafka } from '../../support/realKafka.js'
import { producerConfig } from '../support/producerConfig.js'

const connect = (kafka: KafkaCluster): Promise<KafkaClient> =>
  firstValueFrom(
    connectKafkaJs({
      bootstrapServers: addressesOf(kafka),
      clientId: 'spec',
      connectionTimeoutMs: 2_000,
      requestTimeoutMs: 10_000,
      retryBackoffMs: 50,
      retryBackoffMaxMs: 500,
      metadataMaxAgeMs: 300_000,
    }),
  )

const topicName = (): string => `spec-${Date.now()}-${Math.floor(Math.random() * 1e6)}`

/** Appends numbers, some every few ms, until told to stop; waits for room. Returns how many. */
const appendUntil = async (producer: KafkaProducer, topic: string, partitions: number, done: () => boolean) => {
  let n = 0
  for (; !done();) {
    for (let i = 0; i < 50; i++, n++) {
      const hasRoom = producer.append({ topic, partition: n % partitions, value: String(n) })
      if (!hasRoom) await firstValueFrom(producer.room$)
    }
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  return n
}

describeKafka('kafkajs producers, read by Kafka’s own consumer', (kafka) => {
  let client: KafkaClient
  let topic: string

  beforeEach(async () => {
    client = await connect(kafka())
    topic = topicName()
    await firstValueFrom(client.admin.createTopics([{ topic, partitions: 1, replicationFactor: 1 }]))
  }, 30_000)
  afterEach(() => firstValueFrom(client.close()))

  it('should write keys, values, headers, nulls and timestamps as Java reads them', async () => {
    const producer = client.producer(producerConfig({ compression: 'gzip' }))
    producer.append({ topic, key: 'schlüssel', value: 'wert €', timestamp: 1_700_000_000_000 })
    producer.append({ topic, key: Buffer.from('k'), value: null, timestamp: 1_600_000_000_000 })
    producer.append({
      ...{ topic, value: '', timestamp: 1_500_000_000_000 },
      headers: [
        { key: 'h', value: Buffer.from('1') },
        { key: 'h', value: null },
      ],
    })
    await firstValueFrom(producer.flush())
    const read = await kafka().readCommitted(topic, { maxMessages: 3 })
    expect(read.map(({ key, value, timestamp, headers }) => [key, value, timestamp, headers])).toEqual([
      ['schlüssel', 'wert €', 1_700_000_000_000, []],
      ['k', null, 1_600_000_000_000, []],
      [
        null,
        '',
        1_500_000_000_000,
        [
          ['h', '1'],
          ['h', null],
        ],
      ],
    ])
  }, 60_000)

  it('should split batches that the topic finds too large', async () => {
    const small = topicName()
    const config = { 'max.message.bytes': '2000' }
    await firstValueFrom(client.admin.createTopics([{ topic: small, partitions: 1, replicationFactor: 1, config }]))
    const producer = client.producer(producerConfig({ batchSize: 64_000 }))
    const values = Array.from({ length: 200 }, (_, i) => String(i).padEnd(100, '.'))
    values.forEach((value) => producer.append({ topic: small, value }))
    await firstValueFrom(producer.flush())
    const read = await kafka().readCommitted(small, { maxMessages: 200 })
    expect(read.map(({ value }) => value)).toEqual(values)
  }, 60_000)

  it('should show committed transactions only, one after the other', async () => {
    const expected: string[] = []
    const producers = ['a', 'b'].map((id) => client.transactionalProducer(`${topic}-${id}`, producerConfig()))
    for (const producer of producers) await firstValueFrom(producer.init())
    for (let n = 0; n < 10; n++) {
      const producer = producers[n % 2]!
      producer.begin()
      const values = Array.from({ length: 100 }, (_, i) => `${n}-${i}`)
      values.forEach((value) => producer.append({ topic, value }))
      await firstValueFrom(producer.flush())
      if (n % 3 === 1) {
        await firstValueFrom(producer.abort())
      } else {
        await firstValueFrom(producer.commit())
        expected.push(...values)
      }
    }
    const read = await kafka().readCommitted(topic)
    expect(read.map(({ value }) => value)).toEqual(expected)
  }, 60_000)
})

describeKafka('kafkajs producers while brokers die', { brokers: 3, own: true }, (kafka) => {
  it('should write each record once and in order, through kills and restarts', async () => {
    const client = await connect(kafka())
    const topic = topicName()
    await firstValueFrom(client.admin.createTopics([{ topic, partitions: 3, replicationFactor: 3 }]))
    const producer = client.producer(producerConfig({ batchSize: 1_000 }))
    let done = false
    const appending = appendUntil(producer, topic, 3, () => done)
    for (const broker of kafka().brokers) {
      await new Promise((resolve) => setTimeout(resolve, 1_000))
      await broker.kill()
      await new Promise((resolve) => setTimeout(resolve, 2_000))
      await broker.start()
    }
    done = true
    const count = await appending
    await firstValueFrom(producer.flush())
    expect(producer.stats.recordsAcked).toBe(count)
    await firstValueFrom(client.close())
    const read = await kafka().readCommitted(topic)
    const byPartition = [0, 1, 2].map((partition) =>
      read.filter((each) => each.partition === partition).map(({ value }) => Number(value)),
    )
    byPartition.forEach((values, partition) => {
      expect(values).toEqual(Array.from({ length: Math.ceil((count - partition) / 3) }, (_, i) => i * 3 + partition))
    })
  }, 300_000)
})
