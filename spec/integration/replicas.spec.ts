import { expect, it } from '@jest/globals'
import { firstValueFrom, lastValueFrom, type Subscription } from 'rxjs'
import {
  CheckpointCoordinator,
  KafkaSource,
  MemoryCheckpointStore,
  OffsetsInitializer,
  SimpleStringSchema,
} from '../../lib/index.js'
import { producerConfig } from '../../lib/conformance/client/ContractScene.js'
import { until } from '../kafkajs/support/until.js'
import { quiet } from '../source/support/sourceOf.js'
import { createTopicOn } from '../support/kafka/createTopicOn.js'
import type { KafkaCluster } from '../support/kafka/startKafka.js'
import { openClient } from '../support/openClient.js'
import { describeKafka } from '../support/realKafka.js'
import { BytesByPort } from './BytesByPort.js'

const racks = ['a', 'b', 'c']
const config = {
  'replica.selector.class': 'org.apache.kafka.common.replica.RackAwareReplicaSelector',
  'replica.lag.time.max.ms': '3000',
}

/** A source of one partition, and what it has read so far. */
const reading = (kafka: KafkaCluster, topic: string, rack: string, checkpoints?: CheckpointCoordinator) => {
  const values: string[] = []
  const errors: unknown[] = []
  const subscription: Subscription = KafkaSource.builder()
    .setBootstrapServers(kafka.bootstrapServers)
    .setTopics(topic)
    .setStartingOffsets(OffsetsInitializer.earliest())
    .setValueOnlyDeserializer(new SimpleStringSchema())
    .setRackIdSupplier(() => rack)
    .setProperty('request.timeout.ms', 2000)
    .setLogger(quiet)
    .build()
    .records({ checkpoints })
    .subscribe({ next: (value) => values.push(value), error: (error: unknown) => errors.push(error) })
  return { values, errors, stop: () => subscription.unsubscribe() }
}

// Two brokers are down at once: the quorum must be neither of them.
describeKafka('replicas', { own: true, brokers: 3, controllers: 1, racks, config }, (kafka) => {
  const brokerOf = (id: number) => {
    const broker = kafka().brokers.find((candidate) => candidate.id === id)
    if (broker === undefined) throw new Error(`no broker ${id}`)
    return broker
  }

  /** A topic of one partition, with replicas on these brokers: the first one leads it, the next one follows. */
  const topicOf = async (
    topic: string,
    replicas: readonly [number, number, number?],
    settings: readonly string[] = [],
  ) => {
    await createTopicOn(kafka(), topic, replicas, settings)
    const client = await openClient(kafka().bootstrapServers)
    const [leader, follower] = replicas
    // A producer of its own each time: after a truncation the sequence of a former one has a gap.
    const write = async (from: number, to: number): Promise<void> => {
      const producer = client.producer(producerConfig({ deliveryTimeoutMs: 60_000 }))
      for (let n = from; n < to; n++) producer.append({ topic, partition: 0, value: valueOf(n) })
      await lastValueFrom(producer.flush())
      await lastValueFrom(producer.close(), { defaultValue: undefined })
    }
    return { write, leader: brokerOf(leader), follower: brokerOf(follower), close: () => lastValueFrom(client.close()) }
  }

  const unclean = ['unclean.leader.election.enable=true', 'min.insync.replicas=1']

  const valueOf = (n: number): string => String(n).padEnd(1000, '.')
  const valuesUpTo = (end: number): readonly string[] => Array.from({ length: end }, (_, n) => valueOf(n))

  it('should be read in the rack of the reader (KIP-392), and at the leader while that one is silent, then gone', async () => {
    const { write, leader, follower, close } = await topicOf('racks', [2, 3, 1])
    await write(0, 500)
    const bytes = new BytesByPort()
    const reader = reading(kafka(), 'racks', follower.rack ?? '')

    await until(() => reader.values.length === 500, 30_000)
    expect(bytes.from(follower.port)).toBeGreaterThan(500_000)
    expect(bytes.from(leader.port)).toBeLessThan(100_000)

    follower.pause()
    await write(500, 1000)
    await until(() => reader.values.length === 1000, 30_000)
    expect(bytes.from(leader.port)).toBeGreaterThan(500_000)

    await follower.kill()
    await write(1000, 1100)
    await until(() => reader.values.length === 1100, 30_000)
    expect(reader.values).toEqual(valuesUpTo(1100))
    expect(reader.errors).toEqual([])

    reader.stop()
    bytes.stop()
    await close()
    await follower.start()
  }, 150_000)

  it('should tell by LogTruncated when one without what was read becomes leader (KIP-320)', async () => {
    const { write, leader, follower, close } = await topicOf('unclean', [2, 3], unclean)
    await write(0, 10)
    const reader = reading(kafka(), 'unclean', '')
    await until(() => reader.values.length === 10, 30_000)
    await follower.kill()
    await write(10, 20)
    await until(() => reader.values.length === 20, 30_000)

    await leader.kill()
    await follower.start()
    await until(() => reader.errors.length > 0, 60_000)

    expect(reader.errors).toMatchObject([{ _tag: 'LogTruncated', cause: { divergentOffset: 10, offset: 20 } }])
    expect(reader.values).toEqual(valuesUpTo(20))
    reader.stop()
    await close()
    await leader.start()
  }, 150_000)

  it('should tell it too when the job was down meanwhile, and the log has become longer than before', async () => {
    const { write, leader, follower, close } = await topicOf('unclean-down', [2, 3], unclean)
    const store = new MemoryCheckpointStore()
    const start = () => {
      const checkpoints = CheckpointCoordinator.create({ interval: 60_000, store, logger: quiet })
      return { checkpoints, reader: reading(kafka(), 'unclean-down', '', checkpoints) }
    }
    await write(0, 10)
    const before = start()
    await until(() => before.reader.values.length === 10, 30_000)
    await follower.kill()
    await write(10, 20)
    await until(() => before.reader.values.length === 20, 30_000)
    await firstValueFrom(before.checkpoints.stopWithSavepoint({ drain: false }))

    await leader.kill()
    await follower.start()
    await write(20, 35)
    const after = start()
    await until(() => after.reader.errors.length > 0, 60_000)

    expect(after.reader.errors).toMatchObject([{ _tag: 'LogTruncated', cause: { divergentOffset: 10, offset: 20 } }])
    expect(after.reader.values).toEqual([])
    after.reader.stop()
    await close()
    await leader.start()
  }, 150_000)
})
