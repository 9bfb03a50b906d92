import {
  catchError,
  concat,
  concatMap,
  defer,
  EMPTY,
  filter,
  from,
  ignoreElements,
  map,
  mergeMap,
  type Observable,
  of,
  type SchedulerLike,
  Subject,
  Subscription,
  take,
  takeUntil,
  tap,
  throwError,
  timer,
} from 'rxjs'
import type { KafkaClient } from '../../client/KafkaClient.js'
import { KafkaError } from '../../client/KafkaError.js'
import type { ProducerRecord } from '../../client/ProducerRecord.js'
import type { CheckpointBarrier, CheckpointOutcome } from '../../stream/CheckpointBarrier.js'
import type { Restored } from '../../stream/Restored.js'
import type { KafkaCommittable } from '../committer/KafkaCommittable.js'
import type { KafkaCommitter } from '../committer/KafkaCommitter.js'
import { recoverCommittables } from '../committer/recoverCommittables.js'
import type { KafkaSinkConfig } from '../KafkaSinkConfig.js'
import type { SinkEvent } from '../SinkEvent.js'
import { abortLingering } from '../transaction/abortLingering.js'
import { checkTransactionTimeout } from '../transaction/checkTransactionTimeout.js'
import { IncrementingTransactions, type InitialisedTransaction } from '../transaction/IncrementingTransactions.js'
import { decodeWriterState, encodeWriterState, type KafkaWriterState } from './KafkaWriterState.js'
import type { BarrierWork, KafkaWriter } from './KafkaWriter.js'
import { withoutCheckpoints, withoutFinalBarrier } from './misuse.js'

/** A committable of this attempt, with its producer still at hand. */
interface LiveCommittable {
  readonly committable: KafkaCommittable
  readonly transaction: InitialisedTransaction
}

type CompletedOutcome = Extract<CheckpointOutcome, { _tag: 'completed' }>

/** What an {@link ExactlyOnceKafkaWriter} is made with. */
export interface ExactlyOnceSettings {
  readonly config: KafkaSinkConfig<never>
  readonly prefix: string
  readonly uid: string
  readonly subtaskIndex: number
  readonly parallelism: number
  readonly scheduler: SchedulerLike
}

/** How long `close` waits for aborts, in ms. The next start aborts what is left, so no broker that is gone should hold us up. */
const ABORT_PATIENCE = 3_000

/**
 * EXACTLY_ONCE: one transaction per checkpoint. The life of one:
 *
 * 1. Initialised while the one before still takes records (`IncrementingTransactions`), as soon as a checkpoint has completed.
 * 2. Begun in the place of a barrier. It accumulates at once; its first batch of a partition waits for the last one of the
 *    transaction before it there.
 * 3. At the next barrier it is flushed and becomes a committable, which every checkpoint holds until it is known to be
 *    committed: also when that checkpoint is aborted, since the records before its barrier belong to the next one then.
 * 4. Committed when a checkpoint that holds it is complete; that is noted durably.
 * 5. Or never, because this process dies: then the next attempt resumes it (4.) if its checkpoint is complete, or aborts it.
 */
export class ExactlyOnceKafkaWriter implements KafkaWriter {
  readonly ready$ = new Subject<void>()
  readonly failed$ = new Subject<unknown>()
  private readonly transactions: IncrementingTransactions
  private current: InitialisedTransaction | undefined
  private hasRoom = true
  /** past their barrier, being flushed */
  private readonly preparing = new Set<InitialisedTransaction>()
  /** flushed, and not yet known to be committed, in the order of their checkpoints */
  private committables: readonly LiveCommittable[] = []
  private readonly subscription = new Subscription()

  constructor(
    private readonly client: KafkaClient,
    private readonly committer: KafkaCommitter,
    private readonly settings: ExactlyOnceSettings,
  ) {
    const { config, prefix, subtaskIndex } = settings
    this.transactions = new IncrementingTransactions(client, config.producer, prefix, subtaskIndex)
  }

  get ready(): boolean {
    return this.hasRoom && this.current !== undefined
  }

  open(restored: Restored): Observable<SinkEvent> {
    const { uid } = this.settings
    return defer(() => {
      const former = this.formerStates(restored)
      const { parallelism, subtaskIndex } = this.settings
      // After a change of the parallelism those of subtasks that are no more are dealt out.
      const mine = former.filter((state) => state.subtaskIndex % parallelism === subtaskIndex)
      const committables = mine.flatMap((state) => state.committables)
      return concat(
        this.checkTimeout(restored),
        recoverCommittables(this.client, this.committer, uid, restored, committables),
        this.beginAfterLingering(restored, former),
      )
    })
  }

  write(record: ProducerRecord): void {
    const producer = (this.current as InitialisedTransaction).producer
    if (producer.append(record)) return
    this.hasRoom = false
    producer.room$.pipe(take(1)).subscribe(() => {
      this.hasRoom = true
      this.ready$.next()
    })
  }

