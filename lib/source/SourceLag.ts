import {
  BehaviorSubject,
  combineLatest,
  distinctUntilChanged,
  map,
  NEVER,
  type Observable,
  of,
  shareReplay,
  startWith,
  switchMap,
} from 'rxjs'
import type { Lag } from './reader/LagHistory.js'

/** What runs, and how far it is behind; `lag$` is cold, and asks as long as it is listened to. */
export interface LaggingReader {
  readonly lag$: Observable<Lag>
}

/** How far behind a source is: all its subtasks that run in this process, together. Asks only while somebody listens. */
export class SourceLag {
  private readonly readers = new BehaviorSubject<readonly LaggingReader[]>([])

  /** Undefined while it is not known yet, or nothing runs. */
  private readonly known$: Observable<Lag | undefined> = this.readers.pipe(
    switchMap((readers) =>
      readers.length === 0
        ? of(undefined)
        : combineLatest(readers.map(({ lag$ }) => lag$)).pipe(
            map((lags) => ({
              offsets: lags.reduce((sum, { offsets }) => sum + offsets, 0),
              caughtUp: lags.every(({ caughtUp }) => caughtUp),
            })),
            startWith(undefined),
          ),
    ),
    shareReplay({ bufferSize: 1, refCount: true }),
  )

  readonly lag$: Observable<number> = this.known$.pipe(
    switchMap((lag) => (lag === undefined ? NEVER : of(lag.offsets))),
    distinctUntilChanged<number>(Object.is),
  )

  readonly caughtUp$: Observable<boolean> = this.known$.pipe(
    map((lag) => lag?.caughtUp === true),
    distinctUntilChanged(),
  )

  add(reader: LaggingReader): void {
    this.readers.next([...this.readers.value, reader])
  }

  remove(reader: LaggingReader): void {
    this.readers.next(this.readers.value.filter((other) => other !== reader))
  }
}
