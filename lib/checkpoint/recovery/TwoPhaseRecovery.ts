import { defer, map, type Observable, of, ReplaySubject, take, tap } from 'rxjs'
import { coroutine, result, type Step } from '../../scheduling/coroutine.js'
import type { OwnerRecords, RecoveryAction, RestoredTransaction, TwoPhaseSink } from '../../stream/TwoPhaseCommit.js'
import { CheckpointError } from '../CheckpointError.js'
import { deadCheckpoints, decideRecovery, leadsBack, type WayBack } from './decideRecovery.js'
import {
  abandonsTransactions,
  expectedSinks,
  hasTransactions,
  inheritanceOf,
  type RecoveryScope,
  type SinkIdentity,
} from './inheritanceOf.js'
import type { JobShare } from '../JobShare.js'
import type { SubtaskKey } from '../SubtaskKey.js'
import type { ReservedIds } from '../attempt/ReservedIds.js'
import type { AttemptLedger, FormerHolder, IdBlock, SinkRecord } from '../store/AttemptLedger.js'
import type { StoredCheckpoint } from '../store/CheckpointStore.js'

/** A sink that takes part in the two-phase commit of its job. */
interface Participant extends SinkIdentity {
  reported: readonly RestoredTransaction[] | undefined
  /** It uses no number below this one. */
  usesFrom: number
  /** The last number that it got; 0: none. */
  usesTo: number
  wentBack: boolean
  settled: boolean
  left: boolean
}

/** What a recovery is made with. */
export interface TwoPhaseContext {
  readonly restored: StoredCheckpoint | undefined
  readonly ledger: AttemptLedger
  readonly ids: ReservedIds
  readonly share: JobShare
  /** A sink has settled, or needs fewer numbers. Called at any time; must only set a flag. */
  changed(): void
}

/**
 * The two-phase commit of one attempt: gathers how the transactions of the restored checkpoint stand, from all sinks that it is of,
 * before any of them is committed; so that the job can still go back as a whole when one of them is dead.
 *
 * It knows which sinks take part when all that the restored checkpoint and former attempts know of have joined, or when `close`
 * says that no more will.
 */
export class TwoPhaseRecovery {
  private readonly participants: Participant[] = []
  private readonly known = new ReplaySubject<void>(1)
  private readonly decided = new ReplaySubject<ReadonlyMap<RestoredTransaction, RecoveryAction>>(1)
  private readonly goneBack = new ReplaySubject<never>(1)
  private readonly records = new Map<Participant, SinkRecord>()
  private before: ReadonlyMap<number, number> = new Map()
  private former: readonly FormerHolder[] | undefined
  private isClosed = false
  private isKnown = false
  private isDeciding = false

  constructor(private readonly context: TwoPhaseContext) {}

  /** There are sinks whose transactions can die, so that the job would have to go back. */
  get hasSinks(): boolean {
    return this.participants.length > 0
  }

  /**
   * The numbers that sinks use: of each, from the oldest one that is not over to the last one that it got. The last one counts even if
   * nothing is open under it, since the sink may be about to use it.
   */
  get idsInUse(): readonly IdBlock[] {
    return this.participants
      .filter(({ left }) => !left)
      .map(({ usesFrom, usesTo }) => ({ first: Math.min(usesFrom, usesTo), last: usesTo }))
  }

  /** All that former attempts may have opened is ended by the sinks of this one. */
  get settled(): boolean {
    return this.isKnown && this.participants.every(({ settled }) => settled)
  }

  /** There are transactions of former attempts that no sink of this one can end: they end by their time-out. */
  get abandons(): boolean {
    return abandonsTransactions(this.scope)
  }

  /**
   * A sink that has left before it ended its transactions of the restored checkpoint. No other sink does, a decision without them may lose
   * them, and the others wait for it to go back, so the attempt has to end: the next one decides again.
   */
  get leftUnsettled(): Pick<Participant, 'name' | 'subtaskIndex'> | undefined {
    return this.isKnown
      ? this.participants.find((one) => one.left && !one.settled && hasTransactions(this.scope, one))
      : undefined
  }

