import { Observable, observeOn, ReplaySubject, Subscription } from 'rxjs'
import { attemptOfSource } from './attemptOfSource.js'
import type { ResolvedCheckpointConfig } from './CheckpointConfig.js'
import { CheckpointError, isFatal } from './CheckpointError.js'
import { byUid, type CheckpointStates, noStates, statesOfSubtasks, withCarried } from './CheckpointStates.js'
import type { AttemptLease } from './CheckpointStore.js'
import { CheckpointWriter } from './CheckpointWriter.js'
import type { CompletedCheckpoint } from './CompletedCheckpoint.js'
import { leftEarly, nonRestored, storeFailed, timedOut, tooManyFailures } from './jobErrors.js'
import { JoinedSource } from './JoinedSource.js'
import { JoinedSources } from './JoinedSources.js'
import type { JobShare } from './JobShare.js'
import { keepLease } from './keepLease.js'
import { nextCheckpointAt } from './nextCheckpointAt.js'
import { nameOf, type PendingFault } from './PendingCheckpoint.js'
import { RestoredState } from './RestoredState.js'
import { RunningCheckpoint, type RunningCheckpointListener } from './RunningCheckpoint.js'
import type { CheckpointedSource, CheckpointRequest, SourceAttempt } from './SourceAttempt.js'
import { UserRequests } from './UserRequests.js'

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
  /** The last source has left. */
  onEnd(finished: FinishedSubtasks): void
}

/**
 * One attempt of a job, from its first source to the last one gone.
 *
 * 1. The first source that joins begins it: the store restores, once. Each source gets its `SourceAttempt`.
 * 2. When all that joined are ready, the first checkpoint starts; `nextCheckpointAt` decides about the next ones.
 * 3. A checkpoint is acknowledged, stored, completed; or aborted by a failure, a time-out or a source that joins meanwhile.
 * 4. A source is done with the completion of a checkpoint that it ends with. One that leaves before fails the attempt: the
 *    sources of a job start together, all from the same checkpoint.
 * 5. The last one that leaves ends the attempt, and what is pending is aborted.
 *
 * Whatever happens sets flags, and a turn on the scheduler acts on them. So nobody is called back from within his own call.
 */
export class JobAttempt implements RunningCheckpointListener {
  private phase: 'open' | 'closed' | 'over' = 'open'
  private readonly sources = new JoinedSources()
  private readonly begun$ = new ReplaySubject<void>(1)
  private readonly work = new Subscription()
  /** the store is asked, and cannot be called back: what it makes is this process's own */
  private restoring = false
  private turn: Subscription | undefined
  private timer: Subscription | undefined
  private share!: JobShare
  private restored!: RestoredState
  private writer!: CheckpointWriter
  private lease: AttemptLease | undefined
  private readonly asking = new WeakMap<CheckpointRequest, RunningCheckpoint>()
  private keepStates = false
  private states = noStates
  private running: readonly RunningCheckpoint[] = []
  private readonly asked = new UserRequests()
  private lastId = 0
  private completed = false
  private failures = 0
  private lastStart = -Infinity
  private lastEnd = -Infinity

