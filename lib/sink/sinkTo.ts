import {
  asyncScheduler,
  catchError,
  concat,
  concatMap,
  EMPTY,
  ignoreElements,
  Observable,
  of,
  tap,
  throwError,
} from 'rxjs'
import type { KafkaClient } from '../client/KafkaClient.js'
import { defaultConnect } from '../defaultClient.js'
import { operatorMetrics } from '../metrics/operatorMetrics.js'
import { operate } from '../stream/operate.js'
import type { Restored, SubtaskInfo } from '../stream/Restored.js'
import type { StreamElement } from '../stream/StreamElement.js'
import type { TwoPhaseSink } from '../stream/TwoPhaseCommit.js'
import { KafkaCommitter } from './committer/KafkaCommitter.js'
import { DeliveryGuarantee } from './DeliveryGuarantee.js'
import { IntervalReminder } from './IntervalReminder.js'
import type { KafkaSink } from './KafkaSink.js'
import { KafkaSinkMetrics } from './KafkaSinkMetrics.js'
import type { KafkaSinkOptions } from './KafkaSinkOptions.js'
import { TopicPartitions } from './serializer/TopicPartitions.js'
import type { SinkEvent } from './SinkEvent.js'
import { type SinkConnection, SinkTask } from './SinkTask.js'
import { transactionStrategies } from './transaction/strategy/transactionStrategies.js'
import { ExactlyOnceKafkaWriter } from './writer/ExactlyOnceKafkaWriter.js'
import { FlushingKafkaWriter } from './writer/FlushingKafkaWriter.js'
import type { KafkaWriter } from './writer/KafkaWriter.js'
import { withoutCheckpoints, withoutLedger } from './writer/misuse.js'

/**
 * From the elements of a pipeline to what its sink tells. A stream that cannot begin with `Restored`, as an Observable of nothing but
 * `StreamRecord`s, is refused by its type.
 */
export type SinkOperator<T> = <E extends StreamElement<T>>(
  elements$: Observable<E> & ([E] extends [never] ? unknown : Restored extends E ? unknown : NotFromSource),
) => Observable<SinkEvent>

/** Why a stream is refused: read its only property. */
export interface NotFromSource {
  /** Never there at run time: it makes the compiler print this sentence. */
  readonly 'sinkTo takes what source.elements() emits, which begins with Restored': never
}

/**
 * The end of a pipeline: writes the records of a stream to Kafka, acknowledges its batch ends and barriers, and tells what it
 * did as {@link SinkEvent}s.
 *
 * Completes when the stream has completed and all it wrote is safe: acknowledged, or committed with the final checkpoint.
 * Unsubscribing stops at once; the open transaction is aborted, prepared ones stay for the next start.
 *
 * Errors: `KafkaError` of the client (retriable or not), `StreamError` `NoFinalBarrier`, `CheckpointError` `WentBack` (a prepared
 * transaction has expired, and the next attempt begins before it), what the serializer throws. After a retriable one,
 * `restart` behind the pipeline goes on from the last completed checkpoint.
 *
 * @example
 * ```ts
 * source
 *   .elements({ checkpoints })
 *   .pipe(onRecords(map((text) => text.toUpperCase())), sinkTo(sink), restart({ count: 10 }))
 *   .subscribe((event) => console.log(event.kind))
 * ```
 */
export const sinkTo =
  <T>(sink: KafkaSink<T>, options: KafkaSinkOptions = {}): SinkOperator<T> =>
  <E extends StreamElement<T>>(elements$: Observable<E>) =>
    new Observable((subscriber) => {
      const group = operatorMetrics(options.metrics, uidOf(sink, options), sink, subscriber)
      const metrics = new KafkaSinkMetrics(group, sink.config)
      const task = new SinkTask<T>((restored) => {
        // At once, as `Restored` passes: the job counts its sinks.
        const twoPhase = joinTwoPhaseCommit(sink, options, restored)
        subscriber.add(() => twoPhase?.leave())
        const hasBegun = restored.beginning?.()
        return connectSink({ sink, options, metrics, restored, twoPhase, hasBegun: () => hasBegun?.() })
      }, metrics)
      subscriber.add(() => task.stop())
      subscriber.add(task.events$.pipe(tap((event) => metrics.onEvent(event))).subscribe(subscriber))
      const reminder = new IntervalReminder(sink.config, options.scheduler ?? asyncScheduler)
      subscriber.add(() => reminder.close())
      operate(elements$, subscriber, {
        emitting: () => task.receiving,
        next: (element) => {
          task.next(element)
          if (element.kind === 'record') return
          metrics.countBytes()
          reminder.look(element)
        },
        complete: () => task.complete(),
      })
    })

