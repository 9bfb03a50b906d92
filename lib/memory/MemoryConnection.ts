import {
  asapScheduler,
  asyncScheduler,
  first,
  NEVER,
  Observable,
  type SchedulerAction,
  type SchedulerLike,
  type Subscriber,
  Subscription,
} from 'rxjs'
import type { KafkaConfig } from '../client/KafkaConfig.js'
import { requestOverdue } from '../cluster/connectionErrors.js'
import { isRealTime } from '../scheduling/isRealTime.js'
import { shareMonotonicClock } from '../scheduling/monotonicClock.js'
import type { Fault, MemoryCall } from './Fault.js'
import { isEnd, type MemoryLink } from './MemoryLink.js'

/** How a connection meets its broker. */
export interface MemoryWire {
  /** ms from a call to its effect and answer */
  readonly latencyMs: number
  readonly scheduler?: SchedulerLike | undefined
  /** what goes wrong with this call */
  fault(call: MemoryCall): Fault | undefined
  /** is told of each call before its effect, and again between effect and answer */
  observe(call: MemoryCall, moment: 'before' | 'after'): void
}

/** How a question waits at the broker. Unsubscribing ends it. */
export interface Waits {
  readonly isOver: () => boolean
  /** ms after which a real broker would answer in any case; in memory it waits on, unless the client gives it up before that */
  readonly longestMs: number
  /** Subscribed to while it is not over; emits when it may be. An error is the answer. */
  readonly changes: () => Observable<unknown>
}

const atOnce: Waits = { isOver: () => true, changes: () => NEVER, longestMs: 0 }

/** How one call travels. */
export interface CallOptions {
  readonly link: MemoryLink
  /** ms until it is an error that there is no answer */
  readonly timeoutMs: number
  /** what it may wait for at the broker. It meets faults, and is told, once it waits no more */
  readonly waits?: Waits | undefined
}

/** A call that has left, and who hears of it. */
interface Sent<T> {
  readonly call: MemoryCall
  readonly effect: () => T
  readonly answer: Subscriber<T>
  readonly link: MemoryLink
  /** begins to count */
  readonly overdue: () => void
}

/**
 * The line between one client and the in-memory Kafka. Whatever a client does goes through here, so that it can be delayed,
 * fail, or be cut off.
 *
 * - Effect and answer of a call come in a turn of their own, by the scheduler.
 * - A call acts once per subscription; unsubscribing drops its answer, not its effect.
 * - After {@link cut} nothing has an effect and no answer comes, as if the process were gone; no timer is left.
 */
export class MemoryConnection {
  readonly scheduler: SchedulerLike
  private readonly pending = new Set<Subscription>()
  private state: 'open' | 'closed' | 'cut' = 'open'
  /**
   * The scheduler of the client's process: when the connection is cut, nothing more happens on it. In real time, what has no delay happens
   * at the end of the turn, as `endOfTurn` has it, and its clock is the machine's.
   */
  readonly process: SchedulerLike = {
    now: () => this.scheduler.now(),
    schedule: <T>(work: (this: SchedulerAction<T>, state: T) => void, ms?: number, state?: T) =>
      this.scheduleInProcess(work, ms, state as T),
  }

  constructor(
    readonly config: KafkaConfig,
    private readonly wire: MemoryWire,
  ) {
    this.scheduler = config.scheduler ?? wire.scheduler ?? asyncScheduler
    shareMonotonicClock(this.process, this.scheduler)
  }

  get isOpen(): boolean {
    return this.state === 'open'
  }

  /** A method, since whoever is told of a call may cut in the middle of it. */
  isCut(): boolean {
    return this.state === 'cut'
  }

