import {
  catchError,
  concatMap,
  EMPTY,
  from,
  mergeMap,
  type Observable,
  Subject,
  Subscription,
  take,
  takeUntil,
  throwError,
  timer,
} from 'rxjs'
import type { PreparedTransaction } from '../../client/KafkaProducer.js'
import type { ProducerRecord } from '../../client/ProducerRecord.js'
import { coroutine, result, type Step } from '../../scheduling/coroutine.js'
import { emitting } from '../../scheduling/emitting.js'
import type { CheckpointBarrier, CheckpointOutcome } from '../../stream/CheckpointBarrier.js'
import type { Restored } from '../../stream/Restored.js'
import { type KafkaCommittable, markOf } from '../committer/KafkaCommittable.js'
import type { KafkaCommitter } from '../committer/KafkaCommitter.js'
import type { SinkEvent } from '../SinkEvent.js'
import { OpenTransaction } from '../transaction/OpenTransaction.js'
import { SinkOwnership } from '../transaction/SinkOwnership.js'
import type { SinkTransactions } from '../transaction/SinkTransactions.js'
import { TransactionsAhead } from '../transaction/TransactionsAhead.js'
import type { TransactionStrategy } from '../transaction/strategy/TransactionStrategy.js'
import { encodeWriterState } from './KafkaWriterState.js'
import type { BarrierWork, KafkaWriter, WriterTransactions } from './KafkaWriter.js'
import { stoppedBeforeCommit, withoutFinalBarrier } from './misuse.js'
import { type OpeningContext, openExactlyOnce } from './openExactlyOnce.js'

/** A committable of this attempt, with its producer still at hand. */
interface LiveCommittable {
  readonly committable: KafkaCommittable
  readonly transaction: OpenTransaction
}

type CompletedOutcome = Extract<CheckpointOutcome, { _tag: 'completed' }>

/** What an {@link ExactlyOnceKafkaWriter} is made with, beside its transactions. */
export interface ExactlyOnceSettings {
  readonly uid: string
  readonly parallelism: number
  /** To be called when nothing of the sink's own stands in the way any more: from then on the attempt may take over. */
  readonly hasBegun: () => void
}

/** How long `close` waits for aborts, in ms. The next start aborts what is left, so no broker that is gone should hold us up. */
const ABORT_PATIENCE = 3_000

/**
 * EXACTLY_ONCE: one transaction per checkpoint that has records. The life of one:
 *
 * 1. Initialised while the ones before still take records (`TransactionsAhead`), under an id that the strategy gives.
 * 2. Begun in the place of a barrier. It accumulates at once; its first batch of a partition waits for the last one of the
 *    transaction before it there. As long as it has no record, it goes on past the next barrier.
 * 3. At the next barrier it is flushed and becomes a committable, which every checkpoint holds until it is known to be
 *    committed: also when that checkpoint is aborted, since the records before its barrier belong to the next one then. Before a
 *    checkpoint rests on it, the broker is asked whether it lives (`checkPrepared`).
 * 4. Committed when a checkpoint that holds it is complete; that is noted durably.
 * 5. Or never, because this process dies or the transaction does: then the next attempt commits it, or goes back to before it.
 */
export class ExactlyOnceKafkaWriter implements KafkaWriter {
  readonly ready$ = new Subject<void>()
  readonly failed$ = new Subject<unknown>()
  private ahead: TransactionsAhead | undefined
  private current: OpenTransaction | undefined
  /** past its barrier, and not yet flushed: the order of records per partition is kept across it */
  private before: OpenTransaction | undefined
  /** the final barrier has passed: no transaction begins any more */
  private ending = false
  private hasRoom = true
  /** past their barrier, being flushed */
  private readonly preparing = new Set<OpenTransaction>()
  /** flushed, and not yet known to be committed, in the order of their checkpoints */
  private committables: readonly LiveCommittable[] = []
  /** completed checkpoints whose transactions are not marked as committed yet */
  private readonly unsettled = new Set<CompletedOutcome>()
  private readonly ownership: SinkOwnership
  private readonly subscription = new Subscription()

