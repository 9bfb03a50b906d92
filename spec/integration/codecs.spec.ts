import { afterAll, beforeAll, expect, it } from '@jest/globals'
import * as either from 'fp-ts/lib/Either.js'
import { firstValueFrom } from 'rxjs'
import type { KafkaClient } from '../../lib/client/KafkaClient.js'
import type { ProducerConfig } from '../../lib/client/KafkaConfig.js'
import { TopicPartition } from '../../lib/client/TopicPartition.js'
import type { KafkaProperties } from '../../lib/config/KafkaProperties.js'
import { decodeProducerConfig } from '../../lib/config/producerConfig.js'
import { readPartition } from '../../lib/conformance/client/readPartition.js'
import { openClient } from '../support/openClient.js'
import { describeKafka } from '../support/realKafka.js'

const producerConfig = (properties: KafkaProperties): ProducerConfig => {
  const decoded = decodeProducerConfig({ 'bootstrap.servers': '127.0.0.1:1', ...properties })
  if (either.isLeft(decoded)) throw new Error(decoded.left.map(({ message }) => message).join())
  return decoded.right.producer
}

/** 200 KB in few batches: several blocks of every framing. */
const written = Array.from({ length: 200 }, (_, i) => ({
  key: i % 3 === 0 ? null : `flight ${i}`,
  value: i % 7 === 0 ? null : `${i}${' départs'.repeat(120)}`,
  headers: i % 5 === 0 ? [{ key: 'gate', value: Buffer.from(String(i)) }] : [],
  timestamp: 1_700_000_000_000 + i,
}))
const writtenBytes = written.reduce((sum, { value }) => sum + Buffer.byteLength(value ?? ''), 0)

describeKafka('codecs, by Kafka’s own consumer and ours', (kafka) => {
  let client: KafkaClient
  beforeAll(async () => {
    client = await openClient(kafka().bootstrapServers)
  }, 30_000)
  afterAll(() => firstValueFrom(client.close()))

  const createTopic = async (name: string, config: Readonly<Record<string, string>> = {}): Promise<string> => {
    const topic = `codecs-${name}-${Date.now()}`
    await firstValueFrom(client.admin.createTopics([{ topic, partitions: 1, replicationFactor: 1, config }]))
    return topic
  }

  const produce = async (topic: string, properties: KafkaProperties): Promise<void> => {
    const producer = client.producer(producerConfig(properties))
    for (const record of written) producer.append({ topic, ...record })
    await firstValueFrom(producer.flush())
    await firstValueFrom(producer.close())
  }

  it.each<readonly [string, KafkaProperties]>([
    ['none', {}],
    ['gzip', {}],
    ['gzip', { 'compression.gzip.level': 1 }],
    ['snappy', {}],
    ['lz4', {}],
    ['zstd', {}],
    ['zstd', { 'compression.zstd.level': 19 }],
  ])(
    'should read the same from %s, %o',
    async (type, levels) => {
      const topic = await createTopic(type)
      await produce(topic, { 'compression.type': type, ...levels })

      const java = await kafka().readCommitted(topic, { maxMessages: written.length })
      expect(
        java.map(({ key, value, timestamp, headers }) => ({
          ...{ key, value, timestamp },
          headers: headers.map(([name, text]) => ({ key: name, value: text === null ? null : Buffer.from(text) })),
        })),
      ).toEqual(written)

      const ours = await readPartition(client, new TopicPartition(topic, 0), { to: written.length })
      expect(ours.records).toEqual(written.map((record, offset) => ({ offset, ...record })))
      if (type !== 'none') expect(ours.largestFetch).toBeLessThan(writtenBytes / 10)
      else expect(ours.largestFetch).toBeGreaterThan(writtenBytes)
    },
    90_000,
  )

  it.each(['gzip', 'snappy', 'lz4', 'zstd'])(
    'should read %s that the broker made of another codec of ours',
    async (type) => {
      const topic = await createTopic(`broker-${type}`, { 'compression.type': type })
      await produce(topic, { 'compression.type': type === 'lz4' ? 'snappy' : 'lz4' })
      const { records } = await readPartition(client, new TopicPartition(topic, 0), { to: written.length })
      expect(records).toEqual(written.map((record, offset) => ({ offset, ...record })))
    },
    60_000,
  )
})
