import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import { connectKafkaJs } from '../../lib/kafkajs/connectKafkaJs.js'
import { type ContractHarness, describeClientContract } from '../../lib/testing/index.js'
import type { KafkaCluster } from '../support/kafka/startKafka.js'
import { describeKafka } from '../support/realKafka.js'

jest.setTimeout(60_000)

const framework = { afterEach, beforeEach, describe, expect, it }

const harness = (kafka: () => KafkaCluster) => (): ContractHarness => ({
  connect: connectKafkaJs,
  bootstrapServers: kafka()
    .bootstrapServers.split(',')
    .map((address) => {
      const [host = '', port] = address.split(':')
      return { host, port: Number(port) }
    }),
})

describeKafka('lib/kafkajs', (kafka) => describeClientContract('kafkajs', harness(kafka), framework))

describeKafka('lib/kafkajs on the oldest Kafka', { version: '3.9.1', own: true }, (kafka) =>
  describeClientContract('kafkajs', harness(kafka), framework),
)