  constructor(
    private readonly sink: SinkTransactions,
    private readonly strategy: TransactionStrategy,
    private readonly committer: KafkaCommitter,
    private readonly settings: ExactlyOnceSettings,
  ) {
    this.ownership = new SinkOwnership(sink)
  }

  get ready(): boolean {
    return this.hasRoom && this.current !== undefined
  }

  get transactions(): WriterTransactions {
    const { current, preparing, committables } = this
    const open = [...preparing, ...(current?.hasRecords === true ? [current] : [])]
    const prepared = committables.map(({ transaction }) => transaction)
    const oldestAge = Math.max(0, ...[...open, ...prepared].map(({ age }) => age))
    return { open: open.length, prepared: prepared.length, oldestAge }
  }

  open(restored: Restored): Observable<SinkEvent> {
    const { sink, strategy, committer, settings } = this
    return emitting((emit) => this.openWith({ sink, strategy, committer, restored, emit, ...settings }))
  }

  write(record: ProducerRecord): void {
    const transaction = this.current as OpenTransaction
    if (transaction.append(record)) return
    this.hasRoom = false
    transaction.producer.room$.pipe(take(1)).subscribe(() => {
      this.hasRoom = true
      this.ready$.next()
    })
  }

  barrier(barrier: CheckpointBarrier): BarrierWork {
    const ended = this.current?.hasRecords === true ? this.current : undefined
    if (ended !== undefined) {
      this.current = undefined
      this.before = ended
      this.preparing.add(ended)
    }
    if (barrier.end === undefined) this.begin()
    else this.beginNoMore()
    this.subscription.add(barrier.outcome$.subscribe((outcome) => this.onOutcome(outcome)))
    return {
      prepare$: emitting((emit) => this.prepare(barrier, ended, emit)),
      settle$: barrier.outcome$.pipe(
        concatMap((outcome) =>
          outcome._tag === 'completed' ? emitting<SinkEvent>((emit) => this.commit(outcome, emit)) : EMPTY,
        ),
      ),
    }
  }

  complete(): Observable<SinkEvent> {
    const open = this.current?.producer.recordsInTransaction ?? 0
    const prepared = this.committables.reduce((sum, { committable }) => sum + committable.records, 0)
    return open + prepared > 0 ? throwError(() => withoutFinalBarrier(open + prepared)) : EMPTY
  }

  close(): Observable<unknown> {
    this.subscription.unsubscribe()
    this.ownership.stop()
    for (const outcome of this.unsettled) outcome.commitFailed?.(this.settings.uid, stoppedBeforeCommit())
    for (const { transaction } of this.committables) transaction.release()
    const open = [...this.preparing, ...(this.current === undefined ? [] : [this.current])]
    return from(open).pipe(
      mergeMap((transaction) => (transaction.hasRecords ? transaction.abort() : transaction.close())),
      catchError(() => EMPTY),
      takeUntil(timer(ABORT_PATIENCE, this.sink.scheduler)),
    )
  }

  private *openWith(context: OpeningContext): Generator<Step, void> {
    this.ownership.set(yield* openExactlyOnce(context))
    const { checkpointing } = context.restored
    const ahead = new TransactionsAhead(this.sink, this.strategy, (checkpointing?.maxConcurrent ?? 1) + 1)
    this.ahead = ahead
    this.subscription.add(ahead.ready$.subscribe(() => this.begin()))
    this.subscription.add(() => ahead.close())
    ahead.fill()
  }

  private begin(): void {
    const { ahead, before, sink } = this
    if (this.current !== undefined || this.ending || ahead === undefined) return
    try {
      const next = ahead.take()
      ahead.fill()
      if (next === undefined) return
      const transaction = new OpenTransaction(next, before, sink.config.producer.transactionTimeoutMs, sink.scheduler)
      transaction.failed$.subscribe((error) => this.fail(error))
      this.current = transaction
      this.ready$.next()
    } catch (error) {
      this.failed$.next(error)
    }
  }

