import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import { connectKafkaJs } from '../../lib/kafkajs/connectKafkaJs.js'
import { type ContractHarness, describeClientContract } from '../../lib/conformance/index.js'
import type { KafkaCluster } from '../support/kafka/startKafka.js'
import { addressesOf } from '../support/kafka/addressesOf.js'
import { describeEachKafka } from '../support/realKafka.js'

jest.setTimeout(60_000)

const framework = { afterEach, beforeEach, describe, expect, it }

const harness = (kafka: () => KafkaCluster) => (): ContractHarness => ({
  connect: connectKafkaJs,
  bootstrapServers: addressesOf(kafka()),
})

describeEachKafka('lib/kafkajs', (kafka) => describeClientContract('kafkajs', harness(kafka), framework))
