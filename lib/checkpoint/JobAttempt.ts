import { concatMap, EMPTY, map, merge, Observable, observeOn, of, ReplaySubject, Subscription, tap, timer } from 'rxjs'
import { Countdown } from '../scheduling/Countdown.js'
import { type MonotonicClock, monotonicClock } from '../scheduling/monotonicClock.js'
import { WorkLoop } from '../scheduling/WorkLoop.js'
import { attemptOfSource } from './attemptOfSource.js'
import type { ResolvedCheckpointConfig } from './CheckpointConfig.js'
import { CheckpointError, isFatal } from './CheckpointError.js'
import {
  byUid,
  type CheckpointStates,
  noStates,
  preparedByUid,
  statesOfSubtasks,
  withCarried,
} from './CheckpointStates.js'
import type { AttemptLedger, FormerHolder } from './store/AttemptLedger.js'
import type { AttemptLease, StoredAttempt } from './store/CheckpointStore.js'
import { CheckpointWriter } from './CheckpointWriter.js'
import type { CompletedCheckpoint } from './CompletedCheckpoint.js'
import { FinalCommits } from './FinalCommits.js'
import {
  cannotBegin,
  commitsFailed,
  leftEarly,
  nonRestored,
  preparedNonRestored,
  sinkLeft,
  storeFailed,
  timedOut,
  tooManyFailures,
} from './jobErrors.js'
import { JoinedSource } from './JoinedSource.js'
import { JoinedSources } from './JoinedSources.js'
import type { JobShare } from './JobShare.js'
import { keepLease } from './keepLease.js'
import { mayStartCheckpoint, RETRY_PAUSE } from './mayStartCheckpoint.js'
import { nameOf, type PendingFault } from './PendingCheckpoint.js'
import { ReservedIds } from './ReservedIds.js'
import { RestoredState } from './RestoredState.js'
import { RunningCheckpoint, type RunningCheckpointListener } from './RunningCheckpoint.js'
import type { CheckpointedSource, CheckpointRequest, SourceAttempt } from './SourceAttempt.js'
import { TwoPhaseRecovery } from './TwoPhaseRecovery.js'
import { UserRequests } from './UserRequests.js'

/** So many ids are no longer needed before the store is told. */
const RELEASED_AT_A_TIME = 32

/** Which attempt, and of which subtasks. */
export interface AttemptIdentity {
  readonly attemptId: string
  readonly share: JobShare
}

/** Subtasks that need not come back in the next attempt, and their last states, which its checkpoints carry on. */
export interface FinishedSubtasks {
  readonly subtasks: readonly number[]
  readonly states: CheckpointStates
}

/** Whom an attempt tells. */
export interface JobAttemptListener {
  onBegun(identity: AttemptIdentity): void
  onCompleted(checkpoint: CompletedCheckpoint): void
  /** The job was stopped, but what its savepoint holds could not be committed: it must not run on by itself. */
  onStopFailed(error: Error): void
  /** The last source has left. */
  onEnd(finished: FinishedSubtasks): void
}

/**
 * One attempt of a job, from its first source to the last one gone.
 *
 * 1. The first source that joins begins it: the store restores, once. Each source gets its `SourceAttempt`.
 * 2. When all that joined are ready, the first checkpoint starts; `mayStartCheckpoint` decides about the next ones.
 * 3. A checkpoint is acknowledged, stored, completed; or aborted by a failure, a time-out or a source that joins meanwhile.
 * 4. A source is done with the completion of a checkpoint that it ends with. One that leaves before fails the attempt: the
 *    sources of a job start together, all from the same checkpoint.
 * 5. The last one that leaves ends the attempt, and what is pending is aborted.
 *
 * Whatever happens sets flags, and a turn of the loop acts on them. So callbacks are never re-entrant.
 */
