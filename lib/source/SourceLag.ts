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

/** What runs, and how far it is behind; `lag$` is cold, and asks as long as it is listened to. */
export interface LaggingReader {
  readonly lag$: Observable<number>
}

/** How far behind a source is: all its subtasks that run in this process, together. Asks only while somebody listens. */
export class SourceLag {
  private readonly readers = new BehaviorSubject<readonly LaggingReader[]>([])

  /** In offsets; `NaN` when the brokers do not answer any more; undefined while it is not known yet, or nothing runs. */
  private readonly known$: Observable<number | undefined> = this.readers.pipe(
    switchMap((readers) =>
      readers.length === 0
        ? of(undefined)
        : combineLatest(readers.map(({ lag$ }) => lag$)).pipe(
            map((lags) => lags.reduce((sum, lag) => sum + lag, 0)),
            startWith(undefined),
          ),
    ),
    distinctUntilChanged<number | undefined>(Object.is),
    shareReplay({ bufferSize: 1, refCount: true }),
  )

  readonly lag$: Observable<number> = this.known$.pipe(
    switchMap((lag) => (lag === undefined ? NEVER : of(lag))),
    distinctUntilChanged<number>(Object.is),
  )

  readonly caughtUp$: Observable<boolean> = this.known$.pipe(
    map((lag) => lag === 0),
    distinctUntilChanged(),
  )

  add(reader: LaggingReader): void {
    this.readers.next([...this.readers.value, reader])
  }

  remove(reader: LaggingReader): void {
    this.readers.next(this.readers.value.filter((other) => other !== reader))
  }
}
