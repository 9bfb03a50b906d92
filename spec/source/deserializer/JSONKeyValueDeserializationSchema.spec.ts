import { describe, expect, it } from '@jest/globals'
import { expectTypeOf } from 'expect-type'
import * as t from 'io-ts'
import { consumerRecord } from '../../../lib/client/ConsumerRecord.js'
import {
  JSONKeyValueDeserializationSchema,
  type JsonKeyValue,
} from '../../../lib/source/deserializer/JSONKeyValueDeserializationSchema.js'
import { KafkaSource } from '../../../lib/source/KafkaSource.js'

const record = (key: string | null, value: string | null) =>
  consumerRecord({ topic: 'flights', partition: 3, offset: 42, key, value })

const read = <K, V>(
  schema: JSONKeyValueDeserializationSchema<K, V>,
  key: string | null,
  value: string | null,
): readonly JsonKeyValue<K, V>[] => {
  const emitted: JsonKeyValue<K, V>[] = []
  schema.deserialize(record(key, value), (out) => emitted.push(out))
  return emitted
}

describe('JSONKeyValueDeserializationSchema', () => {
  it('should read key and value', () => {
    expect(read(new JSONKeyValueDeserializationSchema(), '{"id":7}', '[1]')).toEqual([{ key: { id: 7 }, value: [1] }])
  })

  it('should say where a record was read when it is asked to', () => {
    expect(read(new JSONKeyValueDeserializationSchema(true), '1', '2')).toEqual([
      { key: 1, value: 2, metadata: { offset: 42, topic: 'flights', partition: 3 } },
    ])
  })

  it('should leave out what a record does not have', () => {
    expect(read(new JSONKeyValueDeserializationSchema(), null, '2')).toEqual([{ value: 2 }])
    expect(read(new JSONKeyValueDeserializationSchema(), '1', null)).toEqual([{ key: 1 }])
  })

  it('should throw at what is not JSON, and at what a codec does not accept, naming every fault', () => {
    const schema = new JSONKeyValueDeserializationSchema(false, {
      value: t.type({ origin: t.string, delay: t.number }),
    })
    expect(() => read(schema, '{', '{}')).toThrow(SyntaxError)
    expect(() => read(schema, null, '{"origin":1}')).toThrow(/\/origin: string; .*\/delay: number/)
    expect(read(schema, null, '{"origin":"AMS","delay":3}')).toEqual([{ value: { origin: 'AMS', delay: 3 } }])
  })

  it('should read large integers as bigint where that is asked for', () => {
    const schema = new JSONKeyValueDeserializationSchema(false, {}, { largeIntegers: 'bigint' })
    expect(read(schema, '9007199254740993', '{"id":-9007199254740993}')).toEqual([
      { key: 9_007_199_254_740_993n, value: { id: -9_007_199_254_740_993n } },
    ])
  })

  it('should give a source the types of its codecs', () => {
    const schema = new JSONKeyValueDeserializationSchema(true, { key: t.string, value: t.type({ delay: t.number }) })
    const builder = KafkaSource.builder().setBootstrapServers('b:9092').setTopics('t').setDeserializer(schema)
    expectTypeOf(builder.build()).toEqualTypeOf<KafkaSource<JsonKeyValue<string, { delay: number }>>>()
    expect.assertions(0)
  })
})
