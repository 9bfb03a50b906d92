import * as t from 'io-ts'
import { concat, defer, from, map } from 'rxjs'
import {
  CheckpointCoordinator,
  deadLetter,
  type DeadLetterRecord,
  DeliveryGuarantee,
  JsonSchema,
  KafkaRecordSerializationSchema,
  KafkaSink,
  KafkaSource,
  MemoryCheckpointStore,
  OffsetsInitializer,
  recordsOnly,
  sinkTo,
} from '../../lib/index.js'
import type { Sample } from './Sample.js'

const Flight = t.type({ origin: t.string, delay: t.number })

/** Records that cannot be read go to a topic, with the reason and where they came from, in the same checkpoint as the others. */
export const deadLetters: Sample = (kafka) => {
  kafka.createTopic('flights', 1)
  kafka.createTopic('rejects', 1)
  kafka.produce('flights', [
    { value: '{"origin":"AMS","delay":12}' },
    { value: '{"origin":"LIS"}' },
    { value: 'noise' },
  ])

  const rejects = KafkaSink.builder<DeadLetterRecord>()
    .setBootstrapServers('memory:9092')
    .setDeliveryGuarantee(DeliveryGuarantee.EXACTLY_ONCE)
    .setTransactionalIdPrefix('rejects')
    .setRecordSerializer(
      KafkaRecordSerializationSchema.builder<DeadLetterRecord>()
        .setTopic('rejects')
        .setKeySerializationSchema({ serialize: ({ key }) => key })
        .setValueSerializationSchema({ serialize: ({ value }) => value })
        .setHeaderProvider(({ topic, partition, offset, reason }) => [
          { key: 'from', value: Buffer.from(`${topic}-${partition} at ${offset}`) },
          { key: 'reason', value: Buffer.from(reason) },
        ])
        .build(),
    )
    .build()

  const flights = KafkaSource.builder()
    .setBootstrapServers('memory:9092')
    .setTopics('flights')
    .setBounded(OffsetsInitializer.latest())
    .setDeserializationErrorPolicy(deadLetter(sinkTo(rejects, { connect: kafka.connect })))
    .setValueOnlyDeserializer(new JsonSchema(Flight))
    .build()

  const checkpoints = CheckpointCoordinator.create({ interval: 1000, store: new MemoryCheckpointStore() })
  return concat(
    flights.elements({ connect: kafka.connect, checkpoints }).pipe(
      recordsOnly(),
      map(({ origin, delay }) => `flight: ${origin} ${delay}`),
    ),
    defer(() => from(kafka.records('rejects'))).pipe(
      map(({ value, headers }) => `reject: ${value} (${headers.map((header) => String(header.value)).join(': ')})`),
    ),
  )
}
