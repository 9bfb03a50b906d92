import { Observable, observeOn, ReplaySubject, Subscription } from 'rxjs'
import type { EndOfStream } from '../stream/CheckpointBarrier.js'
import type { ResolvedCheckpointConfig } from './CheckpointConfig.js'
import { CheckpointError, isCheckpointError, isFatal, reasonOf } from './CheckpointError.js'
import { byUid, noStates, withCarried } from './CheckpointStates.js'
import { CheckpointTicket } from './CheckpointTicket.js'
import { CheckpointWriter } from './CheckpointWriter.js'
import type { CompletedCheckpoint } from './CompletedCheckpoint.js'
import { JoinedSource } from './JoinedSource.js'
import { nextCheckpointAt } from './nextCheckpointAt.js'
import { keyOf, nameOf, type PendingFault } from './PendingCheckpoint.js'
import { RestoredState } from './RestoredState.js'
import { RunningCheckpoint, type RunningCheckpointListener } from './RunningCheckpoint.js'
import type { CheckpointedSource, CheckpointRequest, SourceAttempt } from './SourceAttempt.js'

/** Whom an attempt tells. */
export interface JobAttemptListener {
  onCompleted(checkpoint: CompletedCheckpoint): void
  /** The last source has left. */
  onEnd(): void
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
  private readonly sources = new Map<string, JoinedSource>()
  private readonly begun$ = new ReplaySubject<void>(1)
  private readonly work = new Subscription()
  private turn: Subscription | undefined
  private timer: Subscription | undefined
  private restored!: RestoredState
  private writer!: CheckpointWriter
  private readonly asking = new WeakMap<CheckpointRequest, RunningCheckpoint>()
  private keepStates = false
  private states = noStates
  private running: readonly RunningCheckpoint[] = []
  private asked: CheckpointTicket | undefined
  private stop: { readonly end: EndOfStream; readonly ticket: CheckpointTicket } | undefined
  private lastId = 0
  private completed = false
  private failures = 0
  private lastStart = -Infinity
  private lastEnd = -Infinity

  constructor(
    private readonly config: ResolvedCheckpointConfig,
    private readonly listener: JobAttemptListener,
  ) {}

  /** The job is done, stopped or has failed: who joins now waits for the next attempt. */
  get closed(): boolean {
    return this.phase !== 'open'
  }

  /** Restores. */
  begin(): void {
    this.work.add(
      this.config.store.begin().subscribe({
        next: (stored) => {
          this.restored = new RestoredState(stored.restored)
          this.writer = new CheckpointWriter(stored)
          this.lastId = stored.restored?.checkpointId ?? 0
          this.begun$.next()
          this.begun$.complete()
        },
        error: (error: unknown) => {
          this.phase = 'closed'
          this.begun$.error(storeError(error))
        },
      }),
    )
  }

