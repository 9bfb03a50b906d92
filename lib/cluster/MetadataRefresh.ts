import {
  AsyncSubject,
  catchError,
  concat,
  defer,
  EMPTY,
  ignoreElements,
  type Observable,
  of,
  type SchedulerLike,
} from 'rxjs'
import { endOfTurn } from '../scheduling/endOfTurn.js'
import type { MonotonicClock } from '../scheduling/monotonicClock.js'

/** What a refresh is made with. */
export interface MetadataQuestion {
  /** Asks a broker, and learns from the response. */
  readonly ask: (topics: readonly string[], create: boolean) => Observable<unknown>
  /** Completes after so many ms, or when the client is closed. */
  readonly pause: (ms: number) => Observable<unknown>
  readonly now: MonotonicClock
  readonly scheduler: SchedulerLike
  readonly backoffMs: number
}

/**
 * When metadata is asked for: one request at a time, shared by all who wait, never about the same topics twice within the
 * back-off.
 *
 * A call that comes while a request is on its way waits for the one after it, since the response that is on its way may be
 * older than the reason for the call.
 */
export class MetadataRefresh {
  private readonly topics = new Set<string>()
  private readonly asked = new Set<string>()
  private create = false
  private running: Observable<never> | undefined
  private next: Observable<never> | undefined
  private startedAt = -Infinity

  constructor(private readonly question: MetadataQuestion) {}

  /** Completes with the round that answers this request, which goes on also when nobody listens any more. */
  request(topics: Iterable<string>, create: boolean): Observable<never> {
    for (const topic of topics) this.topics.add(topic)
    this.create ||= create
    return this.next ?? this.begin()
  }

  /** Asks in the background when the last response is older than this. */
  whenOlderThan(maxAgeMs: number): void {
    if (this.topics.size === 0 || this.running !== undefined || this.next !== undefined) return
    if (this.question.now() - this.startedAt < maxAgeMs) return
    // After an error the next look-up asks again.
    this.request([], false)
  }

  private begin(): Observable<never> {
    const before = this.running ?? EMPTY
    const round = new AsyncSubject<never>()
    this.next = round
    concat(
      before.pipe(catchError(() => EMPTY)),
      endOfTurn(this.question.scheduler),
      defer(() => this.backOff()),
      defer(() => this.run(round)),
    )
      .pipe(ignoreElements())
      .subscribe(round)
    return round
  }

  private backOff(): Observable<unknown> {
    const waitMs = this.startedAt + this.question.backoffMs - this.question.now()
    const news = [...this.topics].some((topic) => !this.asked.has(topic))
    return news || waitMs <= 0 ? of(undefined) : this.question.pause(waitMs)
  }

  private run(round: Observable<never>): Observable<unknown> {
    this.next = undefined
    this.running = round
    this.startedAt = this.question.now()
    this.topics.forEach((topic) => this.asked.add(topic))
    const over = (): void => {
      if (this.running === round) this.running = undefined
    }
    round.subscribe({ complete: over, error: over })
    return this.question.ask([...this.topics], this.create)
  }
}
