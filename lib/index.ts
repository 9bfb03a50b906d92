// Source
export { KafkaSource } from './source/KafkaSource.js'
export { KafkaSourceBuilder } from './source/KafkaSourceBuilder.js'
export type {
  DeserializationErrorPolicy,
  KafkaSourceConfig,
  OffsetOutOfRangePolicy,
  RecreatedTopicPolicy,
  RemovedPartitionsPolicy,
} from './source/KafkaSourceConfig.js'
export type { KafkaSourceOptions, KafkaSplitsOptions } from './source/KafkaSourceOptions.js'
export type { KafkaSplit } from './source/KafkaSplit.js'
export { Boundedness } from './source/Boundedness.js'
export { JSONKeyValueDeserializationSchema } from './source/deserializer/JSONKeyValueDeserializationSchema.js'
export type { JsonKeyValue } from './source/deserializer/JSONKeyValueDeserializationSchema.js'
export { KafkaRecordDeserializationSchema } from './source/deserializer/KafkaRecordDeserializationSchema.js'
export { deadLetter } from './source/deadletter/deadLetter.js'
export type { DeadLetterPolicy } from './source/deadletter/deadLetter.js'
export { DeadLetterRecord } from './source/deadletter/DeadLetterRecord.js'
export type { RecordDeserializer } from './source/deserializer/RecordDeserializer.js'
export { splitOwner } from './source/enumerator/splitOwner.js'
export { OffsetsInitializer } from './source/offsets/OffsetsInitializer.js'
export type { OffsetRole, OffsetsResolver } from './source/offsets/OffsetsResolver.js'
export type { OffsetsByTopicPartition } from './source/offsets/specifiedOffsets.js'
export type { PartitionOffsetsRetriever } from './source/offsets/PartitionOffsetsRetriever.js'
export { SourceError } from './source/SourceError.js'
export type { SourceErrorTag } from './source/SourceError.js'
export type { KafkaSubscriber } from './source/subscriber/KafkaSubscriber.js'

// Sink
export { KafkaSink } from './sink/KafkaSink.js'
export { KafkaSinkBuilder } from './sink/KafkaSinkBuilder.js'
export type {
  CommitLostPolicy,
  PrefixInUsePolicy,
  UnknownTransactionPolicy,
  KafkaSinkConfig,
} from './sink/KafkaSinkConfig.js'
export type { KafkaSinkOptions } from './sink/KafkaSinkOptions.js'
export { sinkTo } from './sink/sinkTo.js'
export type { NotFromSource, SinkOperator } from './sink/sinkTo.js'
export type { SinkEvent } from './sink/SinkEvent.js'
export { DeliveryGuarantee } from './sink/DeliveryGuarantee.js'
export { TransactionNamingStrategy } from './sink/transaction/strategy/TransactionNamingStrategy.js'
export { KafkaRecordSerializationSchema } from './sink/serializer/KafkaRecordSerializationSchema.js'
export { KafkaRecordSerializationSchemaBuilder } from './sink/serializer/KafkaRecordSerializationSchemaBuilder.js'
export type { Serializer, TimestampProvider } from './sink/serializer/KafkaRecordSerializationSchemaBuilder.js'
export type { KafkaRecordSerializer } from './sink/serializer/KafkaRecordSerializer.js'
export type { KafkaSinkContext } from './sink/serializer/KafkaSinkContext.js'
export type { KafkaPartitioner } from './sink/serializer/KafkaPartitioner.js'
export { FixedPartitioner } from './sink/serializer/FixedPartitioner.js'
export type { HeaderProvider } from './sink/serializer/HeaderProvider.js'
export type { TopicSelector } from './sink/serializer/TopicSelector.js'

