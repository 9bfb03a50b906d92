import { firstValueFrom, lastValueFrom, of, Subject, switchMap, tap, timer } from 'rxjs'
import {
  ByteArraySchema,
  CheckpointCoordinator,
  DeliveryGuarantee,
  KafkaRecordSerializationSchema,
  KafkaSink,
  KafkaSource,
  type KafkaSourceBuilder,
  MemoryCheckpointStore,
  OffsetsInitializer,
  onRecords,
  recordsOnly,
  sinkTo,
} from '../../../lib/index.js'
import type { MemoryCase, MemoryInput } from './MemoryCase.js'

const source = ({ bootstrapServers, topic }: MemoryInput): KafkaSourceBuilder<Uint8Array> =>
  KafkaSource.builder<Uint8Array>()
    .setBootstrapServers(bootstrapServers)
    .setTopics(topic)
    .setStartingOffsets(OffsetsInitializer.earliest())
    .setValueOnlyDeserializer(new ByteArraySchema())

/** Nothing has come for so long, ms: all that was asked for is there. */
const QUIET = 2_000

const quiet = (moved$: Subject<void>): Promise<unknown> => firstValueFrom(moved$.pipe(switchMap(() => timer(QUIET))))

/** Takes what it is given and never asks for more: batch ends are not acknowledged. */
const stoppedConsumer: MemoryCase = async (input) => {
  let records = 0
  const moved$ = new Subject<void>()
  const settled = quiet(moved$)
  source(input)
    .build()
    .elements()
    .subscribe((element) => {
      if (element.kind !== 'record') return
      records++
      moved$.next()
    })
  await settled
  return records
}

/** The client id of `stoppedSink`. */
export const STOPPED_SINK = 'stopped-sink'

/** Its sink is throttled by a quota of a byte a second (KIP-219): `buffer.memory` fills, and holds the source. */
const stoppedSink: MemoryCase = async (input) => {
  let records = 0
  const moved$ = new Subject<void>()
  const settled = quiet(moved$)
  const sink = KafkaSink.builder<Uint8Array>()
    .setBootstrapServers(input.bootstrapServers)
    .setDeliveryGuarantee(DeliveryGuarantee.AT_LEAST_ONCE)
    .setProperty('client.id', STOPPED_SINK)
    .setProperty('buffer.memory', 8 * 1024 * 1024)
    .setRecordSerializer(
      KafkaRecordSerializationSchema.builder<Uint8Array>()
        .setTopic(input.output)
        .setValueSerializationSchema(new ByteArraySchema())
        .build(),
    )
    .build()
  const count = onRecords<Uint8Array, Uint8Array>(
    tap(() => {
      records++
      moved$.next()
    }),
  )
  const checkpoints = CheckpointCoordinator.create({ interval: 600_000, store: new MemoryCheckpointStore() })
  source(input).build().elements({ checkpoints }).pipe(count, sinkTo(sink)).subscribe()
  await settled
  return records
}

/** Reads all and keeps nothing. */
const consumer: MemoryCase = async (input) => {
  let records = 0
  const bounded = source(input).setBounded(OffsetsInitializer.latest()).build()
  const count = tap(() => {
    records++
  })
  return lastValueFrom(
    bounded.elements().pipe(
      recordsOnly(),
      count,
      switchMap(() => of(records)),
    ),
  )
}

export const cases = { stoppedConsumer, stoppedSink, consumer }
