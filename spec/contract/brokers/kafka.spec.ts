import { jest } from '@jest/globals'
import { connectKafkaJs } from '../../../lib/kafkajs/connectKafkaJs.js'
import type { KafkaCluster } from '../../support/kafka/startKafka.js'
import { addressesOf } from '../../support/kafka/addressesOf.js'
import { openBrokers } from '../../support/openBrokers.js'
import { describeEachKafka } from '../../support/realKafka.js'
import { brokersConfig } from './brokersConfig.js'
import { describeBrokersContract } from './describeBrokersContract.js'
import { describeFetchContract } from './describeFetchContract.js'
import { describeWriteContract } from './describeWriteContract.js'

jest.setTimeout(60_000)

const brokersOf = (kafka: Pick<KafkaCluster, 'bootstrapServers'>) => openBrokers(brokersConfig(addressesOf(kafka)))

describeEachKafka('lib/kafkajs', (kafka) => {
  describeBrokersContract('a real Kafka', () => brokersOf(kafka()))
  describeWriteContract('a real Kafka', () => brokersOf(kafka()))
  describeFetchContract('a real Kafka', () => ({
    ...{ brokers: brokersOf(kafka()), connect: connectKafkaJs, bootstrapServers: addressesOf(kafka()) },
  }))
})
