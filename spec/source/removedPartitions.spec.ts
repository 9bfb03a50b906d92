import { describe, expect, it } from '@jest/globals'
import { map } from 'rxjs'
import type { RemovedPartitionsPolicy } from '../../lib/source/KafkaSourceConfig.js'
import { KafkaRecordDeserializationSchema } from '../../lib/source/deserializer/KafkaRecordDeserializationSchema.js'
import { KafkaSource } from '../../lib/source/KafkaSource.js'
import { onKafka } from './support/onKafka.js'
import { silent, valuesFor } from './support/sourceOf.js'
import { withAdmin } from './support/withAdmin.js'

const INTERVAL = 10

/** Topics come and go with a pattern only: a topic that is named and missing fails the discovery. */
const byPattern = (policy: RemovedPartitionsPolicy) =>
  silent(
    KafkaSource.builder()
      .setBootstrapServers('localhost:9092')
      .setTopicPattern(/t.*/)
      .setProperty('partition.discovery.interval.ms', INTERVAL)
      .setRemovedPartitionsPolicy(policy)
      .setDeserializer(KafkaRecordDeserializationSchema.of(({ value }) => value?.toString()))
      .build(),
  )

/** `t` is not in the answers of these rounds of discovery, counted from 0, one each 10 ms. */
const missing = (
  policy: RemovedPartitionsPolicy,
  rounds: readonly number[],
  picture: string,
  values?: Record<string, unknown>,
  error?: unknown,
): void => {
  onKafka({ t: 1 }, (kafka, scheduler, { expectObservable }) => {
    let round = 0
    const connect = withAdmin(kafka, (admin) => ({
      listTopics: () =>
        admin
          .listTopics()
          .pipe(map((topics) => topics.filter(({ name }) => !(name === 't' && rounds.includes(round++))))),
    }))
    kafka.produce('t', valuesFor(0, 'a', 'b'))
    scheduler.schedule(() => kafka.produce('t', valuesFor(0, 'c')), 65)
    expectObservable(byPattern(policy).records({ connect, scheduler }), '^ 90ms !').toBe(picture, values, error)
  })
}

describe('a partition that is not there any more', () => {
  for (const policy of ['keep', 'drop', 'fail'] as const) {
    it(`should be read on, policy ${policy}, when only a broker with old metadata did not know it`, () =>
      missing(policy, [2, 3, 5], '(ab) 61ms c'))
  }

  it('should be kept, however long it is missing, when the policy is keep', () =>
    missing('keep', [1, 2, 3, 4], '(ab) 61ms c'))

  it('should be new when it comes back after it was dropped', () => missing('drop', [1, 2, 3], '(ab) 36ms (ab) 21ms c'))

  it('should end the stream when the policy is fail', () =>
    missing(
      'fail',
      [1, 2, 3],
      '(ab) 26ms #',
      undefined,
      expect.objectContaining({ _tag: 'PartitionRemoved', retriable: false }),
    ))
})