/** A stream that does not say has one subtask. */
const onlySubtask: SubtaskInfo = { subtaskIndex: 0, parallelism: 1 }

/** One subscription of a sink, as it begins. */
interface SinkBeginning<T> {
  readonly sink: KafkaSink<T>
  readonly options: KafkaSinkOptions
  readonly metrics: KafkaSinkMetrics
  readonly restored: Restored
  readonly twoPhase: TwoPhaseSink | undefined
  readonly hasBegun: () => void
}

const connectSink = <T>(beginning: SinkBeginning<T>): Observable<SinkConnection<T>> => {
  const { sink, options, metrics, restored } = beginning
  const { scheduler = asyncScheduler, connect = defaultConnect } = options
  const { subtaskIndex, parallelism } = restored.subtask ?? onlySubtask
  const { config } = sink
  return connect({ ...config.client, scheduler, metrics: metrics.producer }).pipe(
    concatMap((client) => {
      try {
        const { metadataMaxAgeMs } = config.client
        // Writes nothing: topics are asked for as by one that does.
        const asking = client.producer(config.producer)
        return of({
          client,
          writer: makeWriter(client, { subtaskIndex, parallelism }, beginning),
          serializer: config.recordSerializer,
          topics: new TopicPartitions(subtaskIndex, parallelism, asking, metadataMaxAgeMs, scheduler),
        })
      } catch (error) {
        const fault$ = throwError(() => error)
        return concat(
          client.close().pipe(
            ignoreElements(),
            catchError(() => EMPTY),
          ),
          fault$,
        )
      }
    }),
  )
}

const uidOf = <T>(sink: KafkaSink<T>, options: KafkaSinkOptions): string => options.uid ?? sink.uid

const joinTwoPhaseCommit = <T>(
  sink: KafkaSink<T>,
  options: KafkaSinkOptions,
  { checkpointing, twoPhaseCommit }: Restored,
): TwoPhaseSink | undefined => {
  const { deliveryGuarantee, transactionalIdPrefix = '' } = sink.config
  if (deliveryGuarantee !== DeliveryGuarantee.EXACTLY_ONCE) return undefined
  if (checkpointing === undefined) throw withoutCheckpoints(deliveryGuarantee)
  if (twoPhaseCommit === undefined) throw withoutLedger()
  return twoPhaseCommit.join(uidOf(sink, options), transactionalIdPrefix)
}

const makeWriter = <T>(
  client: KafkaClient,
  { subtaskIndex, parallelism }: SubtaskInfo,
  { sink, options, metrics, twoPhase, hasBegun }: SinkBeginning<T>,
): KafkaWriter => {
  const { config } = sink
  const { scheduler = asyncScheduler } = options
  const { deliveryGuarantee, transactionalIdPrefix: prefix = '' } = config
  const { logger, retryBackoffMs, retryBackoffMaxMs } = config.client
  if (deliveryGuarantee !== DeliveryGuarantee.EXACTLY_ONCE) {
    hasBegun()
    return new FlushingKafkaWriter(client.producer(config.producer), deliveryGuarantee)
  }
  if (twoPhase === undefined) throw withoutLedger()
  const committer = new KafkaCommitter({
    budgetMs: config.producer.transactionTimeoutMs,
    firstBackoffMs: retryBackoffMs,
    maxBackoffMs: retryBackoffMaxMs,
    scheduler,
    logger,
    retried: () => metrics.onCommitRetried(),
  })
  const transactions = { client, config, prefix, subtaskIndex, twoPhase, scheduler, logger }
  const strategy = transactionStrategies[config.transactionNamingStrategy](transactions)
  return new ExactlyOnceKafkaWriter(transactions, strategy, committer, {
    uid: uidOf(sink, options),
    parallelism,
    hasBegun,
  })
}