export class JobAttempt implements RunningCheckpointListener {
  private phase: 'open' | 'closed' | 'over' = 'open'
  private readonly sources = new JoinedSources()
  private readonly begun$ = new ReplaySubject<void>(1)
  private readonly work = new Subscription()
  /** the store is asked, and cannot be called back: what it makes is this process's own */
  private restoring = false
  private readonly loop: WorkLoop
  private readonly interval: Countdown
  private readonly minPause: Countdown
  private readonly retryPause: Countdown
  private readonly now: MonotonicClock
  private share!: JobShare
  private restored!: RestoredState
  private writer!: CheckpointWriter
  private lease: AttemptLease | undefined
  private ledger: AttemptLedger | undefined
  private ids = new ReservedIds(undefined)
  private recovery: TwoPhaseRecovery | undefined
  /** no sink will join any more for what was restored */
  private recoveryClosed = false
  private settling = false
  /** parts of the pipeline that cannot work yet */
  private readonly beginning = new Set<object>()
  private takingOver = false
  private takenOver = false
  /** a block of ids is being reserved, since the next checkpoint has none */
  private reserving = false
  private reserveFailed = false
  private releasedBelow = 0
  /** what the last checkpoint of the job commits, as long as that is not done */
  private finalCommits: FinalCommits | undefined
  private stopped: CompletedCheckpoint | undefined
  private readonly asking = new WeakMap<CheckpointRequest, RunningCheckpoint>()
  private keepStates = false
  private states = noStates
  private running: readonly RunningCheckpoint[] = []
  private readonly asked = new UserRequests()
  private lastId = 0
  private completed = false
  private failures = 0

  constructor(
    private readonly config: ResolvedCheckpointConfig,
    private readonly listener: JobAttemptListener,
    /** the one before in this process */
    private readonly former: (AttemptIdentity & { readonly finished: FinishedSubtasks }) | undefined,
    /** what the attempts of this process are known by in the store */
    private readonly claimant: string,
  ) {
    const { scheduler } = config
    this.now = monotonicClock(scheduler)
    this.loop = new WorkLoop(() => this.act(), { turn$: timer(0, scheduler) })
    const countdown = () => new Countdown(scheduler, () => this.startIfDue())
    this.interval = countdown()
    this.minPause = countdown()
    this.retryPause = countdown()
  }

  /** The job is done, stopped or has failed: who joins now waits for the next attempt. */
  get closed(): boolean {
    return this.phase !== 'open'
  }

  /** Restores, in a turn of its own: whoever has joined by then is of the subtasks that this attempt runs. */
  begin(): void {
    this.work.add(
      this.config.scheduler.schedule(() => {
        try {
          const share = this.sources.begin(this.former?.share, this.former?.finished.subtasks ?? [])
          this.carry(this.former?.finished.states ?? noStates)
          this.prepareSources(() => this.open(share))
        } catch (error) {
          this.refuse(error)
        }
      }),
    )
  }

  /** A process that cannot begin must not take over from one that runs. */
  private prepareSources(then: () => void): void {
    const prepared$ = this.sources.all.map(({ source }) => source.prepare?.() ?? EMPTY)
    this.work.add(
      merge(...prepared$).subscribe({
        error: (cause: unknown) => {
          this.phase = 'closed'
          this.begun$.error(cannotBegin(cause))
        },
        complete: then,
      }),
    )
  }

  private open(share: JobShare): void {
    const { store, scheduler } = this.config
    this.restoring = true
    const { claimant, former: before } = this
    const request = { share, after: before?.attemptId, claimant, takeOverLater: true, scheduler }
    // Half of what a checkpoint may take, so that it does not fail by the wait.
    const begun$ = store.begin({ ...request, takeOverPatience: this.config.timeout / 2 }).pipe(
      // Released also when what follows fails.
      tap((stored) => (this.lease = stored.lease)),
      // The first checkpoint comes before the first record, so its id must be there by then.
      concatMap((stored) => this.firstIds(stored).pipe(map((ids) => ({ stored, ids })))),
      concatMap(({ stored, ids }) => this.takeOverAtOnce(stored).pipe(map((former) => ({ stored, ids, former })))),
    )
    begun$.subscribe({
      next: ({ stored, ids, former }) => {
        this.restoring = false
        this.listener.onBegun({ attemptId: stored.attemptId, share })
        if (this.phase === 'over') return this.handOver()
        this.openWith(stored, ids, share)
        if (former !== undefined) this.onTakenOver(former)
        this.work.add(
          keepLease(stored.lease, scheduler).subscribe({ error: (error: unknown) => this.fail(storeFailed(error)) }),
        )
        this.begun$.next()
        this.begun$.complete()
      },
      error: (error: unknown) => {
        this.restoring = false
        if (this.phase === 'over') this.handOver()
        else this.refuse(error)
      },
    })
  }