  /** Emits in a turn of its own. Unsubscribing before it has emitted is leaving. */
  join(source: CheckpointedSource): Observable<SourceAttempt> {
    return new Observable((subscriber) => {
      if (this.sources.has(keyOf(source))) return subscriber.error(duplicate(source))
      const joined = new JoinedSource(source)
      this.sources.set(keyOf(source), joined)
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
    if (this.closed || this.stop !== undefined)
      return CheckpointTicket.rejected(new CheckpointError('Stopping', 'No checkpoint is taken: the job is ending.'))
        .result$
    this.asked ??= new CheckpointTicket()
    this.later()
    return this.asked.result$
  }

  stopWithSavepoint(drain: boolean): Observable<CompletedCheckpoint> {
    const end = drain ? 'drain' : 'suspend'
    if (this.stop === undefined && this.closed)
      return CheckpointTicket.rejected(new CheckpointError('NotRunning', 'Nothing was stopped: the job has ended.'))
        .result$
    this.stop ??= { end, ticket: new CheckpointTicket() }
    if (this.stop.end !== end)
      return CheckpointTicket.rejected(
        new CheckpointError('Stopping', `The job is being stopped already, in the other way (${this.stop.end}).`),
      ).result$
    this.later()
    return this.stop.ticket.result$
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
    const count = `Failures in a row: ${this.failures}; tolerableFailures is ${tolerableFailures}.`
    this.fail(new CheckpointError(error._tag, `${error.message} ${count}`, { cause: error }))
  }

  onMisuse(error: PendingFault): void {
    this.fail(error)
  }

  private attemptOf(joined: JoinedSource): SourceAttempt {
    const { source } = joined
    const { restored, writer } = this
    const answer = (request: CheckpointRequest, state: unknown, parts: number) => {
      joined.withdraw(request.checkpointId)
      const checkpoint = this.asking.get(request)
      if (checkpoint !== undefined) return checkpoint.barriers(source, state, parts)
      throw new CheckpointError(
        'IllegalState',
        `${nameOf(source)} answered a request that it did not get from pending().`,
      )
    }
    return {
      restored: {
        kind: 'restored',
        checkpointId: restored.checkpointId,
        checkpointing: { interval: this.config.interval, timeout: this.config.timeout },
        stateOf: (uid) => restored.stateOf(uid, source.subtaskIndex),
        statesOf: (uid) => restored.statesOf(uid),
        committedOf: (uid) => restored.committedOf(uid),
        markCommitted: (uid, ids) => writer.markCommitted(uid, ids),
        requestEnd: () => source.requestEnd?.(),
      },
      ready: () => {
        joined.ready = true
        this.later()
      },
      pending: () => joined.requests[0],
      barrier: (request, state) => answer(request, state, 1)[0]!,
      barriers: answer,
      requestFinalCheckpoint: () => {
        joined.ready = true
        joined.finishing = true
        this.later()
      },
      failed$: joined.failed$,
      leave: () => this.leave(joined),
    }
  }

  private leave(joined: JoinedSource): void {
    const key = keyOf(joined.source)
    if (this.sources.get(key) !== joined) return
    this.sources.delete(key)
    if (this.sources.size === 0) return this.end()
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
    const members = [...this.sources.values()].filter(({ ended }) => !ended)
    const at = nextCheckpointAt({
      interval: this.config.interval,
      minPause: this.config.minPause,
      maxConcurrent: this.config.maxConcurrent,
      ready: members.length > 0 && members.every(({ ready }) => ready),
      running: this.running.length,
      ending: this.running.some(({ ending }) => ending),
      asked: this.asked !== undefined,
      final: this.stop !== undefined || members.some(({ finishing }) => finishing),
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
        (joined) => [joined.source, { checkpointId, end: joined.finishing ? 'finished' : this.stop?.end }] as const,
      ),
    )
    const checkpoint = new RunningCheckpoint(checkpointId, now, requests, this, this.asked)
    this.asked = undefined
    this.running = [...this.running, checkpoint]
    this.lastStart = now
    this.writer.begin(checkpointId)
    checkpoint.work.add(this.config.scheduler.schedule(() => this.timeOut(checkpoint), this.config.timeout))
    for (const request of requests.values()) this.asking.set(request, checkpoint)
    for (const joined of members) joined.ask(requests.get(joined.source)!)
    this.later()
  }

  private timeOut(checkpoint: RunningCheckpoint): void {
    const missing = checkpoint.missing
    const reason = missing.length === 0 ? 'the store has not written it' : missing.join('; ')
    const message =
      `Checkpoint ${checkpoint.checkpointId} took longer than ${this.config.timeout} ms: ${reason}. A pipeline must end in ` +
      'sinkTo, recordsOnly or branch, which acknowledge; a slow sink needs a longer timeout.'
    this.onFailure(checkpoint, new CheckpointError('Timeout', message))
  }

  private store(checkpoint: RunningCheckpoint): void {
    const states = withCarried(this.states, checkpoint.states)
    const gone = this.completed ? [] : this.restored.unclaimed(new Set(states.all.map(({ uid }) => uid)))
    if (gone.length > 0 && !this.config.allowNonRestoredState) return this.fail(nonRestored(gone))
    checkpoint.enter('acknowledged')
    const stored = {
      checkpointId: checkpoint.checkpointId,
      timestamp: checkpoint.timestamp,
      savepoint: this.isSavepoint(checkpoint),
      parallelism: Math.max(...[...checkpoint.requests.keys()].map(({ parallelism }) => parallelism)),
      states: byUid(states),
    }
    checkpoint.work.add(
      this.writer.complete(stored, states.carried).subscribe({
        next: () => {
          checkpoint.enter('stored')
          this.later()
        },
        error: (error: unknown) => this.onFailure(checkpoint, storeError(error)),
      }),
    )
  }

  private complete(checkpoint: RunningCheckpoint): void {
    const { checkpointId, timestamp } = checkpoint
    this.lastEnd = this.config.scheduler.now()
    const completed = {
      checkpointId,
      timestamp,
      duration: this.lastEnd - timestamp,
      savepoint: this.isSavepoint(checkpoint),
    }
    const subsumed = this.running.filter((older) => older.checkpointId < checkpointId && older.abort())
    this.running = this.running.filter((other) => other !== checkpoint && !subsumed.includes(other))
    this.completed = true
    this.failures = 0
    if (checkpoint.ending) this.keepStates = true
    if (this.keepStates) this.states = withCarried(this.states, checkpoint.states)
    for (const joined of this.sources.values())
      if (checkpoint.requests.get(joined.source)?.end !== undefined) joined.ended = true
    const done = [...this.sources.values()].every(({ ended }) => ended)
    if (done) this.phase = this.phase === 'over' ? 'over' : 'closed'
    const reason = `Checkpoint ${checkpointId} completed first, and holds all that is in this one.`
    for (const older of subsumed) older.tellAborted(new CheckpointError('Aborted', reason))
    checkpoint.complete(completed, this.writer)
    if (done) this.stop?.ticket.resolve(completed)
    this.listener.onCompleted(completed)
  }

  /** A stop is over with the checkpoint in which every source ends, be it because it is done or because it was stopped. */
  private isSavepoint(checkpoint: RunningCheckpoint): boolean {
    return this.stop !== undefined && checkpoint.last
  }

  /** Gives a checkpoint up, if it is not too late. */
  private abort(checkpoint: RunningCheckpoint, error: Error): boolean {
    if (!checkpoint.abort()) return false
    this.running = this.running.filter((other) => other !== checkpoint)
    this.lastEnd = this.config.scheduler.now()
    for (const joined of this.sources.values()) joined.withdraw(checkpoint.checkpointId)
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
        for (const joined of [...this.sources.values()]) joined.fail(error)
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
    this.listener.onEnd()
  }

  private giveUp(error: Error): void {
    for (const checkpoint of this.running) this.abort(checkpoint, error)
    const tickets = [this.asked, this.stop?.ticket]
    this.asked = undefined
    this.soon(() => {
      for (const ticket of tickets) ticket?.reject(error)
    })
  }

  private soon(act: () => void): void {
    this.config.scheduler.schedule(act)
  }
}

const storeError = (error: unknown): CheckpointError =>
  isCheckpointError(error)
    ? error
    : new CheckpointError('StoreFailed', `The checkpoint store failed: ${reasonOf(error)}`, { cause: error })

const duplicate = ({ uid, subtaskIndex }: CheckpointedSource): CheckpointError =>
  new CheckpointError(
    'DuplicateUid',
    `Two sources of one job have the uid "${uid}" (subtask ${subtaskIndex}), so their states could not be told apart. Set the ` +
      'option uid of one of them.',
  )

const leftEarly = (source: CheckpointedSource): CheckpointError =>
  new CheckpointError(
    'SourceLeft',
    `${nameOf(source)} left before its end. The sources of a job share their checkpoints and start together, so the others end ` +
      'with it. Sources that should live by themselves need a coordinator and a store of their own.',
  )

const nonRestored = (uids: readonly string[]): CheckpointError =>
  new CheckpointError(
    'NonRestoredState',
    `The restored checkpoint holds state of ${uids.map((uid) => `"${uid}"`).join(', ')}, which no part of this job has asked ` +
      'for: a uid has changed, a part of the job is gone, or it starts later than the first checkpoint. Give it back its uid, or ' +
      'set allowNonRestoredState to drop that state.',
  )
