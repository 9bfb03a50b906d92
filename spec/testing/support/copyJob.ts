import type { Observable } from 'rxjs'
import type { CheckpointCoordinator } from '../../../lib/checkpoint/CheckpointCoordinator.js'
import { SimpleStringSchema } from '../../../lib/client/schema/SimpleStringSchema.js'
import { DeliveryGuarantee } from '../../../lib/sink/DeliveryGuarantee.js'
import { KafkaSink } from '../../../lib/sink/KafkaSink.js'
import { KafkaRecordSerializationSchema } from '../../../lib/sink/serializer/KafkaRecordSerializationSchema.js'
import type { SinkEvent } from '../../../lib/sink/SinkEvent.js'
import { sinkTo } from '../../../lib/sink/sinkTo.js'
import { KafkaSource } from '../../../lib/source/KafkaSource.js'
import { OffsetsInitializer } from '../../../lib/source/offsets/OffsetsInitializer.js'
import type { SceneHelpers } from '../../../lib/testing/KafkaScene.js'

const builder = () =>
  KafkaSource.builder()
    .setBootstrapServers('memory:9092')
    .setGroupId('copy')
    .setTopics('in')
    .setProperty('max.poll.records', 2)
    .setValueOnlyDeserializer(new SimpleStringSchema())

/** The strings of topic `in`, for ever. */
export const endless = builder().build()

/** The strings that are in topic `in` when it starts. */
export const bounded = builder().setBounded(OffsetsInitializer.latest()).build()

const sink = (guarantee: DeliveryGuarantee): KafkaSink<string> =>
  KafkaSink.builder<string>()
    .setBootstrapServers('memory:9092')
    .setDeliveryGuarantee(guarantee)
    .setTransactionalIdPrefix('copy')
    .setRecordSerializer(
      KafkaRecordSerializationSchema.builder<string>()
        .setTopic('out')
        .setValueSerializationSchema(new SimpleStringSchema())
        .build(),
    )
    .build()

/** What is under test where the kit is: `in` to `out`. */
export const copyJob = (
  source: KafkaSource<string>,
  checkpoints: CheckpointCoordinator,
  options: SceneHelpers['options'],
  guarantee: DeliveryGuarantee = DeliveryGuarantee.EXACTLY_ONCE,
): Observable<SinkEvent> => source.elements({ ...options, checkpoints }).pipe(sinkTo(sink(guarantee), options))
