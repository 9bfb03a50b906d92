import { type Either, left, right } from 'fp-ts/lib/Either.js'
import { type Observable, type Subscription, tap } from 'rxjs'
import { type MonotonicClock, monotonicClock } from '../../scheduling/monotonicClock.js'
import type { ResolvedCheckpointConfig } from '../CheckpointConfig.js'
import { CheckpointError, isFatal } from '../CheckpointError.js'
import { byUid, type CheckpointStates, preparedByUid, withCarried } from '../CheckpointStates.js'
import type { CheckpointMetrics } from '../CheckpointMetrics.js'
import type { CompletedCheckpoint } from '../CompletedCheckpoint.js'
import { FinalCommits } from './FinalCommits.js'
import {
  commitsFailed,
  nonRestored,
  preparedNonRestored,
  storeFailed,
  timedOut,
  tooManyFailures,
} from '../jobErrors.js'
import type { JoinedSource } from './JoinedSource.js'
import type { JoinedSources } from './JoinedSources.js'
import { mayStartCheckpoint } from './mayStartCheckpoint.js'
import type { PendingFault } from './PendingCheckpoint.js'
import { RunningCheckpoint, type RunningCheckpointListener } from './RunningCheckpoint.js'
import type { CheckpointRequest } from '../SourceAttempt.js'
import type { IdBlock } from '../store/AttemptLedger.js'
import type { UserRequests } from './UserRequests.js'
import { type AttemptProgress, noProgress, withCompleted, withFailure } from './AttemptProgress.js'
import { CheckpointIds } from './CheckpointIds.js'
import { CheckpointPauses } from './CheckpointPauses.js'
import type { OpenedAttempt } from './openAttempt.js'

/** The attempt that checkpoints are taken for. */
export interface CheckpointedAttempt {
  readonly config: ResolvedCheckpointConfig
  readonly sources: JoinedSources
  readonly asked: UserRequests
  readonly metrics: CheckpointMetrics
  /** What ends with the attempt. */
  readonly work: Subscription
  /** Records flow: it has taken over, and is not over. */
  readonly running: boolean
  /** There is something to do in the loop. */
  readonly changed: () => void
  /** In a turn of its own. */
  readonly soon: (act: () => void) => void
  readonly fail: (error: Error) => void
  onCompleted(checkpoint: CompletedCheckpoint): void
  /** Every source has ended with the last checkpoint. */
  onDone(): void
  /** What the last checkpoint holds is committed, or cannot be. */
  onSettled(answer: Either<Error, CompletedCheckpoint>): void
}

/** Takes the checkpoints of an attempt: starts them, stores them, completes them or gives them up. */
export class AttemptCheckpoints implements RunningCheckpointListener {
  private running: readonly RunningCheckpoint[] = []
  private progress: AttemptProgress
  /** the last checkpoint of the job, as long as what it holds is not committed */
  private final: { readonly completed: CompletedCheckpoint; readonly commits: FinalCommits } | undefined
  private readonly asking = new WeakMap<CheckpointRequest, RunningCheckpoint>()
  private readonly pauses: CheckpointPauses
  private readonly ids: CheckpointIds
  private readonly now: MonotonicClock

  constructor(
    private readonly opened: OpenedAttempt,
    carried: CheckpointStates,
    private readonly attempt: CheckpointedAttempt,
  ) {
    const { config, work, metrics } = attempt
    const { checkpointId: restoredId } = opened.restored
    metrics.onBegun(() => this.running.length, restoredId === undefined ? undefined : config.scheduler.now())
    this.now = monotonicClock(config.scheduler)
    this.progress = noProgress(restoredId ?? 0, carried)
    this.pauses = new CheckpointPauses(config, () => this.startIfDue())
    this.ids = new CheckpointIds(opened.ids, opened.stored.ledger, config.maxConcurrent + 1, work, {
      onReserved: () => attempt.changed(),
      onFailure: (error) => {
        this.pauses.retryLater()
        this.countFailure(storeFailed(error))
        attempt.changed()
      },
    })
  }

  get completed(): boolean {
    return this.progress.completed
  }

  /** Of the subtasks that have finished, and of all since one has. */
  get carried(): CheckpointStates {
    return this.progress.carried
  }

