import { describe, expect, it } from '@jest/globals'
import { runInNewContext } from 'node:vm'
import { KafkaRecordDeserializationSchema } from '../../lib/source/deserializer/KafkaRecordDeserializationSchema.js'
import { SimpleStringSchema } from '../../lib/client/schema/SimpleStringSchema.js'
import { StringDeserializer } from '../../lib/client/schema/kafkaDeserializers.js'
import { WatermarkStrategy } from '../../lib/eventtime/WatermarkStrategy.js'
import { KafkaSink } from '../../lib/sink/KafkaSink.js'
import { KafkaRecordSerializationSchema } from '../../lib/sink/serializer/KafkaRecordSerializationSchema.js'
import { KafkaSource } from '../../lib/source/KafkaSource.js'
import { OffsetsInitializer } from '../../lib/source/offsets/OffsetsInitializer.js'

/** As a caller without types may give them. */
const source = () => KafkaSource.builder() as unknown as Untyped
const sink = () => KafkaSink.builder() as unknown as Untyped
const serializer = () => KafkaRecordSerializationSchema.builder() as unknown as Untyped
const strategy = () => WatermarkStrategy.noWatermarks() as unknown as Untyped
const strategies = WatermarkStrategy as unknown as Untyped
const offsets = OffsetsInitializer as unknown as Untyped
const deserializers = KafkaRecordDeserializationSchema as unknown as Untyped

type Untyped = Readonly<Record<string, (...given: readonly unknown[]) => unknown>>
type Row = readonly [make: () => Untyped, method: string, given: readonly unknown[], message: string]

const initializer = 'an object with getPartitionOffsets()'
const logger = 'an object with debug(), info(), warn(), error()'

const refused: readonly Row[] = [
  [source, 'setTopics', [null], 'topic must be a string, but is null.'],
  [source, 'setTopics', [['a', undefined]], 'topic must be a string, but is undefined.'],
  [source, 'setTopics', [7], 'topic must be a string, but is 7.'],
  [source, 'setTopicPattern', ['abc'], 'topicPattern must be a regular expression, but is "abc".'],
  [source, 'setTopicPattern', [null], 'topicPattern must be a regular expression, but is null.'],
  [source, 'setPartitions', [null], 'partitions must be an iterable of { topic, partition }, but is null.'],
  [source, 'setPartitions', ['t-0'], 'partitions must be an iterable of { topic, partition }, but is "t-0".'],
  ...[null, 't-0', { topic: 't' }, { topic: 't', partition: -1 }, { topic: 't', partition: '0' }].map((each): Row => [
    source,
    'setPartitions',
    [[each]],
    'partition must be { topic, partition } with a name and a whole ',
  ]),
  [source, 'setKafkaSubscriber', [null], 'kafkaSubscriber must be an object with partitions(), but is null.'],
  [source, 'setKafkaSubscriber', [{}], 'kafkaSubscriber must be an object with partitions(), but is an object.'],
  [source, 'setStartingOffsets', ['earliest'], `startingOffsets must be ${initializer}, but is "earliest".`],
  [source, 'setStartingOffsets', [null], `startingOffsets must be ${initializer}, but is null.`],
  [source, 'setBounded', [42], `stoppingOffsets must be ${initializer}, null or undefined, but is 42.`],
  [source, 'setUnbounded', ['latest'], `stoppingOffsets must be ${initializer}, null or undefined, but is "latest".`],
  [
    source,
    'setDeserializer',
    ['json'],
    'deserializer must be an object with deserialize(), null or undefined, but is ',
  ],
  [source, 'setDeserializer', [SimpleStringSchema], 'deserializer must be an object with deserialize(), null or und'],
  [source, 'setValueOnlyDeserializer', [null], 'deserializer must be a schema with deserialize(), or a class of such '],
  [
    source,
    'setValueOnlyDeserializer',
    [String],
    'deserializer must be a schema with deserialize(), or a class of such',
  ],
  [source, 'setValueOnlyDeserializer', [() => 1], 'deserializer must be a schema with deserialize(), or a class of su'],
  [source, 'setRackIdSupplier', ['rack'], 'rackIdSupplier must be a function, null or undefined, but is "rack".'],
  [source, 'setDeserializationErrorPolicy', ['SKIP'], `policy must be 'fail' or 'skip', or deadLetter(pipeline), but`],
  [source, 'setDeserializationErrorPolicy', [null], `policy must be 'fail' or 'skip', or deadLetter(pipeline), but`],
  [source, 'setRemovedPartitionsPolicy', ['ignore'], `policy must be 'keep' or 'drop' or 'fail', but is "ignore".`],
  [source, 'setRecreatedTopicPolicy', [true], `policy must be 'fail' or 'earliest' or 'latest', but is true.`],
  [source, 'setOffsetOutOfRangePolicy', ['none'], `policy must be 'fail' or 'earliest' or 'latest', but is "none".`],
  [source, 'setProperty', [7, 'x'], 'key must be a string, but is 7.'],
  [source, 'setLogger', [console.log], `logger must be ${logger}, but is a function.`],
  [sink, 'setRecordSerializer', [{}], 'recordSerializer must be an object with serialize(), but is an object.'],
  [sink, 'setDeliveryGuarantee', ['EXACTLY_ONCE'], `deliveryGuarantee must be 'none' or 'at-least-once' or 'exactly-o`],
  [sink, 'setTransactionalIdPrefix', [7], 'transactionalIdPrefix must be a string, but is 7.'],
  [
    sink,
    'setTransactionNamingStrategy',
    ['pooling'],
    `transactionNamingStrategy must be 'INCREMENTING' or 'POOLING', `,
  ],
  [sink, 'setCommitLostPolicy', ['ignore'], `commitLostPolicy must be 'fail' or 'warn', but is "ignore".`],
  [sink, 'setUnknownTransactionPolicy', ['lost'], `unknownTransactionPolicy must be 'fail' or 'assumeCommitted' or '`],
  [sink, 'setPrefixInUsePolicy', ['takeover'], `prefixInUsePolicy must be 'fail' or 'takeOver', but is "takeover".`],
  [sink, 'setLogger', [{ warn: 1 }], `logger must be ${logger}, but is an object.`],
  [serializer, 'setTopic', [7], 'topic must be a string, but is 7.'],
  [serializer, 'setTopicSelector', ['t'], 'topicSelector must be a function, but is "t".'],
  [
    serializer,
    'setKeySerializationSchema',
    [String],
    'keySerializationSchema must be an object with serialize(), but ',
  ],
  [serializer, 'setKafkaKeySerializer', [String], 'keySerializer must be an object with serialize(), but is a functi'],
  [serializer, 'setValueSerializationSchema', ['json'], 'valueSerializationSchema must be an object with serialize(),'],
  [serializer, 'setKafkaValueSerializer', [{}], 'valueSerializer must be an object with serialize(), but is an obj'],
  [serializer, 'setPartitioner', [() => 0], 'partitioner must be an object with partition(), but is a function.'],
  [serializer, 'setHeaderProvider', [[]], 'headerProvider must be a function, but is an Array.'],
  [serializer, 'setTimestampProvider', [5], 'timestampProvider must be a function, but is 5.'],
  [() => strategies, 'forBoundedOutOfOrderness', [null], 'maxOutOfOrderness must be a number, but is null.'],
  [() => strategies, 'forBoundedOutOfOrderness', ['5'], 'maxOutOfOrderness must be a number, but is "5".'],
  [() => strategies, 'forGenerator', [{}], 'newGenerator must be a function, but is an object.'],
  [strategy, 'withTimestampAssigner', [null], 'timestampAssigner must be a function, but is null.'],
  [strategy, 'withIdleness', ['5'], 'idleTimeout must be greater than zero'],
  [strategy, 'withWatermarkAlignment', [null, 5], 'group must be a string, but is null.'],
  [strategy, 'withWatermarkAlignment', ['g', null], 'maxDrift must be a number, but is null.'],
  [strategy, 'withWatermarkAlignment', ['g', 5, '7'], 'updateInterval must be a number, but is "7".'],
  [
    () => offsets,
    'committedOffsets',
    [null],
    `offsetResetStrategy must be 'earliest' or 'latest' or 'none', but is nu`,
  ],
  [() => offsets, 'offsets', ['t-0'], 'offsets must be a Map or an object of offsets, but is "t-0".'],
  [() => offsets, 'offsets', [{}, 'EARLIEST'], `offsetResetStrategy must be 'earliest' or 'latest' or 'none', but is `],
  [
    () => deserializers,
    'of',
    [new SimpleStringSchema()],
    'deserialize must be a function, but is a SimpleStringSchema.',
  ],
]

