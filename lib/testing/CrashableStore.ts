import { concatMap, defer, map, NEVER, type Observable, of, Subject } from 'rxjs'
import type { AttemptRequest, CheckpointStore, StoredAttempt } from '../checkpoint/store/CheckpointStore.js'

/**
 * A store whose attempts can be cut off, as the death of their process does: what they write from then on is not written, their
 * lease is neither renewed nor released, and nothing is answered. What is stored stays.
 */
export class CrashableStore implements CheckpointStore {
  /** Each write, before and after it: a crash at `before` loses it; at `after` it is stored, and nobody knows. */
  readonly steps$: Observable<string>
  private readonly steps = new Subject<string>()
  /** Of the process that runs now; each crash begins another. */
  private life = { over: false }

  constructor(private readonly store: CheckpointStore) {
    this.steps$ = this.steps.asObservable()
  }

  begin(request?: AttemptRequest): Observable<StoredAttempt> {
    return defer(() => {
      const { life } = this
      const whileAlive = <A>(call: () => Observable<A>): Observable<A> =>
        defer(() => (life.over ? NEVER : call())).pipe(concatMap((answer) => (life.over ? NEVER : of(answer))))
      const step = <A>(what: string, write: () => Observable<A>): Observable<A> => {
        const told = (moment: string) => () => this.tell(`${moment} ${what}`)
        return whileAlive(told('before')).pipe(
          concatMap(() => whileAlive(write)),
          concatMap((answer) => whileAlive(told('after')).pipe(map(() => answer))),
        )
      }
      return this.store.begin(request).pipe(
        map((attempt): StoredAttempt => {
          const { lease, ledger } = attempt
          return {
            ...attempt,
            complete: (checkpoint) => step('storing the checkpoint', () => attempt.complete(checkpoint)),
            markCommitted: (checkpointId, uid, ids) =>
              step('noting the commit', () => attempt.markCommitted(checkpointId, uid, ids)),
            lease: lease && {
              renew: () => whileAlive(() => lease.renew()),
              release: () => whileAlive(() => lease.release()),
            },
            ledger: ledger && {
              ...ledger,
              takeOver: () => whileAlive(() => ledger.takeOver()),
              otherSinks: () => whileAlive(() => ledger.otherSinks()),
              reserve: () => step('reserving ids', () => ledger.reserve()),
              release: (blocks) => whileAlive(() => ledger.release(blocks)),
              confirm: () => whileAlive(() => ledger.confirm()),
              recordSinks: (sinks) => step('noting the sinks', () => ledger.recordSinks(sinks)),
              settled: () => step('noting that all is settled', () => ledger.settled()),
              newestBefore: (subtask, before) => whileAlive(() => ledger.newestBefore(subtask, before)),
              goBack: (before) => step('going back', () => ledger.goBack(before)),
            },
          }
        }),
      )
    })
  }

  /** Cuts off all attempts there are. */
  cut(): void {
    this.life.over = true
    this.life = { over: false }
  }

  private tell(step: string): Observable<void> {
    this.steps.next(step)
    return of(undefined)
  }
}
