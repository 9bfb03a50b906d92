import { describe, expect, it } from '@jest/globals'
import { SimpleStringSchema } from '../../lib/client/schema/SimpleStringSchema.js'
import { FixedPartitioner } from '../../lib/sink/serializer/FixedPartitioner.js'
import { KafkaRecordSerializationSchema } from '../../lib/sink/serializer/KafkaRecordSerializationSchema.js'
import type { KafkaRecordSerializationSchemaBuilder } from '../../lib/sink/serializer/KafkaRecordSerializationSchemaBuilder.js'
import { runMarbles } from '../../lib/testing/runMarbles.js'
import { copying, topics } from './support/copying.js'

type Schema = KafkaRecordSerializationSchema<string>
type Builder = KafkaRecordSerializationSchemaBuilder<string>

const text = new SimpleStringSchema()
const parts = (): Builder => KafkaRecordSerializationSchema.builder<string>()
const toOut = (): Builder => parts().setTopic('out').setValueSerializationSchema(text)

/** A function that gives this, whatever its type says. */
const giving = (given: unknown) => (): never => given as never
/** A serializer of the user's own. */
const own = (given: unknown): Schema => ({ serialize: giving(given) })

const wrong: readonly (readonly [what: string, schema: Schema, message: RegExp])[] = [
  [
    'a topic selector that forgets a case',
    parts()
      .setTopicSelector((value) => ({ 0: 'out', 1: 'out' })[value]!)
      .setValueSerializationSchema(text)
      .build(),
    /Topic cannot be null\. It is undefined\. Check the topic selector/,
  ],
  ...[null, undefined].map(
    (topic) => [`the topic ${topic}`, own({ topic, value: 'v' }), /Topic cannot be null\./] as const,
  ),
  ['an empty topic', own({ topic: '', value: 'v' }), /Topic name is invalid: the empty string is not allowed/],
  ['a topic with a space', own({ topic: 'a b', value: 'v' }), /Topic name is invalid: "a b"/],
  [
    'a topic selector that gives a number, before a partitioner',
    parts()
      .setTopicSelector(giving(5))
      .setValueSerializationSchema(text)
      .setPartitioner(new FixedPartitioner())
      .build(),
    /the topic is a number/,
  ],
  [
    'an invalid topic, before a partitioner',
    parts().setTopic('a b').setValueSerializationSchema(text).setPartitioner(new FixedPartitioner()).build(),
    /Topic name is invalid: "a b"/,
  ],
  ...[-1, NaN, 0.5, null, undefined, '0'].map(
    (partition) =>
      [
        `a partitioner that gives ${partition}`,
        toOut()
          .setPartitioner({ partition: giving(partition) })
          .build(),
        /Invalid partition: .* Check the partitioner/,
      ] as const,
  ),
  ...['out', 'not-known-yet'].map(
    (topic) =>
      [`partition -1 of ${topic}`, own({ topic, partition: -1, value: 'v' }), /Invalid partition: -1\./] as const,
  ),
  ...[undefined, 5, {}, new ArrayBuffer(4)].map(
    (value) =>
      [
        `a value of the type ${Object.prototype.toString.call(value)}`,
        own({ topic: 'out', value }),
        /its value is /,
      ] as const,
  ),
  ...[undefined, 5].map(
    (key) =>
      [
        `a key serializer that gives ${key}`,
        toOut()
          .setKeySerializationSchema({ serialize: giving(key) })
          .build(),
        /its key is /,
      ] as const,
  ),
  ...[NaN, '5', new Date(0)].map(
    (timestamp) =>
      [
        `a timestamp provider that gives ${String(timestamp)}`,
        toOut().setTimestampProvider(giving(timestamp)).build(),
        /Invalid timestamp: /,
      ] as const,
  ),
  [
    'a header that is text',
    toOut()
      .setHeaderProvider(giving([{ key: 'h', value: 'v' }]))
      .build(),
    /the header "h"/,
  ],
  ['a serializer that gives nothing', own(undefined), /the serializer gave undefined\. It gives a record/],
  ['a serializer that gives text', own('v'), /the serializer gave a string/],
  ['an async serializer', own(Promise.resolve({ topic: 'out', value: 'v' })), /a Promise.*mapAsync/],
]

describe('a sink', () => {
  it.each(wrong)('should end the job at the record, and commit nothing without it: %s', (_, schema, message) => {
    const good = toOut().build()
    const serialize: Schema['serialize'] = (value, context, timestamp) =>
      (value < '2' ? good : schema).serialize(value, context, timestamp)
    runMarbles({ topics, until: 200 }, (helpers) => {
      helpers.produce('in', '10ms 0 9ms 1 9ms 2 9ms 3')
      const refused = expect.objectContaining({
        ...{ _tag: 'InvalidRecord', retriable: false },
        message: expect.stringMatching(message),
      })
      helpers.expectObservable(copying(helpers)({ serializer: { serialize } })).toBe('30ms #', {}, refused)
      helpers.expectCommits('out').toBe('-')
    })
  })

  it('should ask for the topic of each element', () => {
    runMarbles({ topics: { ...topics, odd: 1 }, until: 200 }, (helpers) => {
      const serializer = parts()
        .setTopicSelector((value) => (Number(value) % 2 === 0 ? 'out' : 'odd'))
        .setValueSerializationSchema(text)
        .build()
      helpers.produce('in', '10ms 012345')
      helpers.run(copying(helpers)({ serializer }))
      helpers.expectCommits('out').toBe('100ms x', { x: ['0', '2', '4'] })
      helpers.expectCommits('odd').toBe('100ms x', { x: ['1', '3', '5'] })
    })
  })

  it('should leave out a timestamp below 0, and one that is null', () => {
    for (const given of [-1, -5.5, null, -Infinity])
      runMarbles({ topics, until: 200 }, (helpers) => {
        helpers.produce('in', '10ms a')
        helpers.run(copying(helpers)({ serializer: toOut().setTimestampProvider(giving(given)).build() }))
        helpers.expectCommits('out').toBe('100ms a')
        helpers.flush()
        expect(helpers.kafka.records('out')[0]?.timestamp).toBeGreaterThanOrEqual(0)
      })
  })
})
