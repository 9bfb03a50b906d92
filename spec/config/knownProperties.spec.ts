import { readFileSync } from 'node:fs'
import { describe, expect, it } from '@jest/globals'
import { consumerProperties } from '../../lib/config/consumerConfig.js'
import { producerProperties } from '../../lib/config/producerConfig.js'
import { kafkaProperties, propertiesPage } from '../support/docs/propertiesPage.js'

/** Flink's own, which Kafka does not know. */
const flinks = {
  consumer: [
    'client.id.prefix',
    'commit.offsets.on.checkpoint',
    'partition.discovery.interval.ms',
    'register.consumer.metrics',
  ],
  producer: ['register.producer.metrics'],
}

/** librdkafka's. */
const librdkafkas = ['receive.message.max.bytes']

const ours = ['fetch.max.decompressed.bytes']

const columns = (text: string): string => text.replaceAll(/ +/g, ' ').replaceAll(/-{3,}/g, '---').replaceAll('_', '*')

describe('the known properties', () => {
  it.each([
    ['consumer', consumerProperties, [...flinks.consumer, ...librdkafkas, ...ours]],
    ['producer', producerProperties, [...flinks.producer, ...librdkafkas]],
  ] as const)('should be those of Kafka’s %s, each either used or without effect', (side, { used, unused }, more) => {
    expect([...Object.keys(used), ...Object.keys(unused)].sort()).toEqual(
      [...Object.keys(kafkaProperties[side]), ...more].sort(),
    )
  })

  it('should be the tables of docs/properties.md, which `npm run docs` writes', () => {
    expect(columns(readFileSync('docs/properties.md', 'utf8'))).toBe(columns(propertiesPage()))
  })
})
