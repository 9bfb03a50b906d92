import * as t from 'io-ts'
import { concat, map } from 'rxjs'
import {
  IntegerDeserializer,
  JSONKeyValueDeserializationSchema,
  JsonSchema,
  KafkaRecordDeserializationSchema,
  KafkaSource,
  OffsetsInitializer,
} from '../../lib/index.js'
import type { Sample } from './Sample.js'

const Flight = t.type({ origin: t.string, delay: t.number })

/** Bytes to values: checked JSON, JSON with metadata, a type of Kafka's, and the whole record, which may give many values or none. */
export const deserializers: Sample = (kafka) => {
  kafka.createTopic('flights', 1)
  kafka.createTopic('numbers', 1)
  kafka.produce('flights', [{ key: '"AA 7"', value: '{"origin":"AMS","delay":12}', timestamp: 1000 }])
  kafka.produce('numbers', [{ value: Buffer.from([0, 0, 1, 0]) }])

  const builder = (topic: string) =>
    KafkaSource.builder().setBootstrapServers('memory:9092').setTopics(topic).setBounded(OffsetsInitializer.latest())
  const { connect } = kafka
  return concat(
    builder('flights').setValueOnlyDeserializer(new JsonSchema(Flight)).build().records({ connect }),
    builder('flights').setDeserializer(new JSONKeyValueDeserializationSchema(true)).build().records({ connect }),
    builder('numbers').setValueOnlyDeserializer(IntegerDeserializer).build().records({ connect }),
    builder('flights')
      .setDeserializer(KafkaRecordDeserializationSchema.of(({ timestamp, headers }) => ({ timestamp, headers })))
      .build()
      .records({ connect }),
    builder('flights')
      .setDeserializer<string>({
        deserialize: ({ topic, offset }, emit) => [topic, `at ${offset}`].forEach((word) => emit(word)),
      })
      .build()
      .records({ connect }),
  ).pipe(map((value) => JSON.stringify(value)))
}
