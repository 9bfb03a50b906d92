import { jest } from '@jest/globals'
import { connectKafkaJs } from '../../lib/kafkajs/connectKafkaJs.js'
import type { KafkaCluster } from '../support/kafka/startKafka.js'
import { describeKafka } from '../support/realKafka.js'
import type { ContractHarness } from './ContractHarness.js'
import { describeClientContract } from './clientContract.js'

jest.setTimeout(60_000)

const harness = (kafka: () => KafkaCluster) => (): ContractHarness => ({
  connect: connectKafkaJs,
  bootstrapServers: kafka()
    .bootstrapServers.split(',')
    .map((address) => {
      const [host = '', port] = address.split(':')
      return { host, port: Number(port) }
    }),
})

describeKafka('lib/kafkajs', (kafka) => describeClientContract('kafkajs', harness(kafka)))

describeKafka('lib/kafkajs on the oldest Kafka', { version: '3.9.1', own: true }, (kafka) =>
  describeClientContract('kafkajs', harness(kafka)),
)
