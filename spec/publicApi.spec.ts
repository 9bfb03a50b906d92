import { readFileSync } from 'node:fs'
import { describe, expect, it } from '@jest/globals'
import * as conformance from '../lib/conformance/index.js'
import * as rxKafka from '../lib/index.js'
import * as testing from '../lib/testing/index.js'

/** The names of a module that only re-exports: `value`, `type Type`. */
const namesOf = (file: string): readonly string[] =>
  [...readFileSync(file, 'utf8').matchAll(/^export (type )?\{([^}]*)\}/gm)].flatMap(([, type = '', names]) =>
    names!
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== '')
      .map((name) => type + name),
  )

const list = (text: string): readonly string[] => text.trim().split(/\s+/)

// Taking a name away, or changing what it means, is a new major version; adding one is a line here and in CHANGELOG.md.
const values = list(`
  Boundedness ByteArrayDeserializer ByteArraySchema CheckpointCoordinator CheckpointError ConsumerRecord DeadLetterRecord DeliveryGuarantee
  DoubleDeserializer FileCheckpointStore FixedPartitioner IntegerDeserializer InvalidConfigError JSONKeyValueDeserializationSchema JsonSchema KafkaError
  KafkaRecordDeserializationSchema KafkaRecordSerializationSchema KafkaRecordSerializationSchemaBuilder KafkaSink
  KafkaSinkBuilder KafkaSource KafkaSourceBuilder LongDeserializer MAX_WATERMARK MIN_WATERMARK MemoryCheckpointStore
  MemoryMetricGroup OffsetResetStrategy OffsetsInitializer SimpleStringSchema SourceError StreamError StreamRecord
  StringDeserializer TopicPartition TransactionNamingStrategy UUIDDeserializer Watermark WatermarkStatus WatermarkStrategy
  alignWatermarks assignTimestampsAndWatermarks batchEnd branch checkpointStoreOn combineWatermarks consumerRecord deadLetter decodeConsumerConfig decodeProducerConfig
  defaultConnect earliestOffset elementOperator isKafkaError latestOffset mapAsync offsetForTimestamp onRecords processBatches recordOf recordsOnly restart isRetriable
  sinkTo splitOwner stateCodec unionElements withIdleness
  EventTimeSessionWindows SlidingEventTimeWindows TimeWindow TumblingEventTimeWindows keyedScan windowByEventTime
`)

const types = list(`
  ActiveProducer ActiveProducersByPartition AlignWatermarksConfig AttemptLease AttemptLedger AttemptRequest BatchEnd BrokerAddress BuiltInSasl Bytes CheckpointBarrier CheckpointConfig
  CheckpointErrorTag CheckpointLogger CheckpointOutcome CheckpointRequest CheckpointStorage CheckpointStore CheckpointStoreOptions CheckpointedSource
  CheckpointingInfo CommitLostPolicy CompletedCheckpoint CompressionType ConfigError ConnectKafka ConsumerConfig
  ConsumerRecordFields ConsumerRecordParts ControlElement Counter DeadLetterPolicy DecodedProducerConfig DeserializationErrorPolicy
  DeserializationSchema Deserializer DeserializerClass ElementHandlers ElementProjection EndOfStream EventTimeHold FetchFailed FetchedRecords FetcherConfig
  FileCheckpointStoreOptions FileSystem Gauge Header HeaderProvider Headers InitialisedProducer IsolationLevel JobShare JsonKeyValue JsonSchemaOptions KafkaAdmin
  KafkaClient KafkaConfig KafkaErrorInfo KafkaErrorTag KafkaFetcher KafkaPartitioner KafkaProducer KafkaProperties
  KafkaPropertyValue KafkaRecordSerializer KafkaSinkConfig KafkaSinkContext KafkaSinkOptions KafkaSourceConfig
  KafkaSourceOptions KafkaSplit KafkaSplitsOptions KafkaSubscriber Key KeyedScanConfig KeyedState LogIdentity Logger
  MapAsyncConfig MergeConfig MetricGroup NewTopic NotFromSource Offset OffsetOutOfRangePolicy OffsetRole OffsetSpec
  OffsetsByPartition
  OffsetsByTopicPartition OffsetsResolver OnCorrupt PartitionDescription PartitionLog PartitionOffsetsRetriever PipelinePart PreparedTransaction
  ProducerConfig ProducerRecord ProducerStats RecordDeserializer RecordPosition RecreatedTopicPolicy RefusedOffsets RemovedPartitionsPolicy RestartPolicy Restored ResumedTransaction
  SaslBroker SaslConfig SaslMechanism SaslSession SaslStep SerializationSchema Serializer SinkEvent SinkOperator SourceAttempt SourceErrorTag SplitElements StateCodec StateReader
  StoredAttempt StoredCheckpoint StreamElement StreamErrorTag SubtaskInfo TerminalPipeline TickConfig TimestampAssigner
  TimestampProvider TimestampType TlsConfig TopicDescription TopicSelector TransactionDescription TransactionListing TransactionState TransactionalProducer
  WatermarkAlignment WatermarkGenerator WatermarkHolder WatermarkHolderObserver WatermarkOutput WindowAssigner WindowConfig
  WindowResult EarlierCheckpoint FormerHolder FormerTransactions IdBlock Inheritance OwnerRecords PrefixInUsePolicy PreparedTransactionId
  RecoveryAction RestoredTransaction SinkRecord StoredTransaction TransactionOwner TransactionStanding TwoPhaseCommit TwoPhaseSink
  UnknownTransactionPolicy
`)

