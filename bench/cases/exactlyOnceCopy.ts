import { lastValueFrom, tap } from 'rxjs'
import {
  CheckpointCoordinator,
  DeliveryGuarantee,
  FileCheckpointStore,
  KafkaRecordSerializationSchema,
  KafkaSink,
  KafkaSource,
  OffsetsInitializer,
  onRecords,
  SimpleStringSchema,
  sinkTo,
  type WatermarkStrategy,
} from '../../lib/index.js'
import { type BenchCase, stopwatch } from './BenchCase.js'

/** Topic to topic under checkpoints, with event time or without. */
export const exactlyOnceCopy =
  (watermarks?: WatermarkStrategy<string>): BenchCase =>
  async ({ bootstrapServers, topic, output, records, directory }) => {
    const watch = stopwatch()
    const checkpoints = CheckpointCoordinator.create({ interval: 1000, store: new FileCheckpointStore(directory) })
    const source = KafkaSource.builder()
      .setBootstrapServers(bootstrapServers)
      .setGroupId(output)
      .setTopics(topic)
      .setStartingOffsets(OffsetsInitializer.earliest())
      .setBounded(OffsetsInitializer.latest())
      .setValueOnlyDeserializer(new SimpleStringSchema())
      .build()
    const sink = KafkaSink.builder<string>()
      .setBootstrapServers(bootstrapServers)
      .setDeliveryGuarantee(DeliveryGuarantee.EXACTLY_ONCE)
      .setTransactionalIdPrefix(output)
      .setRecordSerializer(
        KafkaRecordSerializationSchema.builder<string>()
          .setTopic(output)
          .setValueSerializationSchema(new SimpleStringSchema())
          .build(),
      )
      .build()
    let committed = 0
    await lastValueFrom(
      source.elements({ checkpoints, watermarks }).pipe(
        onRecords(tap(watch.start)),
        sinkTo(sink),
        tap((event) => {
          if (event.kind === 'committed') committed += event.records
        }),
      ),
    )
    if (committed !== records) throw new Error(`${committed} records committed instead of ${records}`)
    return watch.seconds()
  }
