import { type Either, isLeft } from 'fp-ts/lib/Either.js'
import { EMPTY, merge, Observable, observeOn, ReplaySubject, Subscription, timer } from 'rxjs'
import { WorkLoop } from '../../scheduling/WorkLoop.js'
import { attemptOfSource } from './attemptOfSource.js'
import type { ResolvedCheckpointConfig } from '../CheckpointConfig.js'
import type { CheckpointMetrics } from '../CheckpointMetrics.js'
import { CheckpointError } from '../CheckpointError.js'
import { type CheckpointStates, noStates, statesOfSubtasks } from '../CheckpointStates.js'
import type { CompletedCheckpoint } from '../CompletedCheckpoint.js'
import { cannotBegin, leftEarly, storeFailed } from '../jobErrors.js'
import { JoinedSource } from './JoinedSource.js'
import { JoinedSources } from './JoinedSources.js'
import type { JobShare } from '../JobShare.js'
import { keepLease } from './keepLease.js'
import { nameOf } from '../SubtaskKey.js'
import type { CheckpointedSource, SourceAttempt } from '../SourceAttempt.js'
import type { FormerHolder } from '../store/AttemptLedger.js'
import { UserRequests } from './UserRequests.js'
import { AttemptCheckpoints, type CheckpointedAttempt } from './AttemptCheckpoints.js'
import { type AttemptEffect, type AttemptEvent, type AttemptPhase, isClosed, stepAttempt } from './attemptPhase.js'
import { AttemptTakeover } from './AttemptTakeover.js'
import type { AttemptIdentity, FinishedSubtasks, JobAttemptListener } from './JobAttemptListener.js'
import { openAttempt, type OpenedAttempt, releaseLease } from './openAttempt.js'

/** What an attempt has once it is opened. */
interface OpenedParts {
  readonly opened: OpenedAttempt
  readonly takeover: AttemptTakeover
  readonly checkpoints: AttemptCheckpoints
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
 * What happens is an event; `stepAttempt` says which phase follows and what is to be done about it. Checkpoints and the take-over are
 * looked after in turns of the loop, for which whatever happens only asks. So callbacks are never re-entrant.
 */
export class JobAttempt implements CheckpointedAttempt {
  readonly sources = new JoinedSources()
  readonly asked = new UserRequests()
  readonly work = new Subscription()
  private phase: AttemptPhase = 'joining'
  private parts: OpenedParts | undefined
  private readonly begun$ = new ReplaySubject<OpenedParts>(1)
  private readonly loop: WorkLoop

  constructor(
    readonly config: ResolvedCheckpointConfig,
    private readonly listener: JobAttemptListener,
    /** the one before in this process */
    private readonly former: (AttemptIdentity & { readonly finished: FinishedSubtasks }) | undefined,
    /** what the attempts of this process are known by in the store */
    private readonly claimant: string,
  ) {
    this.loop = new WorkLoop(() => this.act(), { turn$: timer(0, config.scheduler) })
  }

  /** The job is done, stopped or has failed: who joins now waits for the next attempt. */
  get closed(): boolean {
    return isClosed(this.phase)
  }

  get metrics(): CheckpointMetrics {
    return this.listener.metrics
  }

  get running(): boolean {
    return this.phase === 'running'
  }

  /** Restores, in a turn of its own: whoever has joined by then is of the subtasks that this attempt runs. */
  begin(): void {
    this.work.add(
      this.config.scheduler.schedule(() => {
        try {
          const { share, finished } = this.former ?? {}
          const own = this.sources.begin(share, finished?.subtasks ?? [])
          this.prepareSources(own, statesOfSubtasks(finished?.states ?? noStates, this.sources.finished))
        } catch (error) {
          this.fail(storeFailed(error))
        }
      }),
    )
  }

