import { concatMap, defer, map, type Observable, of, throwError } from 'rxjs'
import type { AttemptRequest, CheckpointStore, StoredAttempt } from '../../../lib/checkpoint/CheckpointStore.js'
import { MemoryCheckpointStore } from '../../../lib/checkpoint/MemoryCheckpointStore.js'
import { aroundCalls } from './aroundCalls.js'

/** Where the checkpoints of a job are kept, as a directory is: it can be deleted. */
export class Disk implements CheckpointStore {
  private store = new MemoryCheckpointStore()

  /** `rm -rf`: attempts that write into it find nothing; one that begins finds a new one. */
  empty(): void {
    this.store = new MemoryCheckpointStore()
  }

  begin(request?: AttemptRequest): Observable<StoredAttempt> {
    return defer(() => {
      const { store } = this
      const there = <T>(call: string, act: () => Observable<T>): Observable<T> =>
        defer(() => (this.store === store ? act() : throwError(() => noEntry(call)))).pipe(
          concatMap((answer) => (this.store === store ? of(answer) : throwError(() => noEntry(call)))),
        )
      return store.begin(request).pipe(map((attempt) => aroundCalls(attempt, there)))
    })
  }
}

const noEntry = (call: string): Error =>
  Object.assign(new Error(`ENOENT: no such file or directory, ${call}`), { code: 'ENOENT' })