  /** The checkpoint that a request belongs to, also when it is aborted by now: its barrier passes without effect. */
  checkpointOf(request: CheckpointRequest): RunningCheckpoint | undefined {
    return this.asking.get(request)
  }

  onComplete(): void {
    this.attempt.changed()
  }

  onFailure(checkpoint: RunningCheckpoint, error: CheckpointError): void {
    if (this.abort(checkpoint, error)) this.countFailure(error)
  }

  onMisuse(error: PendingFault): void {
    this.attempt.fail(error)
  }

  /** Those that have everything are stored, those that are stored complete. */
  proceed(): void {
    for (const checkpoint of this.running) if (checkpoint.acknowledged && this.attempt.running) this.store(checkpoint)
    for (const checkpoint of this.running) if (checkpoint.phase === 'stored') this.complete(checkpoint)
  }

  startIfDue(): void {
    const { config, sources, asked, running: isRunning } = this.attempt
    if (!isRunning) return
    const { members, ready } = sources
    const { completed, failures, lastId } = this.progress
    const { situation } = this.pauses
    const due = mayStartCheckpoint({
      ...situation,
      periodic: config.interval > 0,
      maxConcurrent: config.maxConcurrent,
      ready,
      running: this.running.length,
      ending: this.running.some(({ ending }) => ending),
      asked: asked.waiting,
      final: asked.end !== undefined || members.some(({ finishing }) => finishing),
      completed,
      failures,
    })
    if (!due) return
    const checkpointId = this.ids.above(lastId, situation.retryPauseOver)
    if (checkpointId !== undefined) this.start(checkpointId, members)
  }

  /** Lets the store forget the ids that neither a checkpoint nor a sink needs any more. @param inUse what sinks use */
  releaseIds(inUse: readonly IdBlock[]): void {
    this.ids.release(this.running[0]?.checkpointId ?? this.progress.lastId, inUse)
  }

  markCommitted(uid: string, ids: readonly string[]): Observable<void> {
    const { writer, restored } = this.opened
    return writer.markCommitted(uid, ids).pipe(
      tap(() => {
        restored.marked(uid, ids)
        this.final?.commits.marked(uid, ids)
        this.settleIfCommitted()
      }),
    )
  }

  /** All on their way that it is not too late for. */
  abortAll(error: Error): void {
    for (const checkpoint of this.running) this.abort(checkpoint, error)
  }

  /** No checkpoint starts any more. */
  stop(): void {
    this.pauses.stop()
  }

  private start(checkpointId: number, members: readonly JoinedSource[]): void {
    const { config, sources, asked, changed } = this.attempt
    this.progress = { ...this.progress, lastId: checkpointId }
    const asks = members.map((joined) => ({
      joined,
      request: { checkpointId, end: joined.finishing ? 'finished' : asked.end } as const,
    }))
    const requests = new Map(asks.map(({ joined, request }) => [joined.source, request]))
    const { scheduler, timeout } = config
    const startedAt = { timestamp: scheduler.now(), monotonic: this.now() }
    const checkpoint = new RunningCheckpoint(checkpointId, startedAt, requests, this, asked.takeCheckpoint())
    this.running = [...this.running, checkpoint]
    this.pauses.started()
    this.opened.writer.begin(checkpointId)
    this.ids.fill(checkpointId)
    checkpoint.work.add(
      scheduler.schedule(
        () => this.onFailure(checkpoint, timedOut(checkpointId, timeout, checkpoint.missing, sources.waiting)),
        timeout,
      ),
    )
    for (const { request } of asks) this.asking.set(request, checkpoint)
    for (const { joined, request } of asks) joined.ask(request, startedAt.monotonic)
    changed()
  }

