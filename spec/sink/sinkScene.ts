import { map, type Observable, type OperatorFunction, take } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import type { CheckpointConfig } from '../../lib/checkpoint/CheckpointConfig.js'
import { CheckpointCoordinator } from '../../lib/checkpoint/CheckpointCoordinator.js'
import type { CheckpointStore } from '../../lib/checkpoint/store/CheckpointStore.js'
import { MemoryCheckpointStore } from '../../lib/checkpoint/store/MemoryCheckpointStore.js'
import type { Logger } from '../../lib/client/KafkaConfig.js'
import { SimpleStringSchema } from '../../lib/client/schema/SimpleStringSchema.js'
import { consoleLogger } from '../../lib/config/consoleLogger.js'
import type { KafkaProperties } from '../../lib/config/KafkaProperties.js'
import { MemoryKafka } from '../../lib/memory/MemoryKafka.js'
import { DeliveryGuarantee } from '../../lib/sink/DeliveryGuarantee.js'
import { KafkaSink } from '../../lib/sink/KafkaSink.js'
import type { CommitLostPolicy, PrefixInUsePolicy } from '../../lib/sink/KafkaSinkConfig.js'
import { KafkaRecordSerializationSchema } from '../../lib/sink/serializer/KafkaRecordSerializationSchema.js'
import type { SinkEvent } from '../../lib/sink/SinkEvent.js'
import { sinkTo } from '../../lib/sink/sinkTo.js'
import { onRecords } from '../../lib/stream/onRecords.js'
import { handSource, type HandSourceOptions } from '../checkpoint/support/handSource.js'

export interface SinkSettings {
  readonly guarantee?: DeliveryGuarantee
  readonly prefix?: string
  readonly lostPolicy?: CommitLostPolicy
  readonly prefixInUse?: PrefixInUsePolicy
  readonly properties?: KafkaProperties
  readonly logger?: Logger
}

/**
 * The numbers 0, 1, 2, … written to the topic `out` of an in-memory Kafka, in virtual time: one every 10 ms, a checkpoint every
 * 100 ms. Several jobs one after the other share the cluster and the store, as the attempts of one job do.
 */
export class SinkScene {
  readonly store: CheckpointStore = new MemoryCheckpointStore()
  /** what sinks told, with the time in ms: `[112, 'prepared', 1, 10]` is checkpoint 1 with 10 records */
  readonly told: (readonly [
    at: number,
    kind: string,
    checkpointId: number | undefined,
    records: number | undefined,
  ])[] = []
  readonly errors: Error[] = []
  /** of the last one, in ms */
  erredAt = NaN
  completions = 0

  constructor(
    readonly scheduler = new TestScheduler(() => undefined),
    readonly kafka = new MemoryKafka({ scheduler, topics: { out: 1 } }),
  ) {}

  coordinator(config: Partial<CheckpointConfig> = {}): CheckpointCoordinator {
    return CheckpointCoordinator.create({ interval: 100, store: this.store, scheduler: this.scheduler, ...config })
  }

  /** A pipeline that breaks the rules: it completes after `count` elements, without a final barrier. */
  cutShort(guarantee: DeliveryGuarantee, count: number): Observable<SinkEvent> {
    const { scheduler, kafka } = this
    return handSource({ coordinator: this.coordinator(), scheduler }).pipe(
      onRecords(map(String)),
      take(count),
      sinkTo(this.sink({ guarantee }), { connect: kafka.connect, scheduler }),
    )
  }

  /** A pipeline with a serializer of its own. */
  serialized(schema: KafkaRecordSerializationSchema<string>, count: number): Observable<SinkEvent> {
    const { scheduler, kafka } = this
    const sink = KafkaSink.builder<string>()
      .setBootstrapServers('memory:9092')
      .setDeliveryGuarantee(DeliveryGuarantee.EXACTLY_ONCE)
      .setTransactionalIdPrefix('job')
      .setRecordSerializer(schema)
      .build()
    return handSource({ coordinator: this.coordinator(), scheduler, count }).pipe(
      onRecords(map(String)),
      sinkTo(sink, { connect: kafka.connect, scheduler }),
    )
  }

  sink({
    guarantee = DeliveryGuarantee.EXACTLY_ONCE,
    prefix = 'job',
    lostPolicy = 'fail',
    prefixInUse = 'fail',
    properties = {},
    logger = consoleLogger,
  }: SinkSettings = {}) {
    return KafkaSink.builder<string>()
      .setLogger(logger)
      .setBootstrapServers('memory:9092')
      .setDeliveryGuarantee(guarantee)
      .setTransactionalIdPrefix(prefix)
      .setCommitLostPolicy(lostPolicy)
      .setPrefixInUsePolicy(prefixInUse)
      .setKafkaProducerConfig(properties)
      .setRecordSerializer(
        KafkaRecordSerializationSchema.builder<string>()
          .setTopic('out')
          .setValueSerializationSchema(new SimpleStringSchema())
          .build(),
      )
      .build()
  }

  /** The whole pipeline, cold. */
  job(
    source: Partial<HandSourceOptions> = {},
    settings: SinkSettings = {},
    between: OperatorFunction<string, string> = map((value) => value),
  ): Observable<SinkEvent> {
    const { scheduler, kafka } = this
    return handSource({ coordinator: this.coordinator(), scheduler, ...source }).pipe(
      onRecords(map(String), between),
      sinkTo(this.sink(settings), { connect: kafka.connect, scheduler }),
    )
  }

  /** Runs a job from now on; unsubscribe to stop it. */
  start(job$: Observable<SinkEvent>) {
    return job$.subscribe({
      next: (event) => {
        const { checkpointId, records } = event as { checkpointId?: number; records?: number }
        this.told.push([this.scheduler.now(), event.kind, checkpointId, records])
      },
      error: (error: unknown) => {
        this.erredAt = this.scheduler.now()
        this.errors.push(error as Error)
      },
      complete: () => this.completions++,
    })
  }

  at(ms: number, act: () => void): void {
    this.scheduler.schedule(act, ms)
  }

  /** Virtual time passes; no real time does. */
  play(script: () => void, forMs: number): void {
    this.scheduler.run(({ flush }) => {
      script()
      this.scheduler.schedule(() => undefined, forMs)
      this.scheduler.maxFrames = forMs
      flush()
    })
  }

  get committed(): readonly string[] {
    return this.kafka.records('out', 'read_committed').map(({ value }) => String(value))
  }

  get kinds(): readonly string[] {
    return this.told.map(([, kind, checkpointId]) => `${kind} ${checkpointId ?? ''}`.trim())
  }
}

export const numbers = (count: number): readonly string[] => Array.from({ length: count }, (_, n) => String(n))
