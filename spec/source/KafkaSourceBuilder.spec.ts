import { describe, expect, it } from '@jest/globals'
import { expectTypeOf } from 'expect-type'
import * as t from 'io-ts'
import { JsonSchema } from '../../lib/client/schema/JsonSchema.js'
import { IntegerDeserializer } from '../../lib/client/schema/kafkaDeserializers.js'
import { SimpleStringSchema } from '../../lib/client/schema/SimpleStringSchema.js'
import { InvalidConfigError } from '../../lib/config/ConfigError.js'
import { KafkaRecordDeserializationSchema } from '../../lib/source/deserializer/KafkaRecordDeserializationSchema.js'
import { KafkaSource } from '../../lib/source/KafkaSource.js'
import { OffsetsInitializer } from '../../lib/source/offsets/OffsetsInitializer.js'

const messagesOf = (act: () => unknown): readonly string[] => {
  try {
    act()
  } catch (error) {
    if (error instanceof InvalidConfigError) return error.errors.map(({ message }) => message)
    throw error
  }
  return []
}

describe('KafkaSourceBuilder', () => {
  it('should tell all faults at once, in the order of Flink', () => {
    const builder = KafkaSource.builder()
      .setProperty('enable.auto.commit', true)
      .setProperty('fetch.max.wait.ms', 'soon')
      .setStartingOffsets(OffsetsInitializer.committedOffsets())
    expect(messagesOf(() => builder.build())).toEqual([
      'Property bootstrap.servers is required but not provided',
      'No subscribe mode is specified, should be one of topics, topic pattern and partition set.',
      'Deserialization schema is required but not provided.',
      'Property group.id is required when offset commit is enabled',
      'Property group.id is required when using committed offset for offsets initializer',
      'Property fetch.max.wait.ms must be a whole number from 0, not "soon".',
    ])
  })

  it('should give the same faults as values', () => {
    const built = KafkaSource.builder().buildEither()
    expect(built).toMatchObject({
      _tag: 'Left',
      left: [{ key: 'bootstrap.servers' }, { key: 'topics' }, { key: 'deserializer' }],
    })
  })

  it('should be usable in statements', () => {
    const builder = KafkaSource.builder<string>()
    builder.setBootstrapServers('localhost:9092')
    builder.setTopics('a', 'b')
    builder.setValueOnlyDeserializer(new SimpleStringSchema())
    const source = builder.build()
    expectTypeOf(source).toEqualTypeOf<KafkaSource<string>>()
    expect(source.config.subscriber.name).toBe('TopicListSubscriber')
  })

  it('should infer the type of values from the deserializer', () => {
    const builder = KafkaSource.builder().setBootstrapServers('localhost:9092').setTopics('t')
    expectTypeOf(builder.setValueOnlyDeserializer(new SimpleStringSchema()).build()).toEqualTypeOf<
      KafkaSource<string>
    >()
    expectTypeOf(builder.setValueOnlyDeserializer(IntegerDeserializer).build()).toEqualTypeOf<
      KafkaSource<number | null>
    >()
    expectTypeOf(builder.setValueOnlyDeserializer(new JsonSchema(t.type({ a: t.number }))).build()).toEqualTypeOf<
      KafkaSource<{ a: number }>
    >()
    expectTypeOf(
      builder.setDeserializer(KafkaRecordDeserializationSchema.of(({ offset }) => offset)).build(),
    ).toEqualTypeOf<KafkaSource<number>>()
    expect.assertions(0)
  })

  it('should refuse offsets that are none', () => {
    const builder = KafkaSource.builder()
      .setBootstrapServers('localhost:9092')
      .setTopics('t')
      .setValueOnlyDeserializer(new SimpleStringSchema())
      .setStartingOffsets(OffsetsInitializer.offsets({ 't-0': -7 }))
    expect(messagesOf(() => builder.build())).toEqual([
      'Invalid starting offset -7 is specified for partition t-0. It should either be non-negative or be one of the [-2(earliest), -1(latest), -3(committed)].',
    ])
  })
})
