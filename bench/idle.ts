/**
 * `npx tsx bench/idle.ts`: CPU time of a client that has nothing to do, over 5 s: connected, then with a poll of 4 idle
 * partitions, ours beside kafkajs's consumer, which looks at its request queues every millisecond.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { Kafka, logLevel } from 'kafkajs'
import { firstValueFrom, lastValueFrom } from 'rxjs'
import { defaultConnect } from '../lib/defaultClient.js'
import { KafkaSource, OffsetsInitializer, SimpleStringSchema } from '../lib/index.js'
import { benchKafka } from './benchKafka.js'
import { kafkaConfig } from './configs.js'
import { createTopic } from './topics.js'

const SECONDS = 5
const topic = 'bench-idle'

/** ms of CPU in which nothing happens, after a while to settle. */
const cpuMs = async (): Promise<number> => {
  await delay(2000)
  const before = process.cpuUsage()
  await delay(SECONDS * 1000)
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

const print = (what: string, ms: number): void =>
  console.log(`${what.padEnd(44)} ${ms.toFixed(0).padStart(6)} ms CPU in ${SECONDS} s`)

const kafka = await benchKafka()
try {
  const { bootstrapServers } = kafka
  await createTopic(bootstrapServers, topic)
  print('nothing at all', await cpuMs())

  const client = await firstValueFrom(defaultConnect(kafkaConfig(bootstrapServers)))
  await lastValueFrom(client.admin.listTopics())
  print('rx-kafka, connected', await cpuMs())
  await lastValueFrom(client.close(), { defaultValue: undefined })

  const reading = KafkaSource.builder()
    .setBootstrapServers(bootstrapServers)
    .setTopics(topic)
    .setStartingOffsets(OffsetsInitializer.earliest())
    .setValueOnlyDeserializer(new SimpleStringSchema())
    .build()
    .records()
    .subscribe()
  print('rx-kafka, polling 4 idle partitions', await cpuMs())
  reading.unsubscribe()

  const theirs = new Kafka({ brokers: [bootstrapServers], logLevel: logLevel.NOTHING })
  const admin = theirs.admin()
  await admin.connect()
  await admin.listTopics()
  print('kafkajs, connected', await cpuMs())
  await admin.disconnect()

  const consumer = theirs.consumer({ groupId: 'bench-idle', maxWaitTimeInMs: 500 })
  await consumer.connect()
  await consumer.subscribe({ topic })
  await consumer.run({ eachMessage: () => Promise.resolve() })
  await delay(4000)
  print('kafkajs, polling 4 idle partitions', await cpuMs())
  await consumer.disconnect()
} finally {
  await kafka.stop()
}
