import { defer, map, Observable } from 'rxjs'
import { mergeSplits } from '../eventtime/combineWatermarks.js'
import { SourceEventTime } from '../eventtime/SourceEventTime.js'
import { recordsOnly } from '../stream/recordsOnly.js'
import type { StreamElement } from '../stream/StreamElement.js'
import { diverts } from './deadletter/deadLetter.js'
import { DeadLetterRecord } from './deadletter/DeadLetterRecord.js'
import { divertDeadLetters, divertSplitDeadLetters } from './deadletter/divertDeadLetters.js'
import type { KafkaSourceConfig } from './KafkaSourceConfig.js'
import { KafkaSourceBuilder } from './KafkaSourceBuilder.js'
import type { KafkaSourceOptions, KafkaSplitsOptions } from './KafkaSourceOptions.js'
import type { KafkaSplit } from './KafkaSplit.js'
import { KafkaSourceReader } from './reader/KafkaSourceReader.js'
import { type PublishedSplit, PublishedSplits } from './reader/PublishedSplits.js'
import { SourceLag } from './SourceLag.js'

/**
 * Where a pipeline begins in Kafka: a value, made by its builder. It connects nothing by itself; each subscription to what it
 * gives is an attempt of its own, which closes everything when it is unsubscribed.
 *
 * @example
 * ```ts
 * const source = KafkaSource.builder()
 *   .setBootstrapServers('localhost:9092')
 *   .setTopics('flights')
 *   .setGroupId('my-group')
 *   .setStartingOffsets(OffsetsInitializer.earliest())
 *   .setValueOnlyDeserializer(new SimpleStringSchema())
 *   .build()
 *
 * source.records().subscribe((flight) => console.log(flight))
 * ```
 *
 * Errors are `KafkaError`s, `SourceError`s and `CheckpointError`s; each says by `retriable` whether `restart` can mend it.
 */
export class KafkaSource<T> {
  /** `T` comes from the deserializer, or is named here when the builder is used in statements. */
  static builder<T = unknown>(): KafkaSourceBuilder<T> {
    return new KafkaSourceBuilder<T>((config) => new KafkaSource<never>(config as KafkaSourceConfig<never>) as never)
  }

  private readonly lag = new SourceLag()

  /**
   * How many offsets lie between what the pipeline has taken over (the acknowledged batches) and the ends of the logs, by
   * `isolation.level`: of all subtasks of this source that run in this process, together. For dashboards and for autoscaling.
   *
   * The brokers are asked as soon as starting offsets are known, then each second, and only while somebody listens. It emits
   * when the number changes, and neither errors nor completes: while the brokers cannot be asked, the last number stays
   * for 10 s; then it is `NaN`, since it is not known any more.
   */
  readonly lag$: Observable<number> = this.lag.lag$

  /**
   * Whether the pipeline has taken over all there is, or all there was 5 s ago: while records keep coming, some are always under way. For
   * readiness probes. False at first, when nothing runs, and when the brokers have not answered for 10 s.
   *
   * ```ts
   * const ready = new BehaviorSubject(false)
   * source.caughtUp$.pipe(first((caughtUp) => caughtUp)).subscribe(ready)
   * // and the probe answers 200 or 503 by `ready.value`
   * ```
   */
  readonly caughtUp$: Observable<boolean> = this.lag.caughtUp$

  /** Made by the builder, which checks the settings. */
  private constructor(
    /** All settings, checked, with defaults filled in. */
    readonly config: KafkaSourceConfig<T>,
  ) {}

  /**
   * All splits of this subtask in one stream of elements, watermarks combined, one barrier for each checkpoint: `splits()`, with event time
   * made in each, and their merge. Completes when the source is bounded, or stopped.
   */
  elements(options: KafkaSourceOptions<T> = {}): Observable<StreamElement<T>> {
    const { deserializationErrorPolicy: policy } = this.config
    const { watermarks, watermarkHolder$, scheduler } = options
    const isUntimed = diverts(policy) ? isDeadLetter : undefined
    const elements$ = defer(() => {
      const eventTime = new SourceEventTime<T, DeadLetterRecord>(watermarks, { watermarkHolder$, scheduler, isUntimed })
      return this.published(options, eventTime).pipe(
        map(({ id, elements }) => ({ id, elements: elements.pipe(eventTime.operator(id)) })),
        mergeSplits(eventTime.mergeConfig()),
      )
    })
    return diverts(policy) ? elements$.pipe(divertDeadLetters(policy)) : (elements$ as Observable<StreamElement<T>>)
  }

  /**
   * The splits as they are assigned to this subtask, each with its own stream of elements: for timestamps, watermarks and
   * operators of each split, to be merged by `combineWatermarks()`.
   */
  splits(options: KafkaSplitsOptions = {}): Observable<KafkaSplit<T>> {
    const { deserializationErrorPolicy: policy } = this.config
    const splits$ = this.published(options)
    return diverts(policy)
      ? splits$.pipe(divertSplitDeadLetters<T, PublishedSplit<T>>(policy))
      : (splits$ as Observable<KafkaSplit<T>>)
  }

  /** The values alone: an end of the pipeline, with what that means (see `recordsOnly`). */
  records(options: KafkaSourceOptions<T> = {}): Observable<T> {
    return this.elements(options).pipe(recordsOnly())
  }

  /** @param eventTime where it is made here */
  private published(
    options: KafkaSplitsOptions,
    eventTime?: SourceEventTime<T, DeadLetterRecord>,
  ): Observable<PublishedSplit<T>> {
    return new Observable((destination) => {
      // None when it could not be opened.
      let reader = undefined as KafkaSourceReader<T> | undefined
      const wake = (): void => reader?.wake()
      const left = (): void => {
        if (reader !== undefined) this.close(reader)
      }
      reader = this.open(options, new PublishedSplits<T>(destination, wake, left, eventTime))
      reader.start()
    })
  }

  private open(options: KafkaSplitsOptions, output: PublishedSplits<T>): KafkaSourceReader<T> {
    const reader = new KafkaSourceReader(this.config, options, output)
    this.lag.add(reader)
    return reader
  }

  private close(reader: KafkaSourceReader<T>): void {
    this.lag.remove(reader)
    reader.close()
  }
}

const isDeadLetter = (value: unknown): value is DeadLetterRecord => value instanceof DeadLetterRecord
