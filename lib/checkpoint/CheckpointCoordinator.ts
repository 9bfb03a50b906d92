import { defer, type Observable, Subject, switchMap, take, throwError } from 'rxjs'
import { type CheckpointConfig, type ResolvedCheckpointConfig, resolveCheckpointConfig } from './CheckpointConfig.js'
import { CheckpointError } from './CheckpointError.js'
import { CheckpointMetrics } from './CheckpointMetrics.js'
import { noStates } from './CheckpointStates.js'
import { CheckpointTicket } from './attempt/CheckpointTicket.js'
import type { CompletedCheckpoint } from './CompletedCheckpoint.js'
import { JobAttempt } from './attempt/JobAttempt.js'
import type { AttemptIdentity, FinishedSubtasks, JobAttemptListener } from './attempt/JobAttemptListener.js'
import type { CheckpointedSource, SourceAttempt } from './SourceAttempt.js'
import { writerId } from './store/createOwned.js'

/**
 * Takes the checkpoints of a job and restores it. A job is what shares a coordinator: all its sources start together from one
 * checkpoint, and end together when one of them fails.
 *
 * It is given to the source alone. Operators and sinks meet it in the stream: as `Restored`, as barriers and as their outcome.
 * An attempt runs from the first source that subscribes to the last one gone; subscribing again, by `restart` or RxJS's own `retry`, is a
 * new attempt from the last completed checkpoint.
 *
 * Subtasks (`parallelism`, `subtaskIndex`) may share a coordinator, subscribed to at once, or have one each over one store, in
 * one process or in several. Their number may be another one at the next start, when all have stopped.
 *
 * Its errors are {@link CheckpointError}s; they come out of the source.
 *
 * @example
 * ```ts
 * const checkpoints = CheckpointCoordinator.create({ interval: 1000, store: new FileCheckpointStore('state/my-job') })
 * source.elements({ checkpoints }).pipe(onRecords(map(enrich)), sinkTo(sink), restart()).subscribe()
 *
 * process.once('SIGINT', () => checkpoints.stopWithSavepoint({ drain: false }).subscribe())
 * ```
 */
export class CheckpointCoordinator {
  /** Every completed checkpoint from here on, of all attempts. Never ends. */
  readonly completed$: Observable<CompletedCheckpoint>
  private readonly completed = new Subject<CompletedCheckpoint>()
  private readonly ended = new Subject<void>()
  private readonly claimant = writerId()
  private readonly metrics: CheckpointMetrics
  private attempt: JobAttempt | undefined
  /** A stop whose transactions could not be committed: a retry must not run the job on. */
  private stopFailed: Error | undefined
  private newest: (AttemptIdentity & { readonly finished: FinishedSubtasks }) | undefined

  private constructor(private readonly config: ResolvedCheckpointConfig) {
    this.completed$ = this.completed.asObservable()
    this.metrics = new CheckpointMetrics(config.metrics)
  }

  /** Throws a `Config` error when the settings cannot work. */
  static create(config: CheckpointConfig): CheckpointCoordinator {
    return new CheckpointCoordinator(resolveCheckpointConfig(config))
  }

  /**
   * Takes a checkpoint as soon as all sources are ready and `maxConcurrent` allows. Acts at once; the Observable replays the
   * result: the checkpoint, or the error why there is none.
   */
  trigger(): Observable<CompletedCheckpoint> {
    return this.attempt?.trigger() ?? notRunning()
  }

  /**
   * Stops the job with a last checkpoint that is kept. Acts at once, and replays the result; asked twice, it is the same stop.
   *
   * - `drain: true` ends the stream as the end of a bounded source does: last watermark, operators flush. For a job that is over.
   * - `drain: false` leaves everything as it stands, to go on later.
   *
   * A checkpoint on its way is waited for. One that fails is taken again as far as `tolerableFailures` allows.
   */
  stopWithSavepoint({ drain }: { readonly drain: boolean }): Observable<CompletedCheckpoint> {
    return this.attempt?.stopWithSavepoint(drain) ?? notRunning()
  }

  /**
   * For sources: takes part in the attempt, restoring first if it is a new one. Emits once, in a turn of its own, and completes.
   * While an attempt is ending, it waits for the next one. Unsubscribing before it has emitted is leaving.
   */
  join(source: CheckpointedSource): Observable<SourceAttempt> {
    return defer(() => {
      if (this.stopFailed !== undefined && this.attempt === undefined) return throwError(() => this.stopFailed)
      return this.attempt?.closed === true
        ? this.ended.pipe(
            take(1),
            switchMap(() => this.join(source)),
          )
        : this.open().join(source)
    })
  }

  private open(): JobAttempt {
    if (this.attempt !== undefined) return this.attempt
    const listener: JobAttemptListener = {
      metrics: this.metrics,
      onBegun: (identity) => (this.newest = { ...identity, finished: { subtasks: [], states: noStates } }),
      onCompleted: (checkpoint) => this.completed.next(checkpoint),
      onStopFailed: (error) => (this.stopFailed = error),
      onEnd: (finished) => {
        if (this.newest !== undefined) this.newest = { ...this.newest, finished }
        this.attempt = undefined
        this.metrics.onEnded()
        this.ended.next()
      },
    }
    const attempt = new JobAttempt(this.config, listener, this.newest, this.claimant)
    this.attempt = attempt
    attempt.begin()
    return attempt
  }
}

const notRunning = (): Observable<CompletedCheckpoint> =>
  CheckpointTicket.rejected(
    new CheckpointError(
      'NotRunning',
      'No source runs under this coordinator: subscribe to the pipeline first, and wait while it retries.',
    ),
  ).result$