const names = new Map<unknown, string>([
  ...([
    [source, 'source'],
    [sink, 'sink'],
    [serializer, 'serializer'],
    [strategy, 'strategy'],
  ] as const),
])

describe('an argument of another kind', () => {
  it.each(refused.map((row) => [`${names.get(row[0]) ?? ''} ${row[1]}`, row] as const))(
    'should be refused where it is given: %s',
    (_, [make, method, given, message]) => {
      const on = make()
      const refusal = (): unknown => on[method]!(...given)
      expect(refusal).toThrow(message)
      expect(refusal).toThrow(message.startsWith('idleTimeout') ? RangeError : TypeError)
    },
  )

  it('should be told without what may be a secret: values of properties', () => {
    expect(() => source()['setProperty']!('sasl.password', null)).toThrow('sasl.password must not be null')
  })

  it('should not be one that is of the kind, of whatever class and realm', () => {
    const builder = () => KafkaSource.builder()
    const pattern = runInNewContext('/flights-.*/') as RegExp
    expect(pattern).not.toBeInstanceOf(RegExp)
    expect(() => builder().setTopicPattern(pattern)).not.toThrow()
    expect(() => builder().setPartitions(new Set([{ topic: 't', partition: 0 }]))).not.toThrow()
    expect(() => builder().setValueOnlyDeserializer(StringDeserializer)).not.toThrow()
    expect(() => builder().setValueOnlyDeserializer(new SimpleStringSchema())).not.toThrow()
    expect(() => builder().setValueOnlyDeserializer({ deserialize: String })).not.toThrow()
    expect(() =>
      builder()
        .setRackIdSupplier(null as never)
        .setBounded(null as never),
    ).not.toThrow()
  })

  it('should be missing at build() where Flink says so there', () => {
    const { setDeserializer } = source()
    const builder = KafkaSource.builder().setBootstrapServers('b:9092').setTopics('t')
    for (const nothing of [null, undefined]) {
      setDeserializer!.call(builder, nothing)
      expect(() => builder.build()).toThrow('Deserialization schema is required but not provided.')
    }
  })
})