  private firstIds({ ledger, restored }: StoredAttempt): Observable<ReservedIds> {
    const ids = new ReservedIds(ledger)
    return ids.ensure(restored?.checkpointId ?? 0, this.config.maxConcurrent + 1).pipe(map(() => ids))
  }

  /** Part of the pipeline begins; the attempt takes over when all such parts have. */
  private partBegins(): () => void {
    const part = {}
    this.beginning.add(part)
    return () => {
      if (this.beginning.delete(part)) this.loop.ask()
    }
  }

  /** Where no other attempt may run, there is nothing to wait for. */
  private takeOverAtOnce({ ledger }: StoredAttempt): Observable<readonly FormerHolder[] | undefined> {
    if (ledger === undefined) return of([])
    return ledger.mayReplace ? of(undefined) : ledger.takeOver()
  }

  private onTakenOver(former: readonly FormerHolder[]): void {
    this.takingOver = true
    this.takenOver = true
    this.recovery?.begin(former)
    for (const { source } of this.sources.all) source.wake()
    this.loop.ask()
  }

  /** Takes over from another attempt that may be running, once this one is able to begin. */
  private takeOverIfDue(): void {
    const { ledger, sources } = this
    if (this.takingOver || ledger === undefined || this.closed || !sources.ready || this.beginning.size > 0) return
    this.takingOver = true
    this.work.add(
      ledger.takeOver().subscribe({
        next: (former) => {
          this.onTakenOver(former)
        },
        error: (error: unknown) => {
          this.fail(storeFailed(error))
        },
      }),
    )
  }

  private openWith(stored: StoredAttempt, ids: ReservedIds, share: JobShare): void {
    const { ledger, restored } = stored
    this.share = share
    this.restored = new RestoredState(restored, share.parallelism)
    this.writer = new CheckpointWriter(stored)
    this.lastId = restored?.checkpointId ?? 0
    this.ledger = ledger
    this.ids = ids
    if (ledger !== undefined)
      this.recovery = new TwoPhaseRecovery({ restored, ledger, ids, share, changed: () => this.loop.ask() })
  }

  /** What the subtasks left that had finished before, and have not come back. */
  private carry(states: CheckpointStates): void {
    this.states = statesOfSubtasks(states, this.sources.finished)
    this.keepStates = this.states.all.length > 0
  }

  private refuse(error: unknown): void {
    this.phase = 'closed'
    this.begun$.error(storeFailed(error))
  }

  /** Emits in a turn of its own. Unsubscribing before it has emitted is leaving. */
  join(source: CheckpointedSource): Observable<SourceAttempt> {
    return new Observable((subscriber) => {
      const refused = this.sources.refuse(source)
      if (refused !== undefined) return subscriber.error(refused)
      const joined = new JoinedSource(source)
      this.sources.add(joined)
      for (const checkpoint of this.running)
        this.abort(
          checkpoint,
          new CheckpointError('Aborted', `${nameOf(source)} has joined; a new checkpoint follows with it.`),
        )
      subscriber.add(
        this.begun$.pipe(observeOn(this.config.scheduler)).subscribe({
          next: () => {
            joined.started = true
            subscriber.next(this.attemptOf(joined))
            subscriber.complete()
          },
          error: (error: unknown) => subscriber.error(error),
        }),
      )
      subscriber.add(() => {
        if (!joined.started) this.leave(joined)
      })
    })
  }

  trigger(): Observable<CompletedCheckpoint> {
    this.loop.ask()
    return this.asked.askCheckpoint(this.closed)
  }

