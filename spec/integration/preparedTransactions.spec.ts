import { expect, it } from '@jest/globals'
import { lastValueFrom } from 'rxjs'
import type { KafkaClient } from '../../lib/client/KafkaClient.js'
import type { PreparedTransaction } from '../../lib/client/KafkaProducer.js'
import { TopicPartition } from '../../lib/client/TopicPartition.js'
import { eventually, producerConfig } from '../../lib/conformance/client/ContractScene.js'
import { readPartition } from '../../lib/conformance/client/readPartition.js'
import { type KafkaCluster, kafkaVersions, tools } from '../support/kafka/startKafka.js'
import { openClient } from '../support/openClient.js'
import { describeKafka } from '../support/realKafka.js'

const topic = 't'
const expirationMs = 4_000
const expiresSoon = {
  'transactional.id.expiration.ms': String(expirationMs),
  'transaction.remove.expired.transaction.cleanup.interval.ms': '200',
}

/** A transaction of one record, its own id, that is flushed by a client which is closed then. */
const prepare = async ({ bootstrapServers }: KafkaCluster, transactionalId: string): Promise<PreparedTransaction> => {
  const client = await openClient(bootstrapServers)
  const producer = client.transactionalProducer(transactionalId, producerConfig({ transactionTimeoutMs: 600_000 }))
  const identity = await lastValueFrom(producer.init())
  producer.begin()
  producer.append({ topic, partition: 0, value: transactionalId })
  await lastValueFrom(producer.flush())
  await lastValueFrom(client.close())
  return identity
}

const resume = (client: KafkaClient, { transactionalId, producerId, epoch }: PreparedTransaction) =>
  client.resume(transactionalId, producerId, epoch)

const commit = (client: KafkaClient, prepared: PreparedTransaction): Promise<void> =>
  lastValueFrom(resume(client, prepared).commit())

/** What coordinators tell of these, in their order: as a prepared transaction, with its state. */
const describedBy = (client: KafkaClient, prepared: readonly PreparedTransaction[]) => async () => {
  const ids = prepared.map(({ transactionalId }) => transactionalId)
  const described = await lastValueFrom(client.admin.describeTransactions(ids))
  return ids.map((transactionalId) => {
    const { state = 'forgotten', producerId, epoch } = described.get(transactionalId) ?? {}
    return { transactionalId, state, producerId, epoch }
  })
}
const all = (state: string, prepared: readonly PreparedTransaction[]) => prepared.map((one) => ({ ...one, state }))

const committedValues = async (client: KafkaClient, to: number): Promise<readonly (string | null)[]> =>
  (await readPartition(client, new TopicPartition(topic, 0), { to, isolationLevel: 'read_committed' })).values

/** `kafka-features.sh` */
const features = async (kafka: KafkaCluster, ...args: readonly string[]): Promise<void> => {
  const { code, stderr } = await kafka.tool(tools.FeatureCommand, [
    '--bootstrap-server',
    kafka.bootstrapServers,
    ...args,
  ])
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' })
}

const withTopic = async ({ bootstrapServers }: KafkaCluster): Promise<KafkaClient> => {
  const client = await openClient(bootstrapServers)
  await lastValueFrom(client.admin.createTopics([{ topic, partitions: 1 }]))
  return client
}

describeKafka('a prepared transaction', { own: true, version: kafkaVersions.newest }, (kafka) => {
  it('should be committed by another client, whatever transaction.version has become meanwhile', async () => {
    const client = await withTopic(kafka())
    const transactionVersion = (how: 'upgrade' | 'downgrade', version: number) =>
      features(kafka(), how, '--feature', `transaction.version=${version}`)
    await transactionVersion('downgrade', 0)
    const first = await prepare(kafka(), 'prepared under 0')
    await transactionVersion('upgrade', 2)
    const second = await prepare(kafka(), 'prepared under 2')
    const described = describedBy(client, [first, second])
    expect(await described()).toEqual(all('Ongoing', [first, second]))

    await commit(client, first)
    await transactionVersion('downgrade', 1)
    await commit(client, second)

    await eventually(described, (standing) => expect(standing).toEqual(all('CompleteCommit', [first, second])))
    // A commit that is repeated is told from one that is lost, whatever the feature.
    await transactionVersion('upgrade', 2)
    for (const prepared of [first, second]) await commit(client, prepared)
    expect(await committedValues(client, 4)).toEqual(['prepared under 0', 'prepared under 2'])
    await lastValueFrom(client.close())
  }, 120_000)
})

describeKafka('a transactional id that expires', { own: true, config: expiresSoon }, (kafka) => {
  it('should be forgotten some time after its transaction was committed, and not while one is open', async () => {
    const client = await withTopic(kafka())
    const ended = await prepare(kafka(), 'ended')
    const open = await prepare(kafka(), 'open')
    await commit(client, ended)

    await eventually(
      describedBy(client, [ended, open]),
      (standing) =>
        expect(standing).toEqual([
          { transactionalId: 'ended', state: 'forgotten', producerId: undefined, epoch: undefined },
          ...all('Ongoing', [open]),
        ]),
      10 * expirationMs,
    )
    for (const end of [resume(client, ended).commit(), resume(client, ended).abort()]) {
      await expect(lastValueFrom(end)).rejects.toMatchObject({
        ...{ _tag: 'TransactionLost', codeName: 'INVALID_PRODUCER_ID_MAPPING', retriable: false },
      })
    }
    await commit(client, open)
    const again = await prepare(kafka(), 'ended')
    expect({ ...again, producerId: again.producerId === ended.producerId }).toEqual({ ...again, producerId: false })
    expect(again.epoch).toBe(0)
    await lastValueFrom(resume(client, again).abort())
    await lastValueFrom(client.close())
  }, 120_000)
})

describeKafka('a prepared transaction on the oldest Kafka', { own: true, version: kafkaVersions.oldest }, (kafka) => {
  it('should be committed when the brokers have become the newest, and their features too', async () => {
    const client = await withTopic(kafka())
    const prepared = [await prepare(kafka(), 'commits'), await prepare(kafka(), 'aborts')] as const
    const described = describedBy(client, prepared)

    await kafka().upgrade(kafkaVersions.newest)
    expect(await described()).toEqual(all('Ongoing', prepared))
    await features(kafka(), 'upgrade', '--release-version', kafkaVersions.newest.replace(/\.\d+$/, ''))
    expect(await described()).toEqual(all('Ongoing', prepared))
    await commit(client, prepared[0])
    await lastValueFrom(resume(client, prepared[1]).abort())

    await commit(client, prepared[0])
    await expect(commit(client, prepared[1])).rejects.toMatchObject({ codeName: 'INVALID_TXN_STATE' })
    expect(await committedValues(client, 4)).toEqual(['commits'])
    await lastValueFrom(client.close())
  }, 180_000)
})