/** Of `rx-kafka/testing`. */
const testingValues = list(`
  CrashMismatch Fault MarbleMismatch MemoryKafka Upstream crashEverywhere record runMarbles showElement watermark
`)

/** Of `rx-kafka/conformance`. */
const conformanceValues = list(
  'describeCheckpointStorageContract describeCheckpointStoreContract describeClientContract',
)

/** What is called on something, by its name. */
const members: Readonly<Record<string, readonly [subject: object, names: readonly string[]]>> = {
  'KafkaSource.builder()': [
    rxKafka.KafkaSource.builder(),
    list(`setBootstrapServers setGroupId setTopics setTopicPattern setPartitions setKafkaSubscriber setStartingOffsets
      setBounded setUnbounded setDeserializer setValueOnlyDeserializer setClientIdPrefix setRackIdSupplier setProperty
      setProperties setSasl setLogger setDeserializationErrorPolicy setRemovedPartitionsPolicy setOffsetOutOfRangePolicy build buildEither`),
  ],
  'a source': [rxKafka.KafkaSource.prototype, list('elements splits records')],
  'KafkaSink.builder()': [
    rxKafka.KafkaSink.builder(),
    list(`setBootstrapServers setRecordSerializer setDeliveryGuarantee setTransactionalIdPrefix setTransactionNamingStrategy
      setCommitLostPolicy setUnknownTransactionPolicy setPrefixInUsePolicy setKafkaProducerConfig setProperty setSasl setLogger build buildEither`),
  ],
  'KafkaRecordSerializationSchema.builder()': [
    rxKafka.KafkaRecordSerializationSchema.builder(),
    list(`setTopic setTopicSelector setKeySerializationSchema setValueSerializationSchema setKafkaKeySerializer
      setKafkaValueSerializer setPartitioner setHeaderProvider setTimestampProvider build`),
  ],
  OffsetsInitializer: [rxKafka.OffsetsInitializer, list('earliest latest timestamp committedOffsets offsets')],
  KafkaRecordDeserializationSchema: [rxKafka.KafkaRecordDeserializationSchema, list('of valueOnly')],
  WatermarkStrategy: [
    rxKafka.WatermarkStrategy,
    list('noWatermarks forMonotonousTimestamps forBoundedOutOfOrderness forGenerator'),
  ],
  'a watermark strategy': [
    rxKafka.WatermarkStrategy.noWatermarks(),
    list('withTimestampAssigner withIdleness withWatermarkAlignment'),
  ],
  CheckpointCoordinator: [rxKafka.CheckpointCoordinator, ['create']],
  'a coordinator': [rxKafka.CheckpointCoordinator.prototype, list('trigger stopWithSavepoint')],
  'a MemoryKafka': [
    new testing.MemoryKafka(),
    list(`connect createTopic deleteTopic createPartitions produce commitOffsets deleteRecords compact records endOffsets
      committedOffsets transactions inject moveLeader truncate cut`),
  ],
  Fault: [testing.Fault, list('fail loseAnswer delay hold')],
}

describe('the public names', () => {
  it('should be these', () => {
    const names = [...values, ...types.map((name) => `type ${name}`)]
    expect([...namesOf('lib/index.ts')].sort()).toEqual(names.sort())
  })

  it('should be there when the program runs', () => {
    expect(Object.keys(rxKafka).sort()).toEqual([...values].sort())
    expect(Object.keys(testing).sort()).toEqual(testingValues)
    expect(Object.keys(conformance).sort()).toEqual(conformanceValues)
  })

  it.each(Object.entries(members))('should be callable: %s', (_, [subject, names]) => {
    expect(names.filter((name) => typeof Reflect.get(subject, name) !== 'function')).toEqual([])
  })

  it.each([
    ['DeliveryGuarantee', rxKafka.DeliveryGuarantee, 'NONE AT_LEAST_ONCE EXACTLY_ONCE'],
    ['TransactionNamingStrategy', rxKafka.TransactionNamingStrategy, 'INCREMENTING POOLING'],
    ['OffsetResetStrategy', rxKafka.OffsetResetStrategy, 'EARLIEST LATEST NONE'],
  ])('should be the values of %s', (_, enumeration, names) => {
    expect(Object.keys(enumeration).sort()).toEqual([...list(names)].sort())
  })
})