  stopWithSavepoint(drain: boolean): Observable<CompletedCheckpoint> {
    this.loop.ask()
    return this.asked.askStop(this.closed, drain)
  }

  onComplete(): void {
    this.loop.ask()
  }

  onFailure(checkpoint: RunningCheckpoint, error: CheckpointError): void {
    if (this.abort(checkpoint, error)) this.countFailure(error)
  }

  private countFailure(error: CheckpointError): void {
    this.failures += 1
    if (isFatal(error)) return this.fail(error)
    const { tolerableFailures, logger } = this.config
    if (this.failures <= tolerableFailures) return logger.warn(error.message)
    this.fail(tooManyFailures(error, this.failures, tolerableFailures))
  }

  onMisuse(error: PendingFault): void {
    this.fail(error)
  }

  private attemptOf(joined: JoinedSource): SourceAttempt {
    const { interval, timeout, maxConcurrent } = this.config
    const isActive = (): boolean => this.takenOver
    return attemptOfSource(joined, {
      get active() {
        return isActive()
      },
      checkpointing: { interval, timeout, maxConcurrent },
      restored: this.restored,
      recovery: this.recovery,
      beginning: () => this.partBegins(),
      markCommitted: (uid, ids) => this.markCommitted(uid, ids),
      checkpointOf: (request) => this.asking.get(request),
      changed: () => this.loop.ask(),
      leave: () => this.leave(joined),
    })
  }

  private leave(joined: JoinedSource): void {
    if (!this.sources.remove(joined)) return
    if (this.sources.empty) return this.end()
    if (joined.started && !joined.ended) this.fail(leftEarly(joined.source))
    this.loop.ask()
  }

  private act(): void {
    for (const checkpoint of this.running) if (checkpoint.acknowledged && !this.closed) this.store(checkpoint)
    for (const checkpoint of this.running) if (checkpoint.phase === 'stored') this.complete(checkpoint)
    this.takeOverIfDue()
    this.tendRecovery()
    this.startIfDue()
  }

  /** Sinks join as `Restored` passes them, which it has done when all sources are ready. */
  private tendRecovery(): void {
    const { recovery, ledger } = this
    if (recovery === undefined || ledger === undefined || this.closed || !this.takenOver) return
    if (recovery.leftUnsettled !== undefined) return this.fail(sinkLeft(recovery.leftUnsettled))
    if (this.sources.ready && !this.recoveryClosed) {
      this.recoveryClosed = true
      this.soon(() => recovery.close())
    }
    // What no sink of this job can end is given up when there is a checkpoint that does not need it.
    if (!this.settling && recovery.settled && (this.completed || !recovery.abandons)) {
      this.settling = true
      // What fails now is made up for with the next checkpoint.
      ledger.settled().subscribe({ error: () => (this.settling = false) })
    }
    this.releaseIds(recovery, ledger)
  }

  /** Lets the store forget the blocks of ids that neither a checkpoint nor a sink needs any more. */
  private releaseIds(recovery: TwoPhaseRecovery, ledger: AttemptLedger): void {
    const oldest = this.running[0]?.checkpointId ?? this.lastId
    const below = Math.min(oldest, recovery.floor)
    if (below < this.releasedBelow + RELEASED_AT_A_TIME) return
    this.releasedBelow = below
    ledger.release(below).subscribe({ error: () => undefined })
  }

  private startIfDue(): void {
    if (this.closed || !this.takenOver) return
    const { members, ready } = this.sources
    const due = mayStartCheckpoint({
      periodic: this.config.interval > 0,
      maxConcurrent: this.config.maxConcurrent,
      ready,
      running: this.running.length,
      ending: this.running.some(({ ending }) => ending),
      asked: this.asked.waiting,
      final: this.asked.end !== undefined || members.some(({ finishing }) => finishing),
      completed: this.completed,
      failures: this.failures,
      intervalOver: this.interval.over,
      minPauseOver: this.minPause.over,
      retryPauseOver: this.retryPause.over,
    })
    if (!due) return
    const checkpointId = this.ids.above(this.lastId)
    if (checkpointId === undefined) this.reserveIds()
    else this.start(checkpointId, members)
  }

