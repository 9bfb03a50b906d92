import { map, merge, type Observable } from 'rxjs'
import type { SchedulerLike } from 'rxjs'
import type { CheckpointCoordinator } from '../../../lib/checkpoint/CheckpointCoordinator.js'
import type { ConnectKafka } from '../../../lib/client/KafkaClient.js'
import type { Logger } from '../../../lib/client/KafkaConfig.js'
import { assignTimestampsAndWatermarks } from '../../../lib/eventtime/assignTimestampsAndWatermarks.js'
import { combineWatermarks } from '../../../lib/eventtime/combineWatermarks.js'
import { unionElements } from '../../../lib/eventtime/unionElements.js'
import { WatermarkStrategy } from '../../../lib/eventtime/WatermarkStrategy.js'
import { DeliveryGuarantee } from '../../../lib/sink/DeliveryGuarantee.js'
import { KafkaSink } from '../../../lib/sink/KafkaSink.js'
import type { KafkaSinkBuilder } from '../../../lib/sink/KafkaSinkBuilder.js'
import type { CommitLostPolicy, UnknownTransactionPolicy } from '../../../lib/sink/KafkaSinkConfig.js'
import { KafkaRecordSerializationSchema } from '../../../lib/sink/serializer/KafkaRecordSerializationSchema.js'
import type { SinkEvent } from '../../../lib/sink/SinkEvent.js'
import { sinkTo } from '../../../lib/sink/sinkTo.js'
import { TransactionNamingStrategy } from '../../../lib/sink/transaction/strategy/TransactionNamingStrategy.js'
import { deadLetter } from '../../../lib/source/deadletter/deadLetter.js'
import type { DeadLetterRecord } from '../../../lib/source/deadletter/DeadLetterRecord.js'
import { KafkaSource } from '../../../lib/source/KafkaSource.js'
import { OffsetsInitializer } from '../../../lib/source/offsets/OffsetsInitializer.js'
import { branch } from '../../../lib/stream/branch.js'
import type { StreamElement } from '../../../lib/stream/StreamElement.js'
import { type Item, itemOf, OUT_OF_ORDERNESS, outPartition } from './Item.js'
import { operatorsOf } from './operatorsOf.js'
import type { Script } from './Script.js'

/** Where a job runs, and which of its subtasks. */
export interface JobPlace {
  readonly checkpoints: CheckpointCoordinator
  readonly connect: ConnectKafka
  readonly connectSink: ConnectKafka
  readonly scheduler: SchedulerLike
  readonly parallelism: number
  readonly subtasks: readonly number[]
  readonly lostPolicy: CommitLostPolicy
  readonly unknownPolicy: UnknownTransactionPolicy
  /** ends transactional id prefixes */
  readonly suffix: string
  /** begins names of topics */
  readonly topics: string
  /** the prefix is this job's own, whatever another one has done with it */
  readonly takesOver: boolean
  readonly warn: (message: string) => void
  /** whether something goes wrong, which it does so many times in all */
  mishap(times: number): boolean
}

/** The group of the sources, whose offsets say how far they have read. */
export const GROUP = 'job'

/** The job of a script, as its user would write it. */
export const jobOf = (script: Script, place: JobPlace): Observable<SinkEvent> =>
  merge(...place.subtasks.map((subtaskIndex) => subtaskOf(script, place, subtaskIndex)))

const subtaskOf = (script: Script, place: JobPlace, subtaskIndex: number): Observable<SinkEvent> => {
  const { connect, connectSink, scheduler, parallelism, checkpoints } = place
  const subtask = { parallelism, subtaskIndex }
  const sinkOptions = { connect: connectSink, scheduler, ...(script.sinksKnowSubtask ? subtask : {}) }
  const into = (topic: string) => (elements$: Observable<StreamElement<Item>>) =>
    elements$.pipe(sinkTo(sinkOf(script, place, topic), sinkOptions))
  const watermarks = script.pipeline.some(({ op }) => op === 'windows') ? watermarksOf(script) : undefined

  const inputs = Array.from({ length: script.sources }, (_, index): Observable<StreamElement<Item>> => {
    const source = sourceOf(script, place, index, sinkTo(deadSinkOf(script, place, index), sinkOptions))
    const options = { connect, scheduler, checkpoints, ...subtask, uid: `source-${index}` }
    if (script.way === 'elements') return source.elements({ ...options, watermarks })
    return source.splits(options).pipe(
      map(({ id, elements }) => ({
        id,
        elements:
          watermarks === undefined ? elements : elements.pipe(assignTimestampsAndWatermarks(watermarks, { scheduler })),
      })),
      combineWatermarks({ scheduler }),
    )
  })
  const elements$ = (inputs.length === 1 ? inputs[0]! : unionElements(...inputs)).pipe(
    operatorsOf(script.pipeline, place),
  )
  return elements$.pipe(script.sinks === 1 ? into('out') : branch(into('out'), into('also')))
}