  /** Throws when another sink of this attempt and subtask has the name. */
  join(uid: string, name: string, subtaskIndex: number): TwoPhaseSink {
    const other = this.participants.find((one) => one.subtaskIndex === subtaskIndex && one.name === name && !one.left)
    if (other !== undefined) throw duplicateName(name, other.uid, uid)
    const participant: Participant = {
      ...{ uid, name, subtaskIndex, reported: undefined },
      ...{ wentBack: false, settled: false, left: false, usesFrom: 1, usesTo: 0 },
    }
    this.participants.push(participant)
    this.knowIfComplete()
    return this.sinkOf(participant)
  }

  /** The attempt has taken over from those before; nothing is touched earlier. */
  begin(former: readonly FormerHolder[]): void {
    this.former = former
    this.knowIfComplete()
  }

  /** No more sinks will join for what was restored. */
  close(): void {
    this.isClosed = true
    this.knowIfComplete()
  }

  private sinkOf(participant: Participant): TwoPhaseSink {
    const { ledger, ids } = this.context
    return {
      ownerRecords: () => this.ownerRecords(participant),
      recordOwner: (owner) => this.record(participant, { owner }),
      inheritance$: this.known.pipe(
        take(1),
        map(() => inheritanceOf(this.scope, participant)),
      ),
      decide: (transactions) => defer(() => this.report(participant, transactions)),
      goBack: () =>
        defer(() => {
          participant.wentBack = true
          this.goBackIfComplete()
          return this.goneBack
        }),
      settled: () => this.settle(participant),
      nextNumber: (after) =>
        ids.next(after).pipe(
          tap((number) => {
            participant.usesTo = number
          }),
        ),
      passOver: (first, last) => this.passOver(participant, { first, last }),
      release: (below) => {
        participant.usesFrom = below
        this.context.changed()
      },
      confirm: () => ledger.confirm(),
      leave: () => this.leave(participant),
    }
  }

  private leave(participant: Participant): void {
    if (participant.left) return
    participant.left = true
    // What it would have looked after is left to the others.
    if (!this.isKnown) this.participants.splice(this.participants.indexOf(participant), 1)
    this.decideIfComplete()
    this.context.changed()
  }

  private knowIfComplete(): void {
    if (this.isKnown || this.former === undefined) return
    const hasJoined = (expected: SubtaskKey): boolean =>
      this.participants.some((one) => one.uid === expected.uid && one.subtaskIndex === expected.subtaskIndex)
    if (!this.isClosed && !(this.participants.length > 0 && expectedSinks(this.scope).every(hasJoined))) return
    this.isKnown = true
    this.known.next()
    this.decideIfComplete()
  }

  private get scope(): RecoveryScope {
    const { restored, share } = this.context
    return { restored, share, former: this.former ?? [], sinks: this.participants }
  }

  private ownerRecords({ name, subtaskIndex }: Participant): Observable<OwnerRecords> {
    const { ledger } = this.context
    return ledger.otherSinks().pipe(
      map((sinks) => {
        const named = sinks.filter((sink) => sink.name === name)
        const own = named.filter((sink) => sink.subtaskIndex === subtaskIndex)
        const owners = own.flatMap(({ owner }) => owner ?? [])
        const changing = own.length - owners.length
        return { firstAttempt: ledger.first, nameKnown: named.length > 0, owners, changing }
      }),
    )
  }

  private passOver(participant: Participant, { first, last }: IdBlock): Observable<void> {
    return defer(() => {
      const before = this.records.get(participant)?.passedOver ?? []
      const newest = before.at(-1)
      const passedOver =
        newest?.last === first - 1
          ? [...before.slice(0, -1), { first: newest.first, last }]
          : [...before, { first, last }]
      return this.record(participant, { passedOver })
    })
  }

  private record(participant: Participant, what: Pick<SinkRecord, 'owner' | 'passedOver'>): Observable<void> {
    return defer(() => {
      const { uid, name, subtaskIndex } = participant
      this.records.set(participant, { uid, name, subtaskIndex, ...this.records.get(participant), ...what })
      return this.context.ledger.recordSinks([...this.records.values()])
    })
  }