  private reserveIds(): void {
    if (this.reserving || (this.reserveFailed && !this.retryPause.over)) return
    this.reserving = true
    this.reserveFailed = false
    const ended = (): void => {
      this.reserving = false
      this.loop.ask()
    }
    this.work.add(
      this.ids.ensure(this.lastId, this.config.maxConcurrent + 1).subscribe({
        complete: ended,
        error: (error: unknown) => {
          this.reserveFailed = true
          this.retryPause.start(RETRY_PAUSE)
          this.countFailure(storeFailed(error))
          ended()
        },
      }),
    )
  }

  private start(checkpointId: number, members: readonly JoinedSource[]): void {
    this.lastId = checkpointId
    const requests = new Map(
      members.map(
        (joined) => [joined.source, { checkpointId, end: joined.finishing ? 'finished' : this.asked.end }] as const,
      ),
    )
    const { scheduler, timeout, interval, maxConcurrent } = this.config
    const startedAt = { timestamp: scheduler.now(), monotonic: this.now() }
    const checkpoint = new RunningCheckpoint(checkpointId, startedAt, requests, this, this.asked.takeCheckpoint())
    this.running = [...this.running, checkpoint]
    this.interval.start(interval)
    this.writer.begin(checkpointId)
    // Ahead of need: one that fails is asked for again when it is needed.
    this.work.add(this.ids.ensure(checkpointId, maxConcurrent + 1).subscribe({ error: () => undefined }))
    checkpoint.work.add(
      scheduler.schedule(
        () => this.onFailure(checkpoint, timedOut(checkpointId, timeout, checkpoint.missing, this.sources.waiting)),
        timeout,
      ),
    )
    for (const request of requests.values()) this.asking.set(request, checkpoint)
    for (const joined of members) joined.ask(requests.get(joined.source)!)
    this.loop.ask()
  }

  private store(checkpoint: RunningCheckpoint): void {
    const states = withCarried(this.states, checkpoint.states)
    const gone = this.completed ? undefined : this.restored.unclaimed(states.all, this.share.subtasks)
    if (gone !== undefined && gone.prepared.length > 0) return this.fail(preparedNonRestored(gone.prepared))
    if (gone !== undefined && gone.uids.length > 0 && !this.config.allowNonRestoredState)
      return this.fail(nonRestored(gone.uids))
    checkpoint.enter('acknowledged')
    // A stop is over with the checkpoint in which every source ends, be it because it is done or because it was stopped.
    checkpoint.savepoint = this.asked.end !== undefined && checkpoint.last
    const stored = {
      checkpointId: checkpoint.checkpointId,
      timestamp: checkpoint.startedAt.timestamp,
      savepoint: checkpoint.savepoint,
      parallelism: this.share.parallelism,
      states: byUid(states.all),
      prepared: preparedByUid(states.all),
    }
    checkpoint.prepared = stored.prepared
    checkpoint.work.add(
      this.writer.complete(stored, states.carried).subscribe({
        next: () => {
          checkpoint.enter('stored')
          this.loop.ask()
        },
        error: (error: unknown) => this.onFailure(checkpoint, storeFailed(error)),
      }),
    )
  }

