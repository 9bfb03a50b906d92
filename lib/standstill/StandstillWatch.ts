import { isObservable, type Observable, type SchedulerLike, Subscription } from 'rxjs'
import type { Logger } from '../client/KafkaConfig.js'
import { type MonotonicClock, monotonicClock } from '../scheduling/monotonicClock.js'
import { look, moving, type Standstill, type StandstillRule } from './Standstill.js'

/** One thing that may stand still: how to see it, and what is said then. Times in ms. */
export interface StandstillCondition extends StandstillRule {
  /** Since when it stands still, by the scheduler's `monotonicClock`; undefined while it moves. Asked when the watch looks. */
  since(): number | undefined
  /** What is said: what stands still, since when, why, and the way out. An Observable may ask for that first. */
  message(ms: number): string | Observable<string>
  /** What is said when it moves again after that was said; nothing when left out. */
  over?(ms: number): string
}

/**
 * Looks whether things stand still, and says so: a warning for each, after its time. The timer runs only while there is something to
 * look at, so that a source at rest keeps no process alive.
 *
 * What is over is told on the level on which it began: who saw the one should see the other.
 */
export class StandstillWatch {
  private readonly standstills: Standstill[]
  private readonly now: MonotonicClock
  private readonly asking = new Subscription()
  private timer: Subscription | undefined
  private closed = false

  constructor(
    private readonly conditions: readonly StandstillCondition[],
    private readonly logger: Pick<Logger, 'warn'>,
    private readonly scheduler: SchedulerLike,
  ) {
    this.standstills = conditions.map(moving)
    this.now = monotonicClock(scheduler)
  }

  /** Something may stand still from now on. Costs a comparison while the watch is looking anyway. */
  wake(): void {
    if (this.timer === undefined) this.lookIn(Math.min(...this.conditions.map(({ after }) => after)))
  }

  close(): void {
    this.closed = true
    this.timer?.unsubscribe()
    this.asking.unsubscribe()
  }

  private lookIn(ms: number): void {
    if (this.closed) return
    this.timer = this.scheduler.schedule(() => {
      this.timer = undefined
      this.look()
    }, ms)
  }

  private look(): void {
    const now = this.now()
    this.conditions.forEach((condition, index) => {
      const { next, news } = look(condition, this.standstills[index]!, condition.since(), now)
      this.standstills[index] = next
      if (news?._tag === 'stands') this.say(condition.message(news.ms))
      if (news?._tag === 'moves' && condition.over !== undefined) this.say(condition.over(news.ms))
    })
    const due = Math.min(...this.standstills.map((standstill) => standstill.due))
    // One that was told once is looked at again when something moves: that wakes the watch.
    if (due < Infinity) this.lookIn(due - now)
  }

  private say(message: string | Observable<string>): void {
    if (!isObservable(message)) return this.logger.warn(message)
    this.asking.add(message.subscribe((text) => this.logger.warn(text)))
  }
}
