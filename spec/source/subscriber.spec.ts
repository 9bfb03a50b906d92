import { describe, expect, it } from '@jest/globals'
import { map } from 'rxjs'
import { SimpleStringSchema } from '../../lib/client/schema/SimpleStringSchema.js'
import { TopicPartition } from '../../lib/client/TopicPartition.js'
import { KafkaSource } from '../../lib/source/KafkaSource.js'
import type { KafkaSourceBuilder } from '../../lib/source/KafkaSourceBuilder.js'
import { OffsetsInitializer } from '../../lib/source/offsets/OffsetsInitializer.js'
import { onKafka } from './support/onKafka.js'

type Subscribe = (builder: KafkaSourceBuilder<unknown>) => KafkaSourceBuilder<unknown>

/** What a bounded source reads, of topics whose every partition holds its own name. */
const reading = (
  topics: Readonly<Record<string, number>>,
  subscribe: Subscribe,
  picture: string,
  error?: string,
): void => {
  onKafka(topics, (kafka, scheduler, { expectObservable }) => {
    for (const [topic, partitions] of Object.entries(topics))
      for (let partition = 0; partition < partitions; partition++)
        kafka.produce(topic, [{ partition, value: `${topic}-${partition}` }])
    const builder = subscribe(KafkaSource.builder().setBootstrapServers('memory:9092'))
    const source = builder
      .setValueOnlyDeserializer(new SimpleStringSchema())
      .setBounded(OffsetsInitializer.latest())
      .build()
    const values = { a: 'a-0', b: 'a-1', c: 'b-0', d: 'ab-0' }
    expectObservable(source.records({ connect: kafka.connect, scheduler })).toBe(
      picture,
      values,
      expect.objectContaining({ message: error, retriable: true }),
    )
  })
}

const topics = { a: 2, b: 1, ab: 1, __consumer_offsets: 1 }

describe('a subscription', () => {
  it('should be all partitions of a list of topics', () =>
    reading(topics, (source) => source.setTopics('a', 'b'), '(abc|)'))

  it('should be the same for an array', () => reading(topics, (source) => source.setTopics(['a', 'b']), '(abc|)'))

  it('should be the topics whose whole name matches', () =>
    reading(topics, (source) => source.setTopicPattern(/a|b/), '(abc|)'))

  it('should match by the flags of the pattern, without a memory from name to name', () =>
    reading(topics, (source) => source.setTopicPattern(/A.?/giy), '(abd|)'))

  it('should not hold internal topics, whatever matches', () =>
    reading(topics, (source) => source.setTopicPattern(/.*/), '(abdc|)'))

  it('should be some partitions', () =>
    reading(
      topics,
      (source) => source.setPartitions([new TopicPartition('a', 1), { topic: 'b', partition: 0 }]),
      '(bc|)',
    ))

  it('should be what a subscriber of one’s own says', () => {
    const name = 'FirstPartitions'
    const partitions: Parameters<KafkaSourceBuilder<unknown>['setKafkaSubscriber']>[0]['partitions'] = (admin) =>
      admin.listTopics().pipe(map((found) => found.map((topic) => new TopicPartition(topic.name, 0))))
    reading({ a: 2, b: 1 }, (source) => source.setKafkaSubscriber({ name, partitions }), '(ac|)')
  })

  it('should fail and name all topics that are missing', () =>
    reading(
      topics,
      (source) => source.setTopics('c', 'a', 'd'),
      '#',
      'Failed to get metadata for topics [c, a, d]. The brokers do not know: c, d. Create them, or look for a typing error in setTopics.',
    ))

  it('should fail and name all partitions that are missing', () => {
    const set = (...keys: readonly [string, number][]) => keys.map(([topic, partition]) => ({ topic, partition }))
    reading(
      topics,
      (source) => source.setPartitions(set(['a', 0], ['a', 2], ['c', 0])),
      '#',
      "Partitions 'a-2', 'c-0' do not exist on Kafka brokers",
    )
    reading(
      topics,
      (source) => source.setPartitions(set(['b', 7])),
      '#',
      "Partition 'b-7' does not exist on Kafka brokers",
    )
  })
})
