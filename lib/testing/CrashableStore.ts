import { defer, map, NEVER, type Observable, Subject, switchMap } from 'rxjs'
import type { AttemptRequest, CheckpointStore, StoredAttempt } from '../checkpoint/CheckpointStore.js'

/**
 * A store whose attempts can be cut off, as the death of their process does: what they write from then on is not written, and
 * their writes are never answered. What is stored stays.
 */
export class CrashableStore implements CheckpointStore {
  /** Each write, before and after it: a crash at `before` loses it, at `after` it is stored and nobody knows. */
  readonly steps$: Observable<string>
  private readonly steps = new Subject<string>()
  /** Of the process that runs now; a new one with each crash. */
  private alive = { yes: true }

  constructor(private readonly store: CheckpointStore) {
    this.steps$ = this.steps.asObservable()
  }

  begin(request?: AttemptRequest): Observable<StoredAttempt> {
    return defer(() => {
      const { alive } = this
      const write = (what: string, answer$: Observable<void>): Observable<void> =>
        defer(() => {
          if (alive.yes) this.steps.next(`before ${what}`)
          return alive.yes ? answer$ : NEVER
        }).pipe(
          switchMap(() => {
            this.steps.next(`after ${what}`)
            return alive.yes ? [undefined] : NEVER
          }),
        )
      return this.store.begin(request).pipe(
        map((attempt): StoredAttempt => ({
          attemptId: attempt.attemptId,
          restored: attempt.restored,
          complete: (checkpoint) => write('storing the checkpoint', attempt.complete(checkpoint)),
          markCommitted: (checkpointId, uid, ids) =>
            write('noting the commit', attempt.markCommitted(checkpointId, uid, ids)),
        })),
      )
    })
  }

  /** Cuts off all attempts there are. */
  cut(): void {
    this.alive.yes = false
    this.alive = { yes: true }
  }
}
