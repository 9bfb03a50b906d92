import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { kafkaJars } from './kafka/kafkaJars.js'
import {
  externalBrokers,
  type KafkaCluster,
  type KafkaOptions,
  KafkaUnavailable,
  kafkaVersion,
  kafkaVersions,
  startKafka,
} from './kafka/startKafka.js'

const startTimeoutMs = 180_000
const stopTimeoutMs = 60_000

/**
 * A `describe` whose specs run on real Kafka: one cluster for the block, started before its first spec and gone after
 * its last. Without a broker to be had the block is left out, loudly and by name; with REQUIRE_KAFKA=1 it fails.
 *
 *     describeKafka('ClusterFetcher', (kafka) => {
 *       it('should …', async () => { … kafka().bootstrapServers … }, 30_000)
 *     })
 *     describeKafka('on the oldest Kafka', { version: kafkaVersions.oldest, own: true }, (kafka) => { … })
 */
export function describeKafka(title: string, body: (kafka: () => KafkaCluster) => void): void
export function describeKafka(title: string, options: KafkaOptions, body: (kafka: () => KafkaCluster) => void): void
export function describeKafka(
  title: string,
  ...rest: [(kafka: () => KafkaCluster) => void] | [KafkaOptions, (kafka: () => KafkaCluster) => void]
): void {
  const [options, body] = rest.length === 1 ? [{}, rest[0]] : rest
  const name = `${title} (Kafka ${externalBrokers(options) ?? kafkaVersion(options)})`
  const reason = reasonForNoKafka(options)
  if (reason === undefined) onKafka(name, options, body)
  else if (process.env['REQUIRE_KAFKA'] === '1') refused(name, reason)
  else leftOut(name, reason, body)
}

/** `describeKafka` twice, on the Kafka of KAFKA_VERSION and on the oldest: for what must not depend on the release. */
export const describeEachKafka = (title: string, body: (kafka: () => KafkaCluster) => void): void => {
  const { oldest } = kafkaVersions
  describeKafka(title, body)
  if (externalBrokers({}) !== undefined || kafkaVersion({}) !== oldest)
    describeKafka(title, { version: oldest, own: true }, body)
}

const onKafka = (name: string, options: KafkaOptions, body: (kafka: () => KafkaCluster) => void): void => {
  describe(name, () => {
    let cluster: KafkaCluster | undefined
    beforeAll(async () => {
      cluster = await startKafka(options)
    }, startTimeoutMs)
    afterAll(() => cluster?.stop(), stopTimeoutMs)
    body(() => {
      if (cluster === undefined) throw new Error('Kafka runs only within a spec or a hook of describeKafka')
      return cluster
    })
  })
}

const refused = (name: string, reason: string): void => {
  describe(name, () => {
    it('should have a Kafka to run on, as REQUIRE_KAFKA=1 demands', () => {
      expect(reason).toBe('')
    })
  })
}

const leftOut = (name: string, reason: string, body: (kafka: () => KafkaCluster) => void): void => {
  console.warn(`LEFT OUT, for want of a real Kafka: ${name}\n${reason}`)
  describe.skip(name, () =>
    body(() => {
      throw new Error(reason)
    }),
  )
}

const reasonForNoKafka = (options: KafkaOptions): string | undefined => {
  if (externalBrokers(options) !== undefined) return undefined
  try {
    kafkaJars(kafkaVersion(options))
    return undefined
  } catch (error) {
    if (error instanceof KafkaUnavailable) return error.message
    throw error
  }
}