  private beginNoMore(): void {
    this.ending = true
    this.ahead?.close()
  }

  private *prepare(
    barrier: CheckpointBarrier,
    transaction: OpenTransaction | undefined,
    emit: (event: SinkEvent) => void,
  ): Generator<Step, void> {
    const { checkpointId } = barrier
    if (transaction !== undefined) {
      const { producer, identity } = transaction
      const records = producer.recordsInTransaction
      try {
        yield* result(producer.flush())
      } catch (error) {
        throw yield* this.ownership.reasonOf(error)
      }
      this.preparing.delete(transaction)
      if (this.before === transaction) this.before = undefined
      const committable = { ...identity, checkpointId, records, ...this.markOf(identity) }
      this.committables = [...this.committables, { committable, transaction }]
      emit({ kind: 'prepared', checkpointId, transactionalId: identity.transactionalId, records })
    }
    const held = this.committables.filter(({ transaction: { committing } }) => !committing)
    yield* this.ownership.check({
      committables: held.map(({ committable }) => committable),
      expiring: held.find(({ transaction: { expiring } }) => expiring)?.committable,
    })
    const prepared = this.committables.map(({ committable }) => committable)
    barrier.snapshot(
      this.settings.uid,
      this.stateOf(checkpointId, prepared),
      prepared.map((committable) => ({ id: markOf(committable), checkpointId: committable.checkpointId })),
    )
    barrier.acknowledge()
  }

  /** A mark that is the id itself is left out. */
  private markOf(identity: PreparedTransaction): Pick<KafkaCommittable, 'mark'> {
    const mark = this.strategy.markOf(identity)
    return mark === identity.transactionalId ? {} : { mark }
  }

  private fail(error: unknown): void {
    this.subscription.add(
      coroutine(() => this.ownership.reasonOf(error)).subscribe({
        next: (reason) => this.failed$.next(reason),
        error: () => this.failed$.next(error),
      }),
    )
  }

  private stateOf(checkpointId: number, committables: readonly KafkaCommittable[]): unknown {
    const { prefix: transactionalIdPrefix, subtaskIndex } = this.sink
    const { parallelism } = this.settings
    const naming = this.strategy.snapshot(committables.map(({ transactionalId }) => transactionalId))
    return encodeWriterState({ transactionalIdPrefix, subtaskIndex, parallelism, checkpointId, committables, naming })
  }

  private onOutcome(outcome: CheckpointOutcome): void {
    if (outcome._tag === 'completed') this.unsettled.add(outcome)
    this.ahead?.fill()
  }

  private *commit(outcome: CompletedOutcome, emit: (event: SinkEvent) => void): Generator<Step, void> {
    const { uid } = this.settings
    const due = this.committables.filter(({ committable }) => committable.checkpointId <= outcome.checkpointId)
    try {
      for (const { committable, transaction } of due) {
        const { checkpointId, transactionalId, records } = committable
        transaction.committing = true
        yield* result(this.committer.commit(committable, () => transaction.producer.commit()))
        emit({ kind: 'committed', recovered: false, checkpointId, transactionalId, records })
        yield* result(transaction.close())
      }
      const marks = due.map(({ committable }) => markOf(committable))
      if (marks.length > 0) yield* result(outcome.markCommitted(uid, marks))
      // Not before that is durable: no snapshot may leave out a commit that the store does not know of.
      this.committables = this.committables.filter((one) => !due.includes(one))
    } catch (error) {
      this.unsettled.delete(outcome)
      const reason = yield* this.ownership.reasonOf(error)
      outcome.commitFailed?.(uid, reason)
      throw reason
    }
    this.unsettled.delete(outcome)
    this.strategy.ended(due.map(({ committable }) => committable.transactionalId))
  }
}
