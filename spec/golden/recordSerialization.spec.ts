import { describe, expect, it } from '@jest/globals'
import type { Bytes } from '../../lib/client/ProducerRecord.js'
import { SimpleStringSchema } from '../../lib/client/schema/SimpleStringSchema.js'
import { FixedPartitioner } from '../../lib/sink/serializer/FixedPartitioner.js'
import { KafkaRecordSerializationSchema } from '../../lib/sink/serializer/KafkaRecordSerializationSchema.js'
import type { KafkaSinkContext } from '../../lib/sink/serializer/KafkaSinkContext.js'
import { golden } from '../support/golden.js'

interface Case {
  readonly id: string
  readonly parallelInstanceId: number
  readonly element: string
  readonly elementTimestamp: number | null
  readonly record: {
    readonly topic: string
    readonly partition: number | null
    readonly timestamp: number | null
    readonly key: string | null
    readonly value: string | null
    readonly headers: readonly string[]
  }
}

const text = new SimpleStringSchema()
const schema = () => KafkaRecordSerializationSchema.builder<string>()
let calls = 0

/** The builder calls behind each recorded id. */
const builders: Record<string, () => ReturnType<ReturnType<typeof schema>['build']>> = {
  'value-only-const-topic': () => schema().setTopic('t').setValueSerializationSchema(text).build(),
  'key-and-value': () =>
    schema()
      .setTopic('t')
      .setKeySerializationSchema({ serialize: (element) => `k${element}` })
      .setValueSerializationSchema(text)
      .build(),
  'fixed-partitioner-two-partitions': () =>
    schema().setTopic('two').setValueSerializationSchema(text).setPartitioner(new FixedPartitioner()).build(),
  'topic-selector': () =>
    schema()
      .setTopicSelector((element) => `topic-${element.length}`)
      .setValueSerializationSchema(text)
      .build(),
  headers: () =>
    schema()
      .setTopic('t')
      .setValueSerializationSchema(text)
      .setHeaderProvider((element) => [
        { key: 'h', value: Buffer.from(element) },
        { key: 'h', value: Buffer.from('2') },
      ])
      .build(),
  'null-value-schema': () =>
    schema()
      .setTopic('t')
      .setValueSerializationSchema({ serialize: () => null })
      .build(),
  // Flink remembers selected topics but asks the selector all the same; the recording shows which call each record was.
  'topic-selector-cached': () =>
    schema()
      .setTopicSelector(() => `t${calls}`)
      .setValueSerializationSchema(text)
      .build(),
}

const asText = (bytes: Bytes | undefined): string | null =>
  bytes === null || bytes === undefined ? null : Buffer.from(bytes as Uint8Array).toString()

describe('KafkaRecordSerializationSchema, as recorded from Flink', () => {
  for (const { id, parallelInstanceId, element, elementTimestamp, record } of golden<Case>('record-serialization')) {
    it(`should write ${element} at ${elementTimestamp} with ${id}`, () => {
      const context: KafkaSinkContext = {
        parallelInstanceId,
        numberOfParallelInstances: 4,
        partitionsForTopic: () => [0, 1],
      }
      calls = Number(record.topic.slice(1))
      const serializer = builders[id]?.()
      serializer?.open?.(context)
      const written = serializer?.serialize(element, context, elementTimestamp)
      expect({
        topic: written?.topic,
        partition: written?.partition ?? null,
        timestamp: written?.timestamp ?? null,
        key: asText(written?.key),
        value: asText(written?.value),
        headers: (written?.headers ?? []).map(({ key, value }) => `${key}=${asText(value)}`),
      }).toEqual(record)
    })
  }
})
