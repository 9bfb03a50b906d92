import {
  catchError,
  concat,
  concatMap,
  defer,
  EMPTY,
  finalize,
  merge,
  type Observable,
  Subject,
  Subscription,
} from 'rxjs'
import { WorkLoop } from '../scheduling/WorkLoop.js'
import type { KafkaClient } from '../client/KafkaClient.js'
import { isKafkaError } from '../client/KafkaError.js'
import { trampolinedConcatAll } from '../scheduling/trampolinedConcatAll.js'
import type { CheckpointBarrier } from '../stream/CheckpointBarrier.js'
import { located } from '../stream/located.js'
import { copyOfPosition, type RecordPosition } from '../stream/RecordPosition.js'
import type { Restored } from '../stream/Restored.js'
import type { StreamElement } from '../stream/StreamElement.js'
import type { StreamRecord } from '../stream/StreamRecord.js'
import { checkSerialized } from './serializer/checkSerialized.js'
import type { KafkaRecordSerializer } from './serializer/KafkaRecordSerializer.js'
import { PartitionsUnknown, type TopicPartitions } from './serializer/TopicPartitions.js'
import type { SinkEvent } from './SinkEvent.js'
import type { KafkaSinkMetrics } from './KafkaSinkMetrics.js'
import type { KafkaWriter } from './writer/KafkaWriter.js'
import { withoutRestored } from './writer/misuse.js'

/** What a task opens when the stream tells what it starts from. */
export interface SinkConnection<T> {
  readonly client: KafkaClient
  readonly writer: KafkaWriter
  readonly serializer: KafkaRecordSerializer<T>
  readonly topics: TopicPartitions
}

/**
 * One sink at work: takes elements in order, writes the records, answers batch ends and barriers.
 *
 * While it cannot write (recovering, buffer full, partitions unknown, next transaction not ready) elements queue up in order.
 * The queue is bounded, since batch ends in it are not acknowledged and a split has at most two such batches.
 */
export class SinkTask<T> {
  readonly events$: Observable<SinkEvent>
  private readonly prepares = new Subject<Observable<SinkEvent>>()
  private readonly settles = new Subject<Observable<SinkEvent>>()
  private readonly failures = new Subject<never>()
  private readonly subscription = new Subscription()
  private connection: SinkConnection<T> | undefined
  private queue: StreamElement<T>[] = []
  /** Of each element in the queue, where its record was read, if that is known: for messages. */
  private positions: (RecordPosition | undefined)[] = []
  /** the same of the one that is being taken out of it */
  private position: RecordPosition | undefined
  private restored: Restored | undefined
  private begun = false
  private waiting = true
  private readonly loop = new WorkLoop(() => this.drain())
  private inputCompleted = false
  /** the topic whose partitions are asked for */
  private asking: string | undefined

  constructor(
    private readonly connect: (restored: Restored) => Observable<SinkConnection<T>>,
    private readonly metrics: KafkaSinkMetrics,
  ) {
    const work$ = concat(
      merge(this.prepares.pipe(trampolinedConcatAll()), this.settles.pipe(trampolinedConcatAll())),
      defer(() => this.connection?.writer.complete() ?? EMPTY),
    )
    this.events$ = merge(work$.pipe(finalize(() => this.failures.complete())), this.failures)
  }

  next(element: StreamElement<T>): void {
    if (!this.begun) this.begin(element)
    // Nothing to be done about time here; in the queue it would only stand in the way, for ever after the final barrier.
    if (element.kind === 'watermark' || element.kind === 'watermarkStatus') return
    if (this.waiting || this.queue.length > 0 || !this.take(element)) this.enqueue(element)
  }

  private begin(first: StreamElement<T> | null | undefined): void {
    if (first?.kind !== 'restored') throw withoutRestored(first)
    this.begun = true
  }

  complete(): void {
    this.inputCompleted = true
    if (this.queue.length === 0) this.finish()
  }

  /** Stops at once; what the writer has to abort and the client to close goes on by itself. */
  stop(): void {
    this.subscription.unsubscribe()
    this.metrics.transactions = undefined
    if (this.connection === undefined) return
    const { writer, client } = this.connection
    const quietly = { error: () => undefined } // nobody listens any more, and the next start mends what fails now
    concat(
      writer.close().pipe(catchError(() => EMPTY)),
      defer(() => client.close()),
    ).subscribe(quietly)
  }

  private enqueue(element: StreamElement<T>): void {
    if (element.kind === 'restored' && this.connection === undefined) {
      this.open(element)
      return
    }
    this.queue.push(element)
    this.positions.push(copyOfPosition(this.receiving))
  }

