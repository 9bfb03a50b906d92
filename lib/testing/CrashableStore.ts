import { concatMap, defer, map, NEVER, type Observable, of, Subject } from 'rxjs'
import type { AttemptRequest, CheckpointStore, StoredAttempt } from '../checkpoint/CheckpointStore.js'

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
      const whileAlive = (write: () => Observable<void>): Observable<void> =>
        defer(() => (life.over ? NEVER : write())).pipe(concatMap(() => (life.over ? NEVER : of(undefined))))
      const step = (what: string, write: () => Observable<void>): Observable<void> => {
        const told = (moment: string) => () => this.tell(`${moment} ${what}`)
        return whileAlive(told('before')).pipe(
          concatMap(() => whileAlive(write)),
          concatMap(() => whileAlive(told('after'))),
        )
      }
      return this.store.begin(request).pipe(
        map((attempt): StoredAttempt => {
          const { attemptId, restored, lease } = attempt
          return {
            attemptId,
            restored,
            complete: (checkpoint) => step('storing the checkpoint', () => attempt.complete(checkpoint)),
            markCommitted: (checkpointId, uid, ids) =>
              step('noting the commit', () => attempt.markCommitted(checkpointId, uid, ids)),
            lease: lease && {
              renew: () => whileAlive(() => lease.renew()),
              release: () => whileAlive(() => lease.release()),
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