  /** A question to the broker: `effect` is what happens there, its result the answer. */
  call<T>(
    call: Omit<MemoryCall, 'clientId'>,
    effect: () => T,
    { link, timeoutMs, waits = atOnce }: CallOptions,
  ): Observable<T> {
    return new Observable((answer) => {
      const { latencyMs } = this.wire
      // Most calls are answered at once, and need no timer.
      const overdue = (afterMs: number): void => {
        const lose = (): void => answer.error(requestOverdue(link.name, call.api, timeoutMs))
        answer.add(this.schedule(lose, Math.max(0, afterMs)))
      }
      const sent: Sent<T> = {
        ...{ call: { ...call, clientId: this.config.clientId }, effect, answer, link },
        overdue: () => overdue(timeoutMs - latencyMs),
      }
      const send = (): void => {
        if (latencyMs >= timeoutMs) overdue(timeoutMs)
        this.schedule(arrive, latencyMs)
      }
      const arrive = (): void => {
        if (link.isDeaf) return
        if (waits.isOver()) return this.arrive(sent)
        if (waits.longestMs >= timeoutMs) sent.overdue()
        answer.add(
          waits
            .changes()
            .pipe(first())
            .subscribe({ next: send, error: (error: unknown) => answer.error(error) }),
        )
      }
      send()
    })
  }

  /** Emits after a while; never when the connection is cut meanwhile. */
  delay(ms: number): Observable<void> {
    return new Observable((subscriber) =>
      this.schedule(() => {
        subscriber.next()
        subscriber.complete()
      }, ms),
    )
  }

  /** Does something in a turn of its own, unless the connection is cut before. */
  schedule(work: () => void, ms = 0): Subscription {
    const task = new Subscription()
    if (this.state === 'cut') return task
    this.pending.add(task)
    task.add(() => this.pending.delete(task))
    task.add(
      this.scheduler.schedule(() => {
        task.unsubscribe()
        work()
      }, ms),
    )
    return task
  }

  /** Calls that are on their way still have their effect. */
  close(): void {
    if (this.state === 'open') this.state = 'closed'
  }

  cut(): void {
    this.state = 'cut'
    for (const task of [...this.pending]) task.unsubscribe()
  }

  private scheduleInProcess<T>(
    work: (this: SchedulerAction<T>, state: T) => void,
    ms: number | undefined,
    state: T,
  ): Subscription {
    if (this.state === 'cut') return Subscription.EMPTY
    const { pending } = this
    const on = (ms ?? 0) <= 0 && isRealTime(this.scheduler) ? asapScheduler : this.scheduler
    const task = new Subscription()
    pending.add(task)
    task.add(() => pending.delete(task))
    task.add(
      on.schedule<T>(
        function (given) {
          pending.delete(task)
          work.call(this, given as T)
        },
        ms,
        state,
      ),
    )
    return task
  }

  private arrive<T>(sent: Sent<T>): void {
    const fault = this.wire.fault(sent.call)
    switch (fault?._tag) {
      case undefined:
        return this.act(sent)
      case 'Fail':
        if (isEnd(fault.error)) sent.link.deafen()
        return sent.answer.error(fault.error)
      case 'LoseAnswer':
        return this.act({
          ...sent,
          effect: () => {
            sent.effect()
            throw fault.error
          },
        })
      case 'Delay':
        sent.overdue()
        this.schedule(() => this.act(sent), fault.ms)
        return
      case 'Hold':
        sent.overdue()
        this.hold(fault.until, () => this.act(sent))
    }
  }

  private hold(until: Observable<unknown>, act: () => void): void {
    const task = new Subscription()
    this.pending.add(task)
    const release = (): void => {
      if (task.closed) return
      task.unsubscribe()
      this.schedule(act)
    }
    task.add(() => this.pending.delete(task))
    task.add(until.subscribe({ next: release, complete: release, error: release }))
  }

  /** Observers may cut this connection at either moment: a crash before the effect, or between effect and answer. */
  private act<T>({ call, effect, answer }: Sent<T>): void {
    this.wire.observe(call, 'before')
    if (this.isCut()) return
    const outcome = attempt(effect)
    this.wire.observe(call, 'after')
    if (this.isCut()) return
    if ('error' in outcome) {
      answer.error(outcome.error)
    } else {
      answer.next(outcome.value)
      answer.complete()
    }
  }
}

const attempt = <T>(effect: () => T): { readonly value: T } | { readonly error: unknown } => {
  try {
    return { value: effect() }
  } catch (error) {
    return { error }
  }
}