  private complete(checkpoint: RunningCheckpoint): void {
    const { checkpointId, startedAt, savepoint } = checkpoint
    const { timestamp, monotonic } = startedAt
    this.pause()
    const completed = { checkpointId, timestamp, duration: this.now() - monotonic, savepoint }
    const subsumed = this.running.filter((older) => older.checkpointId < checkpointId && older.abort())
    this.running = this.running.filter((other) => other !== checkpoint && !subsumed.includes(other))
    this.completed = true
    this.failures = 0
    if (checkpoint.ending) this.keepStates = true
    if (this.keepStates) this.states = withCarried(this.states, checkpoint.states)
    for (const joined of this.sources.all)
      if (checkpoint.requests.get(joined.source)?.end !== undefined) joined.ended = true
    const done = this.sources.all.every(({ ended }) => ended)
    if (done && this.phase === 'open') this.phase = 'closed'
    const reason = `Checkpoint ${checkpointId} completed first, and holds all that is in this one.`
    for (const older of subsumed) older.tellAborted(new CheckpointError('Aborted', reason))
    if (done) {
      this.finalCommits = new FinalCommits({ prepared: checkpoint.prepared, committed: this.writer.committed })
      this.stopped = completed
    }
    checkpoint.complete(completed, {
      markCommitted: (uid, ids) => this.markCommitted(uid, ids),
      commitFailed: (uid, error) => this.onCommitFailed(uid, error),
    })
    this.endCommits()
    this.listener.onCompleted(completed)
  }

  private markCommitted(uid: string, ids: readonly string[]): Observable<void> {
    return this.writer.markCommitted(uid, ids).pipe(
      tap(() => {
        this.restored.marked(uid, ids)
        this.finalCommits?.marked(uid, ids)
        this.endCommits()
      }),
    )
  }

  /** The job is done when what its last checkpoint holds is committed. */
  private endCommits(): void {
    if (this.finalCommits?.done !== true || this.stopped === undefined) return
    const { stopped } = this
    this.finalCommits = undefined
    this.soon(() => {
      this.asked.stopped(stopped)
      if (this.phase === 'over') this.handOver()
    })
  }

  private onCommitFailed(uid: string, cause: unknown): void {
    if (this.finalCommits?.includes(uid) !== true) return
    this.finalCommits = undefined
    const error = commitsFailed(uid, this.stopped, cause)
    if (this.asked.end !== undefined) this.listener.onStopFailed(error)
    this.soon(() => {
      this.asked.reject(error)
      if (this.phase === 'over') this.handOver()
    })
  }

  /** Gives a checkpoint up, if it is not too late. */
  private abort(checkpoint: RunningCheckpoint, error: Error): boolean {
    if (!checkpoint.abort()) return false
    this.running = this.running.filter((other) => other !== checkpoint)
    this.pause()
    for (const joined of this.sources.all) joined.withdraw(checkpoint.checkpointId)
    this.soon(() => checkpoint.tellAborted(error))
    this.loop.ask()
    return true
  }

  /** The attempt cannot go on: every source ends with the error. */
  private fail(error: Error): void {
    if (this.closed) return
    this.phase = 'closed'
    this.soon(() => {
      // All may have left in the same turn, as the sources of one pipeline do: then nothing has failed.
      if (this.phase === 'over') return
      this.giveUp(error)
      // A turn later, so that the sinks have heard of the abort.
      this.soon(() => {
        for (const joined of this.sources.all) joined.fail(error)
      })
    })
  }

  private end(): void {
    this.phase = 'over'
    for (const countdown of [this.interval, this.minPause, this.retryPause]) countdown.stop()
    // The sinks are still committing: only then is the job over, and only then may the next attempt begin.
    if (this.finalCommits !== undefined) return
    this.giveUp(
      new CheckpointError('Aborted', 'The job has ended, or was unsubscribed, before the checkpoint was complete.'),
    )
    if (!this.restoring) this.handOver()
  }

  /** The next attempt may begin. While this one was still beginning it would have taken it for that of another process. */
  private handOver(): void {
    this.work.unsubscribe()
    // It ends by silence too.
    this.lease?.release().subscribe({ error: () => undefined })
    const subtasks = this.sources.finished
    this.listener.onEnd({ subtasks, states: statesOfSubtasks(this.states, subtasks) })
  }

  /** A checkpoint has ended. */
  private pause(): void {
    this.minPause.start(this.config.minPause)
    this.retryPause.start(RETRY_PAUSE)
  }

  private giveUp(error: Error): void {
    for (const checkpoint of this.running) this.abort(checkpoint, error)
    this.soon(() => this.asked.reject(error))
  }

  private soon(act: () => void): void {
    this.config.scheduler.schedule(act)
  }
}
