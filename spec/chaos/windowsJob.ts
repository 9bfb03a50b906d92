import { identity, type MonoTypeOperatorFunction, type Observable } from 'rxjs'
import type { CheckpointCoordinator } from '../../lib/checkpoint/CheckpointCoordinator.js'
import { SimpleStringSchema } from '../../lib/client/schema/SimpleStringSchema.js'
import type { WindowAssigner } from '../../lib/keyed/windows/WindowAssigner.js'
import { DeliveryGuarantee } from '../../lib/sink/DeliveryGuarantee.js'
import { KafkaSink } from '../../lib/sink/KafkaSink.js'
import { KafkaRecordSerializationSchema } from '../../lib/sink/serializer/KafkaRecordSerializationSchema.js'
import type { SinkEvent } from '../../lib/sink/SinkEvent.js'
import { sinkTo } from '../../lib/sink/sinkTo.js'
import { KafkaSource } from '../../lib/source/KafkaSource.js'
import type { KafkaSinkOptions } from '../../lib/sink/KafkaSinkOptions.js'
import type { StreamElement } from '../../lib/stream/StreamElement.js'
import { OffsetsInitializer } from '../../lib/source/offsets/OffsetsInitializer.js'
import { watermarksOfEvents, windowsOfEvents } from './windowsOfEvents.js'

/** Events of topic `windows-in`, up to what is there at the start, to windows in topic `windows-out`, exactly once. */
export const windowsJob = (
  windows: WindowAssigner,
  checkpoints: CheckpointCoordinator,
  options: Pick<KafkaSinkOptions, 'connect' | 'scheduler'> = {},
  bootstrapServers = 'memory:9092',
  pace: MonoTypeOperatorFunction<StreamElement<string>> = identity,
): Observable<SinkEvent> => {
  const source = KafkaSource.builder()
    .setBootstrapServers(bootstrapServers)
    .setTopics('windows-in')
    .setGroupId('windows')
    .setStartingOffsets(OffsetsInitializer.earliest())
    .setBounded(OffsetsInitializer.latest())
    .setProperty('max.poll.records', 6)
    .setValueOnlyDeserializer(new SimpleStringSchema())
    .build()
  const sink = KafkaSink.builder<string>()
    .setBootstrapServers(bootstrapServers)
    .setDeliveryGuarantee(DeliveryGuarantee.EXACTLY_ONCE)
    .setTransactionalIdPrefix('windows')
    .setRecordSerializer(
      KafkaRecordSerializationSchema.builder<string>()
        .setTopic('windows-out')
        .setValueSerializationSchema(new SimpleStringSchema())
        .build(),
    )
    .build()
  return source
    .elements({ ...options, checkpoints, watermarks: watermarksOfEvents })
    .pipe(pace, windowsOfEvents(windows), sinkTo(sink, options))
}
