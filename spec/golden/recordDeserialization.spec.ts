import { describe, expect, it } from '@jest/globals'
import { ConsumerRecord } from '../../lib/client/ConsumerRecord.js'
import { StringDeserializer } from '../../lib/client/schema/kafkaDeserializers.js'
import { SimpleStringSchema } from '../../lib/client/schema/SimpleStringSchema.js'
import { KafkaRecordDeserializationSchema } from '../../lib/source/deserializer/KafkaRecordDeserializationSchema.js'
import { golden } from '../support/golden.js'

interface Case {
  readonly id: string
  readonly value: string | null
  readonly collected?: readonly (string | null)[]
  readonly exceptionChain?: readonly { readonly class: string; readonly message: string }[]
}

const { valueOnly } = KafkaRecordDeserializationSchema

/** By the beginning of the id. */
const schemas: Readonly<Record<string, KafkaRecordDeserializationSchema<string | null>>> = {
  'valueOnly(SimpleStringSchema)': valueOnly(new SimpleStringSchema()),
  'valueOnly(schema returning null)': valueOnly<string>({ deserialize: () => null }),
  'valueOnly(schema throwing)': valueOnly<string>({
    deserialize: () => {
      throw new RangeError('bad record')
    },
  }),
  'valueOnly(StringDeserializer.class)': valueOnly(StringDeserializer),
}

const recordOf = (value: string | null): ConsumerRecord => {
  const bytes = Buffer.from(value ?? '')
  return new ConsumerRecord({
    topic: 't',
    partition: 0,
    offset: 0,
    timestamp: 0,
    timestampType: 'CreateTime',
    leaderEpoch: 0,
    buffer: bytes,
    keyStart: 0,
    keyEnd: -1,
    valueStart: 0,
    valueEnd: value === null ? -1 : bytes.length,
    headersStart: 0,
    decodeHeaders: null,
  })
}

describe('KafkaRecordDeserializationSchema.valueOnly, as recorded from Flink', () => {
  for (const { id, value, collected, exceptionChain } of golden<Case>('record-deserialization')) {
    const deserialize = (): readonly (string | null)[] => {
      const emitted: (string | null)[] = []
      const [, schema] = Object.entries(schemas).find(([name]) => id.startsWith(name))!
      schema.deserialize(recordOf(value), (out) => emitted.push(out))
      return emitted
    }

    if (exceptionChain === undefined)
      it(`should emit ${JSON.stringify(collected)}: ${id}`, () => {
        expect(deserialize()).toEqual(collected)
      })
    else
      it(`should fail: ${id}`, () => {
        const message = exceptionChain[0]?.message ?? ''
        // What Java says of a null by itself is not a message of Flink's.
        expect(deserialize).toThrow(message.startsWith('Cannot read') ? /null value/ : message)
      })
  }
})
