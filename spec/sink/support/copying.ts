import { identity, map, type Observable, Subject, take } from 'rxjs'
import type { CheckpointConfig } from '../../../lib/checkpoint/CheckpointConfig.js'
import type { CheckpointCoordinator } from '../../../lib/checkpoint/CheckpointCoordinator.js'
import { SimpleStringSchema } from '../../../lib/client/schema/SimpleStringSchema.js'
import type { Logger } from '../../../lib/client/KafkaConfig.js'
import type { KafkaProperties } from '../../../lib/config/KafkaProperties.js'
import { DeliveryGuarantee } from '../../../lib/sink/DeliveryGuarantee.js'
import { KafkaSink } from '../../../lib/sink/KafkaSink.js'
import type { CommitLostPolicy, PrefixInUsePolicy } from '../../../lib/sink/KafkaSinkConfig.js'
import type { KafkaRecordSerializer } from '../../../lib/sink/serializer/KafkaRecordSerializer.js'
import { KafkaRecordSerializationSchema } from '../../../lib/sink/serializer/KafkaRecordSerializationSchema.js'
import type { TransactionNamingStrategy } from '../../../lib/sink/transaction/strategy/TransactionNamingStrategy.js'
import type { SinkEvent } from '../../../lib/sink/SinkEvent.js'
import { sinkTo } from '../../../lib/sink/sinkTo.js'
import { KafkaSource } from '../../../lib/source/KafkaSource.js'
import { OffsetsInitializer } from '../../../lib/source/offsets/OffsetsInitializer.js'
import { onRecords } from '../../../lib/stream/onRecords.js'
import type { Restored } from '../../../lib/stream/Restored.js'
import type { StreamElement } from '../../../lib/stream/StreamElement.js'
import type { SceneHelpers } from '../../../lib/testing/KafkaScene.js'
import type { Upstream } from '../../../lib/testing/Upstream.js'

/** Where records come from, and where they go. */
export const topics = { in: 1, out: 1 }

export interface SinkSettings {
  readonly guarantee?: DeliveryGuarantee
  readonly prefix?: string
  readonly naming?: TransactionNamingStrategy
  readonly lostPolicy?: CommitLostPolicy
  readonly prefixInUse?: PrefixInUsePolicy
  readonly properties?: KafkaProperties
  readonly serializer?: KafkaRecordSerializer<string>
  readonly logger?: Logger
}

/** Writes to `out`, with EXACTLY_ONCE and the prefix `job` unless another is given. */
export const sinkOf = ({
  guarantee = DeliveryGuarantee.EXACTLY_ONCE,
  prefix = 'job',
  naming = 'INCREMENTING',
  lostPolicy = 'fail',
  prefixInUse = 'fail',
  properties = {},
  serializer = KafkaRecordSerializationSchema.builder<string>()
    .setTopic('out')
    .setValueSerializationSchema(new SimpleStringSchema())
    .build(),
  logger,
}: SinkSettings = {}): KafkaSink<string> => {
  const builder = KafkaSink.builder<string>()
    .setBootstrapServers('memory:9092')
    .setDeliveryGuarantee(guarantee)
    .setTransactionalIdPrefix(prefix)
    .setTransactionNamingStrategy(naming)
    .setCommitLostPolicy(lostPolicy)
    .setPrefixInUsePolicy(prefixInUse)
    .setKafkaProducerConfig(properties)
    .setRecordSerializer(serializer)
  return (logger === undefined ? builder : builder.setLogger(logger)).build()
}

export const sourceOf = (topic: string): KafkaSource<string> =>
  KafkaSource.builder()
    .setBootstrapServers('memory:9092')
    .setTopics(topic)
    .setStartingOffsets(OffsetsInitializer.earliest())
    .setGroupId('copying')
    .setValueOnlyDeserializer(new SimpleStringSchema())
    .build()

const source = sourceOf('in')

export interface Copying extends SinkSettings {
  /** Every 100 ms unless something else is said. */
  readonly checkpoints?: Partial<CheckpointConfig> | CheckpointCoordinator
  /** It ends after so many records, in all its lives. */
  readonly count?: number
  readonly subtaskIndex?: number
  readonly parallelism?: number
}

/** The elements of topic `in`. */
export const elementsOf = (
  { options, coordinator }: Pick<SceneHelpers, 'options' | 'coordinator'>,
  { checkpoints = {}, count = Infinity, subtaskIndex = 0, parallelism = 1 }: Copying = {},
): Observable<StreamElement<string>> => {
  const given = 'trigger' in checkpoints ? checkpoints : coordinator({ interval: 100, ...checkpoints })
  return source
    .elements({ ...options, checkpoints: given, subtaskIndex, parallelism })
    .pipe(count === Infinity ? identity : onRecords(take(count)))
}

/** A job that copies from topic `in` to topic `out`, with a coordinator of its own. */
export const copying =
  (helpers: Pick<SceneHelpers, 'options' | 'coordinator'>) =>
  (settings: Copying = {}): Observable<SinkEvent> =>
    elementsOf(helpers, settings).pipe(sinkTo(sinkOf(settings), helpers.options))

/** What a sink tells, for pictures: `prepared 2`, `committed 2`, `lingeringAborted`. */
export const words = (events$: Observable<SinkEvent>): Observable<string> =>
  events$.pipe(map((event) => ('checkpointId' in event ? `${event.kind} ${event.checkpointId}` : event.kind)))

/** What a sink with transactions begins with, where its elements are drawn. */
export const restored = (
  upstream: Upstream,
  checkpointId?: number,
  states: Readonly<Record<string, unknown>> = {},
): Restored => ({ ...upstream.restored(checkpointId, states), checkpointing: { interval: 100, timeout: 1_000 } })

/** A logger whose warnings can be drawn. */
export const warnings = (): { readonly logger: Logger; readonly warned$: Observable<string> } => {
  const warned$ = new Subject<string>()
  const silent = () => undefined
  return { logger: { debug: silent, info: silent, error: silent, warn: (line) => warned$.next(line) }, warned$ }
}