const sourceOf = (
  script: Script,
  place: JobPlace,
  index: number,
  deadSink: Parameters<typeof deadLetter>[0],
): KafkaSource<Item> => {
  const builder = KafkaSource.builder<Item>()
    .setBootstrapServers('memory:9092')
    .setGroupId(GROUP)
    .setTopics(`${place.topics}in${index}`)
    .setStartingOffsets(OffsetsInitializer.earliest())
    .setValueOnlyDeserializer({ deserialize: (bytes) => itemOf(Buffer.from(bytes ?? []).toString()) })
    .setProperty('max.poll.records', script.poll)
    .setProperty('max.partition.fetch.bytes', 100)
    .setLogger(loggerOf(place))
  if (script.records.some(({ partition }) => partition >= script.partitions))
    builder.setProperty('partition.discovery.interval.ms', 300)
  if (script.bounded) builder.setBounded(OffsetsInitializer.latest())
  if (script.records.some(({ bad }) => bad)) builder.setDeserializationErrorPolicy(deadLetter(deadSink))
  return builder.build()
}

const sinkOf = (script: Script, place: JobPlace, topic: string): KafkaSink<Item> =>
  sinkBuilder<Item>(script, place, topic)
    .setRecordSerializer(
      KafkaRecordSerializationSchema.builder<Item>()
        .setTopic(place.topics + topic)
        .setPartitioner({ partition: ({ lane }) => outPartition(lane, script.outPartitions) })
        .setValueSerializationSchema({ serialize: ({ text }) => Buffer.from(text) })
        .build(),
    )
    .build()

const deadSinkOf = (script: Script, place: JobPlace, index: number): KafkaSink<DeadLetterRecord> =>
  sinkBuilder<DeadLetterRecord>(script, place, `dead${index}`)
    .setRecordSerializer(
      KafkaRecordSerializationSchema.builder<DeadLetterRecord>()
        .setTopic(`${place.topics}dead`)
        .setPartitioner({ partition: ({ partition }) => outPartition(`${index}:${partition}`, script.outPartitions) })
        .setValueSerializationSchema({ serialize: ({ value }) => value })
        .build(),
    )
    .build()

const sinkBuilder = <T>(script: Script, place: JobPlace, prefix: string): KafkaSinkBuilder<T> => {
  const builder = KafkaSink.builder<T>()
    .setBootstrapServers('memory:9092')
    .setDeliveryGuarantee(DeliveryGuarantee[script.guarantee])
    .setTransactionalIdPrefix(prefix + place.suffix)
    .setTransactionNamingStrategy(TransactionNamingStrategy[script.naming])
    .setCommitLostPolicy(place.lostPolicy)
    .setUnknownTransactionPolicy(place.unknownPolicy)
    .setProperty('transaction.timeout.ms', script.transactionTimeout)
    .setLogger(loggerOf(place))
  if (place.takesOver) takeOver(builder)
  return builder
}

/** A watermark with every record, or every 200 ms, by how many records there are. */
const watermarksOf = ({ records }: Script): WatermarkStrategy<Item> =>
  records.length % 2 === 0
    ? WatermarkStrategy.forBoundedOutOfOrderness(OUT_OF_ORDERNESS)
    : WatermarkStrategy.forGenerator(() => {
        let highest = -Infinity
        return {
          onEvent: (_, timestamp, output) => {
            highest = Math.max(highest, timestamp)
            output.emitWatermark(highest - OUT_OF_ORDERNESS - 1)
          },
          onPeriodicEmit: () => undefined,
        }
      })

/** Of releases that have it. */
const takeOver = (builder: object): void => {
  const method: unknown = Reflect.get(builder, 'setPrefixInUsePolicy')
  if (typeof method === 'function') Reflect.apply(method, builder, ['takeOver'])
}

const nothing = (): void => undefined

const loggerOf = ({ warn }: JobPlace): Logger => ({ debug: nothing, info: nothing, warn, error: warn })