  private open(restored: Restored): void {
    this.restored = restored
    restored.present?.({ name: 'sinkTo', acknowledges: true, waiting: () => this.waitingFor })
    this.prepares.next(
      concat(
        this.connect(restored).pipe(
          concatMap((connection) => {
            this.connection = connection
            const { writer } = connection
            this.metrics.transactions = () => writer.transactions
            this.subscription.add(
              writer.failed$.subscribe((error) => {
                this.metrics.onSendError()
                this.fail(error)
              }),
            )
            this.subscription.add(writer.ready$.subscribe(() => this.loop.run()))
            this.askForTopics(connection)
            return writer.open(restored)
          }),
        ),
        defer(() => {
          this.waiting = false
          this.connection?.serializer.open?.(this.connection.topics)
          this.loop.run()
          return EMPTY
        }),
      ),
    )
  }

  /** A topic that is missing should be told at the start, not with the first record. */
  private askForTopics({ serializer, topics }: SinkConnection<T>): void {
    for (const topic of serializer.topics ?? [])
      this.subscription.add(topics.fetch(topic).subscribe({ error: (error: unknown) => this.fail(error) }))
  }

  /** For people, when nothing moves: a predicate. */
  private get waitingFor(): string | undefined {
    const { connection } = this
    if (connection === undefined) return 'connects to the brokers'
    if (this.asking !== undefined) return `asks for the partitions of topic ${this.asking}`
    if (this.waiting) return 'commits or aborts the transactions of a former attempt'
    return connection.writer.ready
      ? undefined
      : `waits for the brokers: buffer.memory is full, or its next transaction is not initialised; ${this.queue.length} elements queue up`
  }

  /** Takes queued elements as long as that goes. */
  private drain(): void {
    if (this.waiting) return
    const elements = this.queue
    let taken = 0
    try {
      for (; taken < elements.length; taken++) {
        this.position = this.positions[taken]
        if (!this.take(elements[taken] as StreamElement<T>)) break
      }
    } catch (error) {
      // Nobody up the stack would make it an error of the stream, as `operate` does for `next`.
      this.fail(error)
    }
    this.queue = taken === elements.length ? [] : elements.slice(taken)
    this.positions = this.positions.slice(taken)
    if (this.queue.length === 0 && this.inputCompleted) this.finish()
  }

  /** False: not now, and nothing has happened. */
  private take(element: StreamElement<T>): boolean {
    const { connection } = this
    if (connection === undefined || this.waiting || !connection.writer.ready) return this.takeWithoutWriter(element)
    switch (element.kind) {
      case 'record':
        return this.write(connection, element)
      case 'batchEnd':
        element.acknowledge()
        return true
      case 'barrier':
        this.barrier(connection, element)
        return true
      default:
        return true
    }
  }

  /** After a final barrier there is no transaction to write to, and only such barriers and ends may still come. */
  private takeWithoutWriter(element: StreamElement<T>): boolean {
    if (this.connection === undefined || this.waiting || element.kind !== 'barrier' || element.end === undefined)
      return false
    this.barrier(this.connection, element)
    return true
  }

  private write({ serializer, topics, writer }: SinkConnection<T>, element: StreamRecord<T>): boolean {
    try {
      const timestamp = element.timestamp === -Infinity ? null : element.timestamp
      const record = serializer.serialize(element.value, topics, timestamp)
      if (record === null) return true
      checkSerialized(record)
      writer.write(record)
      this.metrics.onWritten()
      return true
    } catch (error) {
      if (error instanceof PartitionsUnknown) this.ask(error.topic)
      else this.fail(isOfOthers(error) ? error : located(error, this.writing))
      return false
    }
  }

  /** Where the record was read that comes in now. */
  get receiving(): RecordPosition | undefined {
    return this.restored?.emitting?.()
  }

  /** Where the record was read that is being written. */
  private get writing(): RecordPosition | undefined {
    return this.loop.running ? this.position : this.receiving
  }

  private ask(topic: string): void {
    const { topics } = this.connection as SinkConnection<T>
    this.waiting = true
    this.asking = topic
    this.subscription.add(
      topics.fetch(topic).subscribe({
        next: () => {
          this.waiting = false
          this.asking = undefined
          this.loop.run()
        },
        error: (error: unknown) => this.fail(error),
      }),
    )
  }

  private barrier({ writer }: SinkConnection<T>, barrier: CheckpointBarrier): void {
    const { prepare$, settle$ } = writer.barrier(barrier)
    this.prepares.next(prepare$)
    this.settles.next(settle$)
  }

  private finish(): void {
    this.prepares.complete()
    this.settles.complete()
  }

  private fail(error: unknown): void {
    this.waiting = true
    this.failures.error(error)
  }
}

/** What a producer that has failed throws at each record after: it is about those before. */
const isOfOthers = (error: unknown): boolean =>
  isKafkaError(error) && error._tag !== 'InvalidRecord' && error._tag !== 'RecordTooLarge'
