import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals'
import { SimpleStringSchema } from '../../lib/client/schema/SimpleStringSchema.js'
import { WatermarkStrategy } from '../../lib/eventtime/WatermarkStrategy.js'
import { DeliveryGuarantee } from '../../lib/sink/DeliveryGuarantee.js'
import { KafkaSink } from '../../lib/sink/KafkaSink.js'
import { KafkaRecordSerializationSchema } from '../../lib/sink/serializer/KafkaRecordSerializationSchema.js'
import { TransactionNamingStrategy } from '../../lib/sink/transaction/strategy/TransactionNamingStrategy.js'
import { golden } from '../support/golden.js'
import { departures } from './departures.js'

interface Case {
  readonly id: string
  readonly code: string
  readonly ok: boolean
  readonly result?: Readonly<Record<string, string>>
  readonly exceptionChain?: readonly { readonly message: string | null }[]
}

const text = new SimpleStringSchema()
const schema = () => KafkaRecordSerializationSchema.builder<string>()
const serializer = () => schema().setTopic('t').setValueSerializationSchema(text).build()
const complete = () => KafkaSink.builder<string>().setBootstrapServers('b:9092').setRecordSerializer(serializer())
const exactlyOnce = () => complete().setDeliveryGuarantee(DeliveryGuarantee.EXACTLY_ONCE)
const none = null as never

/** What each recorded case does, to the end. */
const scripts: Readonly<Record<string, () => unknown>> = {
  'sink-missing-serializer': () => KafkaSink.builder<string>().setBootstrapServers('b:9092').build(),
  'sink-missing-everything': () => KafkaSink.builder<string>().build(),
  'sink-prefix-null': () => complete().setTransactionalIdPrefix(none),
  'sink-prefix-64000': () => complete().setTransactionalIdPrefix('x'.repeat(64_000)).build(),
  'sink-prefix-empty': () => exactlyOnce().setTransactionalIdPrefix('').build(),
  'sink-serializer-null': () => complete().setRecordSerializer(none),
  'sink-property-key-null': () => complete().setProperty(none, 'x'),
  'sink-naming-null': () => complete().setTransactionNamingStrategy(none),
  'sink-pooling-topic-selector': () =>
    exactlyOnce()
      .setTransactionalIdPrefix('p')
      .setTransactionNamingStrategy(TransactionNamingStrategy.POOLING)
      .setRecordSerializer(
        schema()
          .setTopicSelector(() => 't')
          .setValueSerializationSchema(text)
          .build(),
      )
      .build(),
  'sink-props-user-serializer': () => complete().setProperty('value.serializer', 'X').build(),
  'ser-no-value': () => schema().setTopic('t').build(),
  'ser-none': () => schema().build(),
  'ser-topic-twice': () => schema().setTopic('a').setTopic('b'),
  'ser-topic-then-selector': () =>
    schema()
      .setTopic('a')
      .setTopicSelector(() => 'b'),
  'ser-value-then-kafka-value': () =>
    schema()
      .setValueSerializationSchema(text)
      .setKafkaValueSerializer({ serialize: (_topic, value) => value }),
  'ser-partitioner-null': () => schema().setPartitioner(none),
  'ser-header-null': () => schema().setHeaderProvider(none),
  'wm-negative-ooo': () => WatermarkStrategy.forBoundedOutOfOrderness(-1),
  'wm-idle-negative': () => WatermarkStrategy.forMonotonousTimestamps().withIdleness(-1),
  'wm-idle-null': () => WatermarkStrategy.forMonotonousTimestamps().withIdleness(none),
}

/** What a sink has decided, under Kafka's names. */
const effective = ({ config }: KafkaSink<string>): Readonly<Record<string, string>> => ({
  'bootstrap.servers': config.client.bootstrapServers.map(({ host, port }) => `${host}:${port}`).join(),
  'transaction.timeout.ms': String(config.producer.transactionTimeoutMs),
  '<deliveryGuarantee>': config.deliveryGuarantee,
  '<transactionNamingStrategy>': config.transactionNamingStrategy,
})

describe('KafkaSink.builder(), serializers and strategies, as recorded from Flink', () => {
  const recorded = golden<Case>('builder').filter(({ id }) => /^(sink|ser|wm)-/.test(id))

  beforeAll(() => {
    jest.spyOn(console, 'warn').mockImplementation(() => undefined)
  })
  afterAll(() => {
    jest.restoreAllMocks()
  })

  it('should have a script for every case, and no others', () => {
    expect(Object.keys(scripts).sort()).toEqual(recorded.map(({ id }) => id).sort())
  })

  for (const { id, code, ok, result = {}, exceptionChain } of recorded) {
    const script = scripts[id]!
    if (!ok) {
      const message = exceptionChain?.[0]?.message
      it(`should refuse: ${code}`, () => {
        expect(script).toThrow(message ?? TypeError)
      })
      continue
    }
    const { refusal } = departures[id] ?? {}
    if (refusal !== undefined) {
      it(`should depart: ${departures[id]!.because}`, () => {
        expect(script).toThrow(refusal)
      })
      continue
    }
    it(`should build: ${code}`, () => {
      const { 'key.serializer': _key, 'value.serializer': _value, ...expected } = result
      expect(effective(script() as KafkaSink<string>)).toMatchObject({ ...expected, ...departures[id]?.properties })
    })
    const departure = departures[id]
    if (departure?.properties === undefined) continue
    const { because, properties } = departure
    it(`should depart: ${because}`, () => {
      expect(result).not.toMatchObject(properties)
    })
  }
})