  barrier(barrier: CheckpointBarrier): BarrierWork {
    const ended = this.current
    this.current = undefined
    if (ended !== undefined) this.preparing.add(ended)
    if (barrier.end === undefined) this.begin(barrier.checkpointId + 1, ended)
    return {
      prepare$: concat(
        defer(() => (ended === undefined ? EMPTY : this.prepare(ended, barrier.checkpointId))),
        defer(() => {
          barrier.snapshot(this.settings.uid, this.snapshot(barrier.checkpointId))
          barrier.acknowledge()
          return EMPTY
        }),
      ),
      settle$: defer(() => barrier.outcome$).pipe(
        concatMap((outcome) => (outcome._tag === 'completed' ? this.completed(outcome) : EMPTY)),
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
    this.transactions.close()
    const open = [...this.preparing, ...(this.current === undefined ? [] : [this.current])]
    return from(open).pipe(
      filter(({ producer }) => producer.recordsInTransaction > 0),
      mergeMap(({ producer }) => producer.abort().pipe(catchError(() => EMPTY))),
      takeUntil(timer(ABORT_PATIENCE, this.settings.scheduler)),
    )
  }

  private formerStates(restored: Restored): readonly KafkaWriterState[] {
    return restored.statesOf(this.settings.uid).map((json, subtaskIndex) => {
      const decoded = decodeWriterState(json, { subtaskIndex, checkpointId: restored.checkpointId ?? 0 })
      if (decoded._tag === 'Right') return decoded.right
      throw new KafkaError({
        _tag: 'Corrupt',
        message:
          `The state of ${this.settings.uid} in checkpoint ${restored.checkpointId} is not one of a sink. Going on without it ` +
          `would lose its records. Was this uid given to another operator?`,
        fatal: true,
      })
    })
  }

  private checkTimeout(restored: Restored): Observable<never> {
    const { checkpointing } = restored
    const { deliveryGuarantee, producer, client } = this.settings.config
    if (checkpointing === undefined) return throwError(() => withoutCheckpoints(deliveryGuarantee))
    return this.client.admin.brokerConfig('transaction.max.timeout.ms').pipe(
      tap((maximum) => {
        const verdict = checkTransactionTimeout(
          producer.transactionTimeoutMs,
          maximum === undefined ? undefined : Number(maximum),
          checkpointing,
        )
        if (verdict.error) throw verdict.error
        if (verdict.warning !== undefined) client.logger?.warn(verdict.warning)
      }),
      ignoreElements(),
    )
  }

  private beginAfterLingering(restored: Restored, former: readonly KafkaWriterState[]): Observable<SinkEvent> {
    const { prefix, subtaskIndex, parallelism } = this.settings
    const formerParallelism = Math.max(0, ...former.map((state) => state.parallelism))
    const prefixes = [...new Set([...former.map((state) => state.transactionalIdPrefix), prefix])]
    const firstOffset = (restored.checkpointId ?? 0) + 1
    const formerOffsets = new Map(former.map((state) => [state.subtaskIndex, state.checkpointId + 1]))
    const aborted: string[] = []
    return concat(
      from(prefixes).pipe(
        concatMap((searched) =>
          abortLingering(
            this.transactions,
            { prefix: searched, subtaskIndex, parallelism, formerParallelism, firstOffset, formerOffsets },
            (id) => aborted.push(id),
          ).pipe(
            concatMap((first) => (searched === prefix ? of(first) : first.producer.close().pipe(ignoreElements()))),
          ),
        ),
        tap((first) => {
          this.transactions.startFrom(first)
          this.start(first, undefined)
          this.initialiseNext()
        }),
        ignoreElements(),
      ),
      defer(() =>
        aborted.length > 0 ? of<SinkEvent>({ kind: 'lingeringAborted', transactionalIds: aborted }) : EMPTY,
      ),
    )
  }

  private begin(offset: number, after: InitialisedTransaction | undefined): void {
    this.subscription.add(
      this.transactions.take(offset).subscribe({
        next: (transaction) => this.start(transaction, after),
        error: (error: unknown) => this.failed$.next(error),
      }),
    )
  }

  private start(transaction: InitialisedTransaction, after: InitialisedTransaction | undefined): void {
    transaction.producer.begin(after === undefined ? {} : { after: after.producer })
    this.subscription.add(transaction.producer.failed$.subscribe((error) => this.failed$.next(error)))
    this.current = transaction
    this.ready$.next()
  }

  /**
   * Only when an attempt has begun or a checkpoint has completed, which says that no newer attempt has taken over: a process
   * that was stopped and wakes beside its successor would fence a transaction of it, and the records in it would be lost.
   */
  private initialiseNext(): void {
    if (this.current !== undefined) this.transactions.prepare(this.current.offset + 1)
  }

  private prepare(transaction: InitialisedTransaction, checkpointId: number): Observable<SinkEvent> {
    const { producer, identity } = transaction
    const records = producer.recordsInTransaction
    if (records === 0) {
      this.preparing.delete(transaction)
      return producer.close().pipe(ignoreElements())
    }
    return producer.flush().pipe(
      map((): SinkEvent => {
        this.preparing.delete(transaction)
        const committable = { ...identity, checkpointId, records }
        this.committables = [...this.committables, { committable, transaction }]
        return { kind: 'prepared', checkpointId, transactionalId: identity.transactionalId, records }
      }),
    )
  }

  private snapshot(checkpointId: number) {
    const { prefix, subtaskIndex, parallelism } = this.settings
    const committables = this.committables.map(({ committable }) => committable)
    return encodeWriterState({ transactionalIdPrefix: prefix, subtaskIndex, parallelism, checkpointId, committables })
  }

  private completed(outcome: CompletedOutcome): Observable<SinkEvent> {
    this.initialiseNext()
    return this.commit(outcome)
  }

  private commit(outcome: CompletedOutcome): Observable<SinkEvent> {
    const due = this.committables.filter(({ committable }) => committable.checkpointId <= outcome.checkpointId)
    if (due.length === 0) return EMPTY
    const ids = due.map(({ committable }) => committable.transactionalId)
    return concat(
      from(due).pipe(
        concatMap(({ committable, transaction: { producer } }) =>
          concat(
            this.committer.commit(
              committable,
              defer(() => producer.commit()),
              false,
            ),
            defer(() => producer.close()).pipe(ignoreElements()),
          ),
        ),
      ),
      defer(() => {
        this.committables = this.committables.filter((one) => !due.includes(one))
        return outcome.markCommitted(this.settings.uid, ids).pipe(ignoreElements())
      }),
    )
  }
}