// Streams
export type { ControlElement, StreamElement } from './stream/StreamElement.js'
export { StreamRecord } from './stream/StreamRecord.js'
export { MAX_WATERMARK, MIN_WATERMARK, Watermark } from './stream/Watermark.js'
export { WatermarkStatus } from './stream/WatermarkStatus.js'
export { batchEnd } from './stream/BatchEnd.js'
export type { BatchEnd } from './stream/BatchEnd.js'
export type { CheckpointBarrier, CheckpointOutcome, EndOfStream } from './stream/CheckpointBarrier.js'
export type { CheckpointingInfo, Restored, SubtaskInfo } from './stream/Restored.js'
export type { EventTimeHold } from './stream/EventTimeHold.js'
export type { PipelinePart } from './stream/PipelinePart.js'
export { branch } from './stream/branch.js'
export type { TerminalPipeline } from './stream/branch.js'
export { elementOperator } from './stream/elementOperator.js'
export type { ElementHandlers, ElementProjection } from './stream/elementOperator.js'
export { mapAsync } from './stream/mapAsync.js'
export type { MapAsyncConfig } from './stream/mapAsync.js'
export { onRecords } from './stream/onRecords.js'
export { processBatches } from './stream/processBatches.js'
export { recordOf } from './stream/located.js'
export type { RecordPosition } from './stream/RecordPosition.js'
export { recordsOnly } from './stream/recordsOnly.js'
export { restart } from './stream/restart.js'
export type { RestartPolicy } from './stream/restart.js'
export { isRetriable } from './errors/isRetriable.js'
export { StreamError } from './stream/StreamError.js'
export type {
  FormerTransactions,
  Inheritance,
  OwnerRecords,
  PreparedTransactionId,
  RecoveryAction,
  RestoredTransaction,
  TransactionOwner,
  TransactionStanding,
  TwoPhaseCommit,
  TwoPhaseSink,
} from './stream/TwoPhaseCommit.js'
export type { StreamErrorTag } from './stream/StreamError.js'

// Event time
export { alignWatermarks } from './eventtime/alignWatermarks.js'
export type { AlignWatermarksConfig } from './eventtime/alignWatermarks.js'
export { assignTimestampsAndWatermarks } from './eventtime/assignTimestampsAndWatermarks.js'
export { combineWatermarks } from './eventtime/combineWatermarks.js'
export type { SplitElements } from './eventtime/combineWatermarks.js'
export type { TimestampAssigner } from './eventtime/TimestampAssigner.js'
export type { MergeConfig } from './eventtime/MergeConfig.js'
export { unionElements } from './eventtime/unionElements.js'
export type { WatermarkAlignment } from './eventtime/WatermarkAlignment.js'
export type { WatermarkHolder, WatermarkHolderObserver } from './eventtime/WatermarkHolder.js'
export type { WatermarkGenerator, WatermarkOutput } from './eventtime/WatermarkGenerator.js'
export { WatermarkStrategy } from './eventtime/WatermarkStrategy.js'
export type { TickConfig } from './eventtime/TickConfig.js'
export { withIdleness } from './eventtime/withIdleness.js'

// Keyed state and windows
export type { Key } from './keyed/Key.js'
export { keyedScan } from './keyed/keyedScan.js'
export type { KeyedScanConfig, KeyedState } from './keyed/keyedScan.js'
export { EventTimeSessionWindows } from './keyed/windows/EventTimeSessionWindows.js'
export { SlidingEventTimeWindows } from './keyed/windows/SlidingEventTimeWindows.js'
export { TimeWindow } from './keyed/windows/TimeWindow.js'
export { TumblingEventTimeWindows } from './keyed/windows/TumblingEventTimeWindows.js'
export { windowByEventTime } from './keyed/windows/windowByEventTime.js'
export type { WindowConfig, WindowResult } from './keyed/windows/windowByEventTime.js'
export type { WindowAssigner } from './keyed/windows/WindowAssigner.js'

// Checkpoints
export { CheckpointCoordinator } from './checkpoint/CheckpointCoordinator.js'
export type { CheckpointConfig, CheckpointLogger } from './checkpoint/CheckpointConfig.js'
export { CheckpointError } from './checkpoint/CheckpointError.js'
export type { CheckpointErrorTag } from './checkpoint/CheckpointError.js'
export type {
  AttemptLease,
  AttemptRequest,
  CheckpointStore,
  StoredAttempt,
  StoredCheckpoint,
  StoredTransaction,
} from './checkpoint/store/CheckpointStore.js'
export type {
  AttemptLedger,
  EarlierCheckpoint,
  FormerHolder,
  IdBlock,
  SinkRecord,
} from './checkpoint/store/AttemptLedger.js'
export { checkpointStoreOn } from './checkpoint/store/checkpointStoreOn.js'
export type { CheckpointStoreOptions } from './checkpoint/store/checkpointStoreOn.js'
export type { CheckpointStorage } from './checkpoint/store/CheckpointStorage.js'
export type { JobShare } from './checkpoint/JobShare.js'
export type { CompletedCheckpoint } from './checkpoint/CompletedCheckpoint.js'
export { FileCheckpointStore } from './checkpoint/store/FileCheckpointStore.js'
export type { FileCheckpointStoreOptions } from './checkpoint/store/FileCheckpointStore.js'
export type { OnCorrupt } from './checkpoint/store/StoreReader.js'
export type { FileSystem } from './checkpoint/store/FileSystem.js'
export type { CheckpointedSource, CheckpointRequest, SourceAttempt } from './checkpoint/SourceAttempt.js'
export { MemoryCheckpointStore } from './checkpoint/store/MemoryCheckpointStore.js'
export { stateCodec } from './checkpoint/StateCodec.js'
export type { StateCodec, StateReader } from './checkpoint/StateCodec.js'