  /** Emits in a turn of its own. Unsubscribing before it has emitted is leaving. */
  join(source: CheckpointedSource): Observable<SourceAttempt> {
    return new Observable((subscriber) => {
      const refused = this.sources.refuse(source)
      if (refused !== undefined) return subscriber.error(refused)
      const joined = new JoinedSource(source)
      this.sources.add(joined)
      const reason = `${nameOf(source)} has joined; a new checkpoint follows with it.`
      this.parts?.checkpoints.abortAll(new CheckpointError('Aborted', reason))
      subscriber.add(
        this.begun$.pipe(observeOn(this.config.scheduler)).subscribe({
          next: (parts) => {
            joined.started = true
            subscriber.next(this.attemptOf(joined, parts))
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

  readonly changed = (): void => this.loop.ask()

  readonly soon = (act: () => void): void => {
    this.config.scheduler.schedule(act)
  }

  readonly fail = (error: Error): void => this.apply({ _tag: 'Fails', error })

  onCompleted(checkpoint: CompletedCheckpoint): void {
    this.listener.onCompleted(checkpoint)
  }

  onDone(): void {
    this.apply({ _tag: 'Done' })
  }

  onSettled(answer: Either<Error, CompletedCheckpoint>): void {
    if (isLeft(answer) && this.asked.end !== undefined) this.listener.onStopFailed(answer.left)
    this.soon(() => this.apply({ _tag: 'Settled', answer }))
  }

  private apply(event: AttemptEvent): void {
    const [phase, ...effects] = stepAttempt(this.phase, event)
    this.phase = phase
    for (const effect of effects) this.carryOut(effect)
  }

  private carryOut(effect: AttemptEffect): void {
    switch (effect._tag) {
      case 'Open':
        return this.open(effect.share, effect.carried)
      case 'Begin':
        return this.beginWith(effect.opened, effect.carried)
      case 'TakeOver':
        return this.takeOver()
      case 'Run':
        return this.run(effect.former)
      case 'Refuse':
        return this.begun$.error(effect.error)
      case 'EndSources':
        return this.endSources(effect.error)
      case 'AnswerStop':
        return isLeft(effect.answer) ? this.asked.reject(effect.answer.left) : this.asked.stopped(effect.answer.right)
      case 'GiveUp':
        return this.giveUp(
          new CheckpointError('Aborted', 'The job has ended, or was unsubscribed, before the checkpoint was complete.'),
        )
      case 'Release':
        return releaseLease(effect.opened.stored)
      case 'HandOver':
        return this.handOver()
    }
  }

  /** A process that cannot begin must not take over from one that runs. */
  private prepareSources(share: JobShare, carried: CheckpointStates): void {
    const prepared$ = this.sources.all.map(({ source }) => source.prepare?.() ?? EMPTY)
    this.work.add(
      merge(...prepared$).subscribe({
        error: (cause: unknown) => this.fail(cannotBegin(cause)),
        complete: () => this.apply({ _tag: 'Prepared', share, carried }),
      }),
    )
  }

  private open(share: JobShare, carried: CheckpointStates): void {
    openAttempt(this.config, { share, after: this.former?.attemptId, claimant: this.claimant }).subscribe({
      next: (opened) => {
        this.listener.onBegun({ attemptId: opened.stored.attemptId, share })
        this.apply({ _tag: 'Opened', opened, carried })
        if (opened.former !== undefined) this.apply({ _tag: 'TakenOver', former: opened.former })
      },
      error: (error: unknown) => this.fail(storeFailed(error)),
    })
  }

  private beginWith(opened: OpenedAttempt, carried: CheckpointStates): void {
    const takeover = new AttemptTakeover(opened, this.changed)
    const checkpoints = new AttemptCheckpoints(opened, carried, this)
    this.parts = { opened, takeover, checkpoints }
    const lease$ = keepLease(opened.stored.lease, this.config.scheduler)
    this.work.add(lease$.subscribe({ error: (error: unknown) => this.fail(storeFailed(error)) }))
    this.begun$.next(this.parts)
    this.begun$.complete()
  }

  private takeOver(): void {
    this.work.add(
      this.parts?.opened.stored.ledger?.takeOver().subscribe({
        next: (former) => this.apply({ _tag: 'TakenOver', former }),
        error: (error: unknown) => this.fail(storeFailed(error)),
      }),
    )
  }

  private run(former: readonly FormerHolder[]): void {
    this.parts?.takeover.begin(former)
    for (const { source } of this.sources.all) source.wake()
    this.changed()
  }

  private attemptOf(joined: JoinedSource, { opened, takeover, checkpoints }: OpenedParts): SourceAttempt {
    const { interval, timeout, maxConcurrent } = this.config
    // Others may take longer to know where they start, and a first checkpoint may fail: what transactions hold comes after one that is stored.
    const { uid, subtaskIndex } = joined.source
    const restored = opened.restored.holds(uid, subtaskIndex)
    const canGoBack = (): boolean => restored || joined.stored || takeover.recovery?.hasSinks !== true
    return attemptOfSource(joined, {
      get active() {
        return takeover.active && (interval <= 0 || (joined.askedAt !== undefined && canGoBack()))
      },
      get heldSince() {
        return takeover.active && interval > 0 && !canGoBack() ? joined.askedAt : undefined
      },
      checkpointing: { interval, timeout, maxConcurrent },
      restored: opened.restored,
      recovery: takeover.recovery,
      beginning: () => takeover.partBegins(),
      markCommitted: (uid, ids) => checkpoints.markCommitted(uid, ids),
      checkpointOf: (request) => checkpoints.checkpointOf(request),
      changed: this.changed,
      leave: () => this.leave(joined),
    })
  }

  private leave(joined: JoinedSource): void {
    if (!this.sources.remove(joined)) return
    if (this.sources.empty) {
      this.parts?.checkpoints.stop()
      return this.apply({ _tag: 'Left' })
    }
    if (joined.started && !joined.ended) this.fail(leftEarly(joined.source))
    this.changed()
  }

  private act(): void {
    if (this.parts === undefined) return
    const { takeover, checkpoints } = this.parts
    checkpoints.proceed()
    if (this.sources.ready && takeover.able) this.apply({ _tag: 'Able' })
    if (this.running && takeover.fault !== undefined) this.fail(takeover.fault)
    if (this.running) {
      if (this.sources.ready) takeover.close(this.soon)
      takeover.settle(checkpoints.completed)
      checkpoints.releaseIds(takeover.idsInUse)
    }
    checkpoints.startIfDue()
  }

  /** The attempt cannot go on: every source ends with the error. */
  private endSources(error: Error): void {
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

  private giveUp(error: Error): void {
    this.parts?.checkpoints.abortAll(error)
    this.soon(() => this.asked.reject(error))
  }

  /** The next attempt may begin. */
  private handOver(): void {
    this.work.unsubscribe()
    if (this.parts !== undefined) releaseLease(this.parts.opened.stored)
    const subtasks = this.sources.finished
    const carried = this.parts?.checkpoints.carried ?? this.former?.finished.states ?? noStates
    this.listener.onEnd({ subtasks, states: statesOfSubtasks(carried, subtasks) })
  }
}
