import { catchError, defer, EMPTY, map, Observable, of, ReplaySubject, Subject, tap } from 'rxjs'
import { trampolinedConcatAll } from '../../scheduling/trampolinedConcatAll.js'
import type { StoredAttempt, StoredCheckpoint } from '../store/CheckpointStore.js'

interface Mark {
  readonly uid: string
  readonly id: string
  /** the newest checkpoint triggered when the mark became durable */
  readonly since: number
}

/**
 * Writes an attempt's checkpoints and marks, one after another, and knows which mark goes with which checkpoint.
 *
 * A committable's mark must be found beside the newest checkpoint that may still hold the committable. So a mark goes to the
 * newest durable checkpoint, whichever told of the committable; and a checkpoint takes along the marks that became durable
 * after it was triggered, since its snapshot may be older than they are. Older marks are not needed: who has heard of a mark
 * leaves the committable out of the next snapshot. A state that is carried is an old one: the marks of what it holds go with it,
 * from attempt to attempt. Ids must not be used twice.
 */
export class CheckpointWriter {
  private readonly writes = new Subject<Observable<unknown>>()
  private marks: readonly Mark[] = []
  private newest: number | undefined
  private triggered = 0

  constructor(private readonly attempt: StoredAttempt) {
    this.newest = attempt.restored?.checkpointId
    this.marks = Object.entries(attempt.restored?.committed ?? {}).flatMap(([uid, ids]) =>
      ids.map((id) => ({ uid, id, since: -1 })),
    )
    this.writes
      .pipe(
        map((write$) => write$.pipe(catchError(() => EMPTY))),
        trampolinedConcatAll(),
      )
      .subscribe()
  }

  /** By uid, the ids known to be committed that go with the newest durable checkpoint. */
  get committed(): StoredCheckpoint['committed'] {
    return byUid(this.marks)
  }

  /** A checkpoint was triggered; its snapshots know all marks that are durable by now. */
  begin(checkpointId: number): void {
    this.triggered = checkpointId
  }

  /**
   * Acts at once; durable when it emits. Completes without effect when a newer checkpoint is durable by then.
   *
   * @param carried uids whose state is an old one, handed over before
   */
  complete(checkpoint: Omit<StoredCheckpoint, 'committed'>, carried: ReadonlySet<string>): Observable<void> {
    return this.enqueue(
      defer(() => {
        if (checkpoint.checkpointId < (this.newest ?? 0)) return EMPTY
        const isHeld = holds(checkpoint)
        const marks = this.marks.filter(
          ({ uid, id, since }) => since >= checkpoint.checkpointId || (carried.has(uid) && isHeld(uid, id)),
        )
        return this.attempt.complete({ ...checkpoint, committed: byUid(marks) }).pipe(
          tap(() => {
            this.newest = checkpoint.checkpointId
            this.marks = marks
          }),
        )
      }),
    )
  }

  /** Acts once per subscription; durable when it emits. */
  markCommitted(uid: string, ids: readonly string[]): Observable<void> {
    return defer(() =>
      this.enqueue(
        defer(() => {
          if (this.newest === undefined || ids.length === 0) return of(undefined)
          return this.attempt.markCommitted(this.newest, uid, ids).pipe(
            tap(() => {
              this.marks = [...this.marks, ...ids.map((id) => ({ uid, id, since: this.triggered }))]
            }),
          )
        }),
      ),
    )
  }

  private enqueue(write$: Observable<void>): Observable<void> {
    const result = new ReplaySubject<void>(1)
    // Not tap(result): tap calls a `subscribe` that its observer has.
    this.writes.next(
      write$.pipe(
        tap({
          next: () => {
            result.next()
          },
          error: (error: unknown) => {
            result.error(error)
          },
          complete: () => {
            result.complete()
          },
        }),
      ),
    )
    return result
  }
}

/** Whether a checkpoint holds a committable. That of a part that does not say what it has prepared may hold any. */
const holds = ({ prepared }: Pick<StoredCheckpoint, 'prepared'>) => {
  const ids = new Map(Object.entries(prepared ?? {}).map(([uid, held]) => [uid, new Set(held.map(({ id }) => id))]))
  return (uid: string, id: string): boolean => ids.get(uid)?.has(id) ?? true
}

const byUid = (marks: readonly Mark[]): StoredCheckpoint['committed'] => {
  const committed = new Map<string, string[]>()
  for (const { uid, id } of marks) committed.set(uid, [...(committed.get(uid) ?? []), id])
  return Object.fromEntries(committed)
}