// Kafka's vocabulary and the client port
export { ConsumerRecord, consumerRecord } from './client/ConsumerRecord.js'
export type { ConsumerRecordFields, ConsumerRecordParts, TimestampType } from './client/ConsumerRecord.js'
export type { Header, Headers } from './client/Headers.js'
export type { IsolationLevel } from './client/IsolationLevel.js'
export { KafkaError, isKafkaError } from './client/KafkaError.js'
export type { KafkaErrorInfo, KafkaErrorTag } from './client/KafkaError.js'
export type {
  KafkaAdmin,
  NewTopic,
  PartitionDescription,
  RefusedOffsets,
  TopicDescription,
  TransactionListing,
} from './client/KafkaAdmin.js'
export type { TransactionDescription, TransactionState } from './client/TransactionDescription.js'
export type { ActiveProducer, ActiveProducersByPartition } from './client/ActiveProducer.js'
export type { ConnectKafka, KafkaClient } from './client/KafkaClient.js'
export type {
  BrokerAddress,
  CompressionType,
  FetcherConfig,
  KafkaConfig,
  Logger,
  ProducerConfig,
  SaslConfig,
  TlsConfig,
} from './client/KafkaConfig.js'
export type { BuiltInSasl } from './sasl/mechanisms.js'
export type { SaslBroker, SaslMechanism, SaslSession, SaslStep } from './sasl/SaslMechanism.js'
export type { FetchedRecords, FetchFailed, KafkaFetcher, LogIdentity } from './client/KafkaFetcher.js'
export type {
  InitialisedProducer,
  KafkaProducer,
  PreparedTransaction,
  ProducerStats,
  ResumedTransaction,
  TransactionalProducer,
} from './client/KafkaProducer.js'
export type { Offset, OffsetsByPartition } from './client/Offset.js'
export type { PartitionLog } from './client/PartitionLog.js'
export { earliestOffset, latestOffset, offsetForTimestamp } from './client/OffsetSpec.js'
export type { OffsetSpec } from './client/OffsetSpec.js'
export { OffsetResetStrategy } from './client/OffsetResetStrategy.js'
export type { Bytes, ProducerRecord } from './client/ProducerRecord.js'
export { TopicPartition } from './client/TopicPartition.js'
export { defaultConnect } from './defaultClient.js'

// Schemas
export { ByteArraySchema } from './client/schema/ByteArraySchema.js'
export type { DeserializationSchema } from './client/schema/DeserializationSchema.js'
export type { SerializationSchema } from './client/schema/SerializationSchema.js'
export { JsonSchema, type JsonSchemaOptions } from './client/schema/JsonSchema.js'
export { SimpleStringSchema } from './client/schema/SimpleStringSchema.js'
export type { Deserializer, DeserializerClass } from './client/schema/Deserializer.js'
export {
  ByteArrayDeserializer,
  DoubleDeserializer,
  IntegerDeserializer,
  LongDeserializer,
  StringDeserializer,
  UUIDDeserializer,
} from './client/schema/kafkaDeserializers.js'

// Configuration and metrics
export type { ConfigError } from './config/ConfigError.js'
export { InvalidConfigError } from './config/ConfigError.js'
export type { KafkaProperties, KafkaPropertyValue } from './config/KafkaProperties.js'
export { decodeConsumerConfig } from './config/consumerConfig.js'
export type { ConsumerConfig } from './config/consumerConfig.js'
export { decodeProducerConfig } from './config/producerConfig.js'
export type { DecodedProducerConfig } from './config/producerConfig.js'
export type { Counter, Gauge, MetricGroup } from './metrics/MetricGroup.js'
export { MemoryMetricGroup } from './metrics/MemoryMetricGroup.js'
