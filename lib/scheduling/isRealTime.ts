import { asapScheduler, asyncScheduler, queueScheduler, type SchedulerLike } from 'rxjs'

/** Whether its time is the process's own: RxJS's schedulers of real time. Any other one, such as the `TestScheduler`, has a time of its own. */
export const isRealTime = (scheduler: SchedulerLike): boolean => realTime.has(scheduler)

const realTime: ReadonlySet<SchedulerLike> = new Set([asyncScheduler, asapScheduler, queueScheduler])
