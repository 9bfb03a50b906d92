import {
  asyncScheduler,
  catchError,
  concat,
  concatMap,
  EMPTY,
  ignoreElements,
  Observable,
  of,
  type SchedulerLike,
  throwError,
} from 'rxjs'
import type { KafkaClient } from '../client/KafkaClient.js'
import { KafkaError } from '../client/KafkaError.js'
import { defaultConnect } from '../defaultClient.js'
import { operate } from '../stream/operate.js'
import type { Restored } from '../stream/Restored.js'
import type { StreamElement } from '../stream/StreamElement.js'
import { KafkaCommitter } from './committer/KafkaCommitter.js'
import { DeliveryGuarantee } from './DeliveryGuarantee.js'
import { IntervalReminder } from './IntervalReminder.js'
import type { KafkaSink } from './KafkaSink.js'
import type { KafkaSinkOptions } from './KafkaSinkOptions.js'
import { TopicPartitions } from './serializer/TopicPartitions.js'
import type { SinkEvent } from './SinkEvent.js'
import { SinkTask } from './SinkTask.js'
import { TransactionNamingStrategy } from './transaction/TransactionNamingStrategy.js'
import { ExactlyOnceKafkaWriter } from './writer/ExactlyOnceKafkaWriter.js'
import { FlushingKafkaWriter } from './writer/FlushingKafkaWriter.js'
import type { KafkaWriter } from './writer/KafkaWriter.js'

/**
 * From the elements of a pipeline to what its sink tells. A stream that cannot begin with `Restored`, as an Observable of nothing but
 * `StreamRecord`s, is refused by its type.
 */
export type SinkOperator<T> = <E extends StreamElement<T>>(
  elements$: Observable<E> & ([E] extends [never] ? unknown : Restored extends E ? unknown : NotFromSource),
) => Observable<SinkEvent>

/** Why a stream is refused: read its only property. */
export interface NotFromSource {
  readonly 'sinkTo takes what source.elements() emits, which begins with Restored': never
}

/**
 * The end of a pipeline: writes the records of a stream to Kafka, acknowledges its batch ends and barriers, and tells what it
 * did as {@link SinkEvent}s.
 *
 * Completes when the stream has completed and all it wrote is safe: acknowledged, or committed with the final checkpoint.
 * Unsubscribing stops at once; the open transaction is aborted, prepared ones stay for the next start.
 *
 * Errors: `KafkaError` of the client (retriable or not), `StreamError` `NoFinalBarrier`, what the serializer throws. After a
 * retriable one, RxJS's `retry` around the pipeline goes on from the last completed checkpoint.
 *
 * @example
 * ```ts
 * source
 *   .elements({ checkpoints })
 *   .pipe(onRecords(map((text) => text.toUpperCase())), sinkTo(sink), retry({ delay: 1000 }))
 *   .subscribe((event) => console.log(event.kind))
 * ```
 */
export const sinkTo =
  <T>(sink: KafkaSink<T>, options: KafkaSinkOptions = {}): SinkOperator<T> =>
  <E extends StreamElement<T>>(elements$: Observable<E>) =>
    new Observable((subscriber) => {
      const recordsOut = options.metrics?.counter('numRecordsOut')
      const task = new SinkTask<T>(
        () => connectSink(sink, options),
        () => recordsOut?.inc(),
      )
      subscriber.add(() => task.stop())
      subscriber.add(task.events$.subscribe(subscriber))
      const reminder = new IntervalReminder(sink.config, options.scheduler ?? asyncScheduler)
      subscriber.add(() => reminder.close())
      operate(elements$, subscriber, {
        emitting: () => task.receiving,
        next: (element) => {
          task.next(element)
          if (element.kind !== 'record') reminder.look(element)
        },
        complete: () => task.complete(),
      })
    })

const connectSink = <T>(sink: KafkaSink<T>, options: KafkaSinkOptions) => {
  const { subtaskIndex = 0, parallelism = 1, scheduler = asyncScheduler, connect = defaultConnect } = options
  const { config } = sink
  return connect({ ...config.client, scheduler }).pipe(
    concatMap((client) => {
      try {
        const { metadataMaxAgeMs } = config.client
        // Writes nothing: topics are asked for as by one that does.
        const asking = client.producer(config.producer)
        return of({
          client,
          writer: makeWriter(client, sink, options, scheduler),
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

const makeWriter = <T>(
  client: KafkaClient,
  sink: KafkaSink<T>,
  options: KafkaSinkOptions,
  scheduler: SchedulerLike,
): KafkaWriter => {
  const { config } = sink
  const { deliveryGuarantee, transactionalIdPrefix = '' } = config
  if (deliveryGuarantee !== DeliveryGuarantee.EXACTLY_ONCE) {
    return new FlushingKafkaWriter(client.producer(config.producer), deliveryGuarantee)
  }
  if (config.transactionNamingStrategy === TransactionNamingStrategy.POOLING) {
    throw new KafkaError({
      _tag: 'Unsupported',
      message:
        'TransactionNamingStrategy.POOLING is not there yet. Use INCREMENTING, from which a later switch is possible.',
    })
  }
  const committer = new KafkaCommitter({
    lostPolicy: config.commitLostPolicy,
    budgetMs: config.producer.transactionTimeoutMs,
    firstBackoffMs: config.client.retryBackoffMs,
    maxBackoffMs: config.client.retryBackoffMaxMs,
    scheduler,
    logger: config.client.logger,
  })
  return new ExactlyOnceKafkaWriter(client, committer, {
    config,
    prefix: transactionalIdPrefix,
    uid: options.uid ?? sink.uid,
    subtaskIndex: options.subtaskIndex ?? 0,
    parallelism: options.parallelism ?? 1,
    scheduler,
  })
}
