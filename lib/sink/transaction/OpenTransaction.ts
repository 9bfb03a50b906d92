import { type Observable, type SchedulerLike, Subject, type Subscription } from 'rxjs'
import type { PreparedTransaction, TransactionalProducer } from '../../client/KafkaProducer.js'
import type { ProducerRecord } from '../../client/ProducerRecord.js'
import { Countdown } from '../../scheduling/Countdown.js'
import { type MonotonicClock, monotonicClock } from '../../scheduling/monotonicClock.js'
import type { InitialisedTransaction } from './initialise.js'

/** The part of `transaction.timeout.ms` after which no checkpoint should rest on a transaction any more. */
const USABLE_SHARE = 0.9

/** A transaction that takes records, or has taken them and waits to be committed. */
export class OpenTransaction {
  readonly producer: TransactionalProducer
  readonly identity: PreparedTransaction
  /** Hot: the producer has failed. */
  readonly failed$: Observable<unknown>
  /** EndTxn is under way: how it stands is about to change. */
  committing = false
  private readonly expiry: Countdown
  private readonly failures: Subscription
  private readonly now: MonotonicClock
  private begunAt: number | undefined

  /** @param after the transaction before, if it has records that are not acknowledged: order is kept */
  constructor(
    { producer, identity }: InitialisedTransaction,
    after: OpenTransaction | undefined,
    private readonly timeoutMs: number,
    scheduler: SchedulerLike,
  ) {
    this.producer = producer
    this.identity = identity
    this.expiry = new Countdown(scheduler, () => undefined)
    this.now = monotonicClock(scheduler)
    const failed = new Subject<unknown>()
    this.failed$ = failed
    this.failures = producer.failed$.subscribe((error) => {
      failed.next(error)
    })
    producer.begin(after === undefined ? {} : { after: after.producer })
  }

  get hasRecords(): boolean {
    return this.producer.recordsInTransaction > 0
  }

  /** The brokers will abort it before long: its time-out counts from its first record. */
  get expiring(): boolean {
    return this.begunAt !== undefined && this.expiry.over
  }

  /** ms since its first record; 0 before */
  get age(): number {
    return this.begunAt === undefined ? 0 : this.now() - this.begunAt
  }

  append(record: ProducerRecord): boolean {
    if (this.begunAt === undefined) {
      this.begunAt = this.now()
      this.expiry.start(this.timeoutMs * USABLE_SHARE)
    }
    return this.producer.append(record)
  }

  /** Emits when the producer is closed. What is open stays so. */
  close(): Observable<void> {
    this.release()
    return this.producer.close()
  }

  abort(): Observable<void> {
    this.release()
    return this.producer.abort()
  }

  /** Leaves the transaction as it is; nothing is watched any more. */
  release(): void {
    this.expiry.stop()
    this.failures.unsubscribe()
  }
}