  private report(
    participant: Participant,
    transactions: readonly RestoredTransaction[],
  ): Observable<readonly RecoveryAction[]> {
    // A sink that comes when the others have decided can no longer send the job back.
    const late = this.isDeciding ? of(actionsOf(transactions, new Map())) : this.decided
    participant.reported = transactions
    this.decideIfComplete()
    return late.pipe(map((actions) => transactions.map((transaction) => actions.get(transaction) ?? 'commit')))
  }

  private decideIfComplete(): void {
    if (!this.isKnown || this.isDeciding || this.participants.some((one) => this.isAwaited(one))) return
    this.isDeciding = true
    const transactions = this.participants.flatMap(({ reported = [] }) => reported)
    coroutine(() => this.decide(transactions)).subscribe(this.decided)
  }

  /** Its report is missing. One that has left sends none; then it matters whether it has transactions to report. */
  private isAwaited(participant: Participant): boolean {
    if (participant.reported !== undefined) return false
    return !participant.left || hasTransactions(this.scope, participant)
  }

  private *decide(
    transactions: readonly RestoredTransaction[],
  ): Generator<Step, ReadonlyMap<RestoredTransaction, RecoveryAction>> {
    const waysBack = new Map<number, WayBack>()
    for (const [subtask, dead] of deadCheckpoints(transactions)) {
      const way = yield* this.wayBack(transactions, subtask, dead)
      if (way !== undefined) waysBack.set(subtask, way)
    }
    this.before = new Map([...waysBack].map(([subtask, { before }]) => [subtask, before]))
    return actionsOf(transactions, waysBack)
  }

  /** As far back as it goes: the fewer of the dead are lost. */
  private *wayBack(
    transactions: readonly RestoredTransaction[],
    subtask: number,
    dead: readonly number[],
  ): Generator<Step, WayBack | undefined> {
    for (const before of dead) {
      const base = yield* result(this.context.ledger.newestBefore(subtask, before))
      if (leadsBack(transactions, subtask, base)) return { before, base: base.checkpointId }
    }
    return undefined
  }

  private goBackIfComplete(): void {
    this.decided.pipe(take(1)).subscribe((actions) => {
      const waiting = this.participants.some(
        ({ wentBack, reported = [] }) => !wentBack && reported.some((one) => actions.get(one) === 'abort'),
      )
      if (!waiting) coroutine(() => this.endBefore(this.before)).subscribe(this.goneBack)
    })
  }

  private *endBefore(before: ReadonlyMap<number, number>): Generator<Step, never> {
    if (!(yield* result(this.context.ledger.goBack(before)))) throw cannotGoBack()
    throw wentBack(before)
  }

  private settle(participant: Participant): Observable<void> {
    return defer(() => {
      participant.settled = true
      this.context.changed()
      return of(undefined)
    })
  }
}

const actionsOf = (
  transactions: readonly RestoredTransaction[],
  waysBack: ReadonlyMap<number, WayBack>,
): ReadonlyMap<RestoredTransaction, RecoveryAction> => {
  const actions = decideRecovery(transactions, waysBack)
  return new Map(transactions.map((transaction, index) => [transaction, actions[index] ?? 'commit']))
}

const duplicateName = (name: string, one: string, other: string): CheckpointError =>
  new CheckpointError(
    'Config',
    `Two sinks of this job use the transactional id prefix "${name}": "${one}" and "${other}". Their transactions would end each ` +
      'other. Give each sink a prefix of its own: setTransactionalIdPrefix.',
  )

const wentBack = (before: ReadonlyMap<number, number>): CheckpointError =>
  new CheckpointError(
    'WentBack',
    `A transaction of checkpoint ${[...new Set(before.values())].join(', ')} is dead: it expired before it was committed. No record after it is ` +
      'visible yet, so the job goes back to the checkpoint before it, and nothing is lost. A retry, or the next start, goes on from there.',
  )

const cannotGoBack = (): CheckpointError =>
  new CheckpointError(
    'StoreFailed',
    'The checkpoint store no longer has the checkpoint that the job was to go back to. The next attempt decides again.',
  )
