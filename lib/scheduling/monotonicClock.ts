import type { SchedulerLike } from 'rxjs'
import { isRealTime } from './isRealTime.js'

/** Reads a clock that is never set: ms since any fixed moment. */
export type MonotonicClock = () => number

/**
 * A clock for durations. `scheduler.now()` of RxJS's own schedulers is the time of day, which an operator or NTP may set back or
 * forth: an interval measured with it would last an hour longer, or be over at once.
 *
 * With RxJS's schedulers of real time it is the machine's monotonic clock; with any other, such as the `TestScheduler`, the sum of
 * that scheduler's steps forward. A scheduler has one: times of several callers can be compared.
 */
export const monotonicClock = (scheduler: SchedulerLike): MonotonicClock => {
  if (isRealTime(scheduler)) return machineClock
  const clock = clocks.get(scheduler) ?? stepsForward(scheduler)
  clocks.set(scheduler, clock)
  return clock
}

/** Lets a scheduler that is a face of another one have its clock. */
export const shareMonotonicClock = (face: SchedulerLike, of: SchedulerLike): void => {
  clocks.set(face, monotonicClock(of))
}

const machineClock: MonotonicClock = () => performance.now()

const clocks = new WeakMap<SchedulerLike, MonotonicClock>()

const stepsForward = (scheduler: SchedulerLike): MonotonicClock => {
  let last = scheduler.now()
  let elapsed = 0
  return () => {
    const now = scheduler.now()
    elapsed += Math.max(0, now - last)
    last = now
    return elapsed
  }
}
