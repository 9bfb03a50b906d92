import { expect, it } from '@jest/globals'
import { lastValueFrom } from 'rxjs'
import type { KafkaClient } from '../../lib/client/KafkaClient.js'
import { TopicPartition } from '../../lib/client/TopicPartition.js'
import { eventually, producerConfig } from '../../lib/testing/contract/ContractScene.js'
import { readPartition } from '../../lib/testing/contract/readPartition.js'
import { kafkaVersions, tools } from '../support/kafka/startKafka.js'
import { openClient } from '../support/openClient.js'
import { describeKafka } from '../support/realKafka.js'

const topic = 't'

/** A transaction that is flushed by a client which is closed. */
const prepare = async (bootstrapServers: string, transactionalId: string) => {
  const client = await openClient(bootstrapServers)
  const producer = client.transactionalProducer(transactionalId, producerConfig({ transactionTimeoutMs: 600_000 }))
  const identity = await lastValueFrom(producer.init())
  producer.begin()
  producer.append({ topic, partition: 0, value: transactionalId })
  await lastValueFrom(producer.flush())
  await lastValueFrom(client.close())
  return identity
}

describeKafka('a transaction that is prepared', { own: true, version: kafkaVersions.newest }, (kafka) => {
  const raise = async (how: 'upgrade' | 'downgrade', version: number): Promise<void> => {
    const { bootstrapServers } = kafka()
    const feature = [how, '--feature', `transaction.version=${version}`]
    const { code, stderr } = await kafka().tool(tools.FeatureCommand, [
      '--bootstrap-server',
      bootstrapServers,
      ...feature,
    ])
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' })
  }

  it('should be committed by another client when transaction.version was raised or lowered meanwhile', async () => {
    const { bootstrapServers } = kafka()
    const client: KafkaClient = await openClient(bootstrapServers)
    await lastValueFrom(client.admin.createTopics([{ topic, partitions: 1 }]))
    await raise('downgrade', 0)
    const first = await prepare(bootstrapServers, 'prepared under 0')
    await raise('upgrade', 2)
    const second = await prepare(bootstrapServers, 'prepared under 2')
    const identities = [first, second]
    const described = async () => {
      const answer = await lastValueFrom(
        client.admin.describeTransactions(identities.map(({ transactionalId }) => transactionalId)),
      )
      return identities.map(({ transactionalId }) => {
        const { state, producerId, epoch } = answer.get(transactionalId) ?? {}
        return { transactionalId, state, producerId, epoch }
      })
    }
    expect(await described()).toEqual(identities.map((identity) => ({ ...identity, state: 'Ongoing' })))
    const commit = (identity = first) =>
      lastValueFrom(client.resume(identity.transactionalId, identity.producerId, identity.epoch).commit())
    await commit(first)
    await raise('downgrade', 1)
    await commit(second)
    await eventually(described, (standing) =>
      expect(standing).toEqual(identities.map((identity) => ({ ...identity, state: 'CompleteCommit' }))),
    )
    // A commit that is repeated is told from one that is lost, whatever the feature.
    await raise('upgrade', 2)
    for (const identity of identities) await commit(identity)
    const { values } = await readPartition(client, new TopicPartition(topic, 0), {
      to: 4,
      isolationLevel: 'read_committed',
    })
    expect(values).toEqual(['prepared under 0', 'prepared under 2'])
    await lastValueFrom(client.close())
  }, 120_000)
})