  constructor(
    private readonly config: ResolvedCheckpointConfig,
    private readonly listener: JobAttemptListener,
    /** the one before in this process */
    private readonly former: (AttemptIdentity & { readonly finished: FinishedSubtasks }) | undefined,
  ) {}

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
          this.open(share)
        } catch (error) {
          this.refuse(error)
        }
      }),
    )
  }

  private open(share: JobShare): void {
    const { store, scheduler } = this.config
    this.restoring = true
    store.begin({ share, after: this.former?.attemptId, scheduler }).subscribe({
      next: (stored) => {
        this.restoring = false
        this.listener.onBegun({ attemptId: stored.attemptId, share })
        this.lease = stored.lease
        if (this.phase === 'over') return this.handOver()
        this.restored = new RestoredState(stored.restored)
        this.writer = new CheckpointWriter(stored)
        this.lastId = stored.restored?.checkpointId ?? 0
        this.share = share
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
    this.later()
    return this.asked.askCheckpoint(this.closed)
  }

  stopWithSavepoint(drain: boolean): Observable<CompletedCheckpoint> {
    this.later()
    return this.asked.askStop(this.closed, drain)
  }

  onComplete(): void {
    this.later()
  }

  onFailure(checkpoint: RunningCheckpoint, error: CheckpointError): void {
    if (!this.abort(checkpoint, error)) return
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
    return attemptOfSource(joined, {
      interval: this.config.interval,
      timeout: this.config.timeout,
      restored: this.restored,
      writer: this.writer,
      checkpointOf: (request) => this.asking.get(request),
      changed: () => this.later(),
      leave: () => this.leave(joined),
    })
  }

  private leave(joined: JoinedSource): void {
    if (!this.sources.remove(joined)) return
    if (this.sources.empty) return this.end()
    if (joined.started && !joined.ended) this.fail(leftEarly(joined.source))
    this.later()
  }

  private later(): void {
    this.turn ??= this.config.scheduler.schedule(() => {
      this.turn = undefined
      for (const checkpoint of this.running) if (checkpoint.acknowledged && !this.closed) this.store(checkpoint)
      for (const checkpoint of this.running) if (checkpoint.phase === 'stored') this.complete(checkpoint)
      this.schedule()
    })
  }

  private schedule(): void {
    this.timer?.unsubscribe()
    this.timer = undefined
    if (this.closed) return
    const { members, ready } = this.sources
    const at = nextCheckpointAt({
      interval: this.config.interval,
      minPause: this.config.minPause,
      maxConcurrent: this.config.maxConcurrent,
      ready,
      running: this.running.length,
      ending: this.running.some(({ ending }) => ending),
      asked: this.asked.waiting,
      final: this.asked.end !== undefined || members.some(({ finishing }) => finishing),
      completed: this.completed,
      failures: this.failures,
      lastStart: this.lastStart,
      lastEnd: this.lastEnd,
    })
    if (at === undefined) return
    const now = this.config.scheduler.now()
    if (at <= now) this.start(members, now)
    else this.timer = this.config.scheduler.schedule(() => this.schedule(), at - now)
  }

  private start(members: readonly JoinedSource[], now: number): void {
    const checkpointId = ++this.lastId
    const requests = new Map(
      members.map(
        (joined) => [joined.source, { checkpointId, end: joined.finishing ? 'finished' : this.asked.end }] as const,
      ),
    )
    const checkpoint = new RunningCheckpoint(checkpointId, now, requests, this, this.asked.takeCheckpoint())
    this.running = [...this.running, checkpoint]
    this.lastStart = now
    this.writer.begin(checkpointId)
    const { scheduler, timeout } = this.config
    checkpoint.work.add(
      scheduler.schedule(
        () => this.onFailure(checkpoint, timedOut(checkpointId, timeout, checkpoint.missing, this.sources.waiting)),
        timeout,
      ),
    )
    for (const request of requests.values()) this.asking.set(request, checkpoint)
    for (const joined of members) joined.ask(requests.get(joined.source)!)
    this.later()
  }

  private store(checkpoint: RunningCheckpoint): void {
    const states = withCarried(this.states, checkpoint.states)
    const gone = this.completed ? [] : this.restored.unclaimed(new Set(states.all.map(({ uid }) => uid)))
    if (gone.length > 0 && !this.config.allowNonRestoredState) return this.fail(nonRestored(gone))
    checkpoint.enter('acknowledged')
    // A stop is over with the checkpoint in which every source ends, be it because it is done or because it was stopped.
    checkpoint.savepoint = this.asked.end !== undefined && checkpoint.last
    const stored = {
      checkpointId: checkpoint.checkpointId,
      timestamp: checkpoint.timestamp,
      savepoint: checkpoint.savepoint,
      parallelism: this.share.parallelism,
      states: byUid(states),
    }
    checkpoint.work.add(
      this.writer.complete(stored, states.carried).subscribe({
        next: () => {
          checkpoint.enter('stored')
          this.later()
        },
        error: (error: unknown) => this.onFailure(checkpoint, storeFailed(error)),
      }),
    )
  }

  private complete(checkpoint: RunningCheckpoint): void {
    const { checkpointId, timestamp, savepoint } = checkpoint
    this.lastEnd = this.config.scheduler.now()
    const completed = { checkpointId, timestamp, duration: this.lastEnd - timestamp, savepoint }
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
    checkpoint.complete(completed, this.writer)
    if (done) this.asked.stopped(completed)
    this.listener.onCompleted(completed)
  }

  /** Gives a checkpoint up, if it is not too late. */
  private abort(checkpoint: RunningCheckpoint, error: Error): boolean {
    if (!checkpoint.abort()) return false
    this.running = this.running.filter((other) => other !== checkpoint)
    this.lastEnd = this.config.scheduler.now()
    for (const joined of this.sources.all) joined.withdraw(checkpoint.checkpointId)
    this.soon(() => checkpoint.tellAborted(error))
    this.later()
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
    this.timer?.unsubscribe()
    this.work.unsubscribe()
    this.giveUp(
      new CheckpointError('Aborted', 'The job has ended, or was unsubscribed, before the checkpoint was complete.'),
    )
    if (!this.restoring) this.handOver()
  }

  /** The next attempt may begin. While this one was still beginning it would have taken it for that of another process. */
  private handOver(): void {
    // It ends by silence too.
    this.lease?.release().subscribe({ error: () => undefined })
    const subtasks = this.sources.finished
    this.listener.onEnd({ subtasks, states: statesOfSubtasks(this.states, subtasks) })
  }

  private giveUp(error: Error): void {
    for (const checkpoint of this.running) this.abort(checkpoint, error)
    this.soon(() => this.asked.reject(error))
  }

  private soon(act: () => void): void {
    this.config.scheduler.schedule(act)
  }
}
