import {
  asyncScheduler,
  defer,
  type MonoTypeOperatorFunction,
  retry,
  type SchedulerLike,
  tap,
  throwError,
  timer,
} from 'rxjs'
import { described } from '../checks/described.js'
import { isRetriable } from '../errors/isRetriable.js'
import { monotonicClock } from '../scheduling/monotonicClock.js'
import { memberOf } from '../checks/memberOf.js'

/** When a pipeline that has failed is started again. Times in ms; the defaults are those of Flink's exponential delay. */
export interface RestartPolicy<T = unknown> {
  /** Restarts in a row, after which an error is that of the stream. Default `Infinity`. */
  readonly count?: number | undefined
  /** The wait before the first restart. Default 1,000. */
  readonly initialDelay?: number | undefined
  /** The longest wait. Default 60,000. */
  readonly maxDelay?: number | undefined
  /** Each wait is so many times the one before. Default 1.5. */
  readonly multiplier?: number | undefined
  /** Waits differ by up to this part of them, so that not all jobs start together when a broker is back. Default 0.1. */
  readonly jitter?: number | undefined
  /** What has run so long without an error was a success: count and wait begin anew. Default 3,600,000. */
  readonly resetAfter?: number | undefined
  /**
   * An emitted value that shows progress: the same, at once. By default that a sink has committed a transaction of this attempt, since
   * what it held need not be done again.
   */
  readonly isProgress?: ((value: T) => boolean) | undefined
  /** Whether an error is worth a restart. Default {@link isRetriable}. */
  readonly isRetriable?: ((error: unknown) => boolean) | undefined
  /** Where each restart is told; the console by default. */
  readonly logger?: { warn(message: string): void } | undefined
  /** The clock of the waits. Default `asyncScheduler`. */
  readonly scheduler?: SchedulerLike | undefined
}

/**
 * Starts a pipeline again after an error that this may mend, as RxJS's `retry` does: by subscribing again, which is a new attempt from the
 * last completed checkpoint. What `retry` does not do: an error that is not worth it (see {@link isRetriable}) comes out at once; waits
 * grow, and begin anew after progress; each restart is told.
 *
 * It belongs behind the end of the pipeline (`sinkTo`, `recordsOnly`), so that all of it starts again.
 *
 * A record that always fails (a bug in `map`) fails again after each restart. `count` ends that, since no restart in between makes
 * progress; or let the error say `retriable: false`, and the pipeline ends at once.
 *
 * Throws a `RangeError` for a policy that makes no sense.
 *
 * @example
 * ```ts
 * source.elements({ checkpoints }).pipe(onRecords(map(parse)), sinkTo(sink), restart({ count: 10 })).subscribe()
 * ```
 */
export const restart = <T>(policy: RestartPolicy<T> = {}): MonoTypeOperatorFunction<T> => {
  const { scheduler, logger, count, resetAfter, isProgress, retriable, delayOf } = resolved(policy)
  return (source) =>
    defer(() => {
      const elapsed = monotonicClock(scheduler)
      let restarts = 0
      let begunAt = 0
      return source.pipe(
        tap({
          subscribe: () => {
            begunAt = elapsed()
          },
          next: (value) => {
            if (restarts > 0 && isProgress(value)) restarts = 0
          },
        }),
        retry({
          delay: (error: unknown) => {
            if (elapsed() - begunAt >= resetAfter) restarts = 0
            if (!retriable(error) || restarts >= count) return throwError(() => error)
            const delay = delayOf(restarts, scheduler.now())
            restarts++
            logger.warn(
              `The pipeline has failed, and starts again in ${delay} ms (restart ${restarts}). ${reasonOf(error)}`,
            )
            return timer(delay, scheduler)
          },
        }),
      )
    })
}

const resolved = <T>(policy: RestartPolicy<T>) => {
  const {
    count = Infinity,
    initialDelay = 1_000,
    maxDelay = 60_000,
    multiplier = 1.5,
    jitter = 0.1,
    resetAfter = 3_600_000,
    isProgress = isCommit,
    isRetriable: retriable = isRetriable,
    logger = console,
    scheduler = asyncScheduler,
  } = policy
  const faults = [
    ...rangeFault('count', count, 0, Infinity, count === Infinity || Number.isInteger(count)),
    ...rangeFault('initialDelay', initialDelay, 0, Number.MAX_SAFE_INTEGER),
    ...rangeFault('maxDelay', maxDelay, initialDelay, Number.MAX_SAFE_INTEGER),
    ...rangeFault('multiplier', multiplier, 1, Number.MAX_SAFE_INTEGER),
    ...rangeFault('jitter', jitter, 0, 1),
    ...rangeFault('resetAfter', resetAfter, 0, Infinity),
  ]
  if (faults.length > 0) throw new RangeError(`restart: ${faults.join('; ')}.`)
  const delayOf = (restarts: number, now: number): number => {
    const delay = Math.min(initialDelay * multiplier ** restarts, maxDelay)
    return Math.round(delay * (1 + jitter * (2 * fractionOf(now) - 1)))
  }
  return { count, resetAfter, isProgress, retriable, logger, scheduler, delayOf }
}

const rangeFault = (name: string, given: unknown, least: number, most: number, whole = true): readonly string[] =>
  typeof given === 'number' && given >= least && given <= most && whole
    ? []
    : [`${name} must be a number from ${least} to ${most}, but is ${described(given)}`]

/** As good as random among processes, and the same each time in virtual time. */
const fractionOf = (now: number): number => (Math.imul(now, 0x9e3779b1) >>> 0) / 2 ** 32

const isCommit = (value: unknown): boolean =>
  memberOf(value, 'kind') === 'committed' && memberOf(value, 'recovered') === false

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
