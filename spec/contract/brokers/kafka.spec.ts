import { jest } from '@jest/globals'
import { KafkaJsBrokers } from '../../../lib/kafkajs/KafkaJsBrokers.js'
import { Troubles } from '../../../lib/standstill/Troubles.js'
import { describeEachKafka } from '../../support/realKafka.js'
import { brokersConfig } from './brokersConfig.js'
import { describeBrokersContract } from './describeBrokersContract.js'

jest.setTimeout(60_000)

describeEachKafka('lib/kafkajs', (kafka) =>
  describeBrokersContract('a real Kafka', () => {
    const addresses = kafka()
      .bootstrapServers.split(',')
      .map((address) => ({ host: address.split(':')[0]!, port: Number(address.split(':')[1]) }))
    const unreachable = new Troubles({ after: Infinity }, undefined, () => 0)
    return new KafkaJsBrokers(brokersConfig(addresses), () => unreachable)
  }),
)