  private store(checkpoint: RunningCheckpoint): void {
    const { opened, attempt } = this
    const states = withCarried(this.progress.carried, checkpoint.states)
    const fault = this.completed ? undefined : this.unclaimed(states)
    if (fault !== undefined) return attempt.fail(fault)
    checkpoint.enter('acknowledged')
    // A stop is over with the checkpoint in which every source ends, be it because it is done or because it was stopped.
    checkpoint.savepoint = attempt.asked.end !== undefined && checkpoint.last
    checkpoint.prepared = preparedByUid(states.all)
    const stored = {
      checkpointId: checkpoint.checkpointId,
      timestamp: checkpoint.startedAt.timestamp,
      savepoint: checkpoint.savepoint,
      parallelism: opened.share.parallelism,
      states: byUid(states.all),
      prepared: checkpoint.prepared,
    }
    checkpoint.work.add(
      opened.writer.complete(stored, states.carried).subscribe({
        next: () => {
          checkpoint.enter('stored')
          attempt.changed()
        },
        error: (error: unknown) => this.onFailure(checkpoint, storeFailed(error)),
      }),
    )
  }

  /** Why the first checkpoint must not be stored: it would be what the next attempt starts from, without what nobody asked for. */
  private unclaimed({ all }: CheckpointStates): CheckpointError | undefined {
    const { restored, share } = this.opened
    const { uids, prepared } = restored.unclaimed(all, share.subtasks)
    if (prepared.length > 0) return preparedNonRestored(prepared)
    return uids.length > 0 && !this.attempt.config.allowNonRestoredState ? nonRestored(uids) : undefined
  }

  private complete(checkpoint: RunningCheckpoint): void {
    const { attempt, opened } = this
    const { checkpointId, startedAt, savepoint } = checkpoint
    this.pauses.ended()
    const duration = this.now() - startedAt.monotonic
    const completed = { checkpointId, timestamp: startedAt.timestamp, duration, savepoint }
    const subsumed = this.running.filter((older) => older.checkpointId < checkpointId && older.abort())
    this.running = this.running.filter((other) => other !== checkpoint && !subsumed.includes(other))
    this.progress = withCompleted(this.progress, checkpoint)
    const { all } = attempt.sources
    for (const joined of all) {
      const request = checkpoint.requests.get(joined.source)
      if (request !== undefined) joined.onStored()
      if (request?.end !== undefined) joined.ended = true
    }
    const done = all.length > 0 && all.every(({ ended }) => ended)
    if (done) {
      attempt.onDone()
      const { prepared } = checkpoint
      this.final = { completed, commits: new FinalCommits({ prepared, committed: opened.writer.committed }) }
    }
    const reason = `Checkpoint ${checkpointId} completed first, and holds all that is in this one.`
    for (const older of subsumed) older.tellAborted(new CheckpointError('Aborted', reason))
    attempt.metrics.onCompleted(completed, opened.stored.checkpointBytes?.())
    checkpoint.complete(completed, {
      markCommitted: (uid, ids) => this.markCommitted(uid, ids),
      commitFailed: (uid, error) => this.onCommitFailed(uid, error),
    })
    this.settleIfCommitted()
    attempt.onCompleted(completed)
  }

  private settleIfCommitted(): void {
    if (this.final?.commits.done === true) this.settle(right(this.final.completed))
  }

  private onCommitFailed(uid: string, cause: unknown): void {
    if (this.final?.commits.includes(uid) === true) this.settle(left(commitsFailed(uid, this.final.completed, cause)))
  }

  private settle(answer: Either<Error, CompletedCheckpoint>): void {
    this.final = undefined
    this.attempt.onSettled(answer)
  }

  /** Gives a checkpoint up, if it is not too late. */
  private abort(checkpoint: RunningCheckpoint, error: Error): boolean {
    if (!checkpoint.abort()) return false
    const { attempt } = this
    attempt.metrics.onFailed()
    this.running = this.running.filter((other) => other !== checkpoint)
    this.pauses.ended()
    for (const joined of attempt.sources.all) joined.withdraw(checkpoint.checkpointId)
    attempt.soon(() => checkpoint.tellAborted(error))
    attempt.changed()
    return true
  }

  private countFailure(error: CheckpointError): void {
    this.progress = withFailure(this.progress)
    const { failures } = this.progress
    const { config, fail } = this.attempt
    if (isFatal(error)) return fail(error)
    const { tolerableFailures, logger } = config
    if (failures <= tolerableFailures) return logger.warn(error.message)
    fail(tooManyFailures(error, failures, tolerableFailures))
  }
}
