import { asapScheduler, defer, delay, mergeMap, type Observable, type SchedulerLike, timer } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import { type CheckpointConfig } from '../../../lib/checkpoint/CheckpointConfig.js'
import { CheckpointCoordinator } from '../../../lib/checkpoint/CheckpointCoordinator.js'
import type { CheckpointStore, StoredAttempt, StoredCheckpoint } from '../../../lib/checkpoint/store/CheckpointStore.js'
import { MemoryCheckpointStore } from '../../../lib/checkpoint/store/MemoryCheckpointStore.js'
import { handSink, type HandSinkOptions, type Ledger, ledger } from './handSink.js'
import { handSource, type HandSourceOptions } from './handSource.js'

type Settings = Partial<CheckpointConfig>

/** A coordinator in virtual time with a log of what happened when: `[70, 'barrier 1']`. */
export class Job {
  readonly scheduler = new TestScheduler(() => undefined)
  readonly log: [number, string][] = []
  readonly warnings: string[] = []
  readonly book: Ledger = ledger()
  readonly store: CheckpointStore
  readonly coordinator: CheckpointCoordinator

  constructor(settings: Settings = {}) {
    this.store = settings.store ?? new MemoryCheckpointStore()
    this.coordinator = this.coordinatorWith(settings)
  }

  /** Another one on the same store: as a process that starts again. */
  coordinatorWith(settings: Settings): CheckpointCoordinator {
    return CheckpointCoordinator.create({
      interval: 100,
      store: this.store,
      scheduler: this.scheduler,
      logger: { warn: (message) => this.warnings.push(message) },
      ...settings,
    })
  }

  pipeline(source: Partial<HandSourceOptions> = {}, sink: Partial<HandSinkOptions> = {}): Observable<string> {
    const { scheduler, coordinator } = this
    return handSource({ coordinator, scheduler, ...source }).pipe(handSink(this.book, { scheduler, ...sink }))
  }

  /** Subscribes and logs everything, with `name` before it. */
  run(events: Observable<unknown>, name = ''): { unsubscribe(): void } {
    const prefix = name === '' ? '' : `${name}: `
    return events.subscribe({
      next: (event) => this.say(prefix + (typeof event === 'string' ? event : JSON.stringify(event))),
      error: (error: Error & { _tag?: string }) => this.say(`${prefix}${error._tag ?? error.message}`),
      complete: () => this.say(`${prefix}done`),
    })
  }

  say(what: string): void {
    this.log.push([this.scheduler.now(), what])
  }

  at(ms: number, act: () => void): void {
    this.scheduler.schedule(act, ms)
  }

  /** Lets virtual time pass. */
  until(ms: number): this {
    this.scheduler.run(() => {
      this.scheduler.maxFrames = ms
      this.scheduler.flush()
      this.scheduler.actions.length = 0
    })
    return this
  }

  /** What was logged, without the time. */
  get events(): readonly string[] {
    return this.log.map(([, what]) => what)
  }

  /** When something was logged. */
  timesOf(what: string | RegExp): readonly number[] {
    return this.log.flatMap(([at, event]) =>
      (typeof what === 'string' ? event === what : what.test(event)) ? [at] : [],
    )
  }
}

/** A store whose answers take time: `before` its effect, and `after`. */
export const slowStore = (
  inner: CheckpointStore,
  { before = 0, after = 0, scheduler }: { before?: number; after?: number; scheduler: SchedulerLike },
): CheckpointStore => {
  const slowly = <A>(call: Observable<A>): Observable<A> =>
    timer(before, scheduler).pipe(
      mergeMap(() => call),
      delay(after, scheduler),
    )
  return {
    begin: (request) =>
      slowly(
        defer(() => inner.begin(request)).pipe(
          mergeMap((attempt): StoredAttempt[] => [
            {
              ...attempt,
              complete: (checkpoint) => slowly(attempt.complete(checkpoint)),
              markCommitted: (...mark) => slowly(attempt.markCommitted(...mark)),
            },
          ]),
        ),
      ),
  }
}

/** What an attempt that begins now, with all subtasks, would start from. */
export const restoredOf = (store: CheckpointStore, parallelism = 1): StoredCheckpoint | undefined => {
  let attempt: StoredAttempt | undefined
  const share = { parallelism, subtasks: Array.from({ length: parallelism }, (_, subtask) => subtask) }
  store.begin({ share, scheduler: asapScheduler }).subscribe((begun) => (attempt = begun))
  if (attempt === undefined) throw new Error('The store has not answered.')
  return attempt.restored
}
