import { expect } from '@jest/globals'
import { defer, delay, mergeMap, NEVER, type Observable, type SchedulerLike, Subject, timer } from 'rxjs'
import type { CheckpointConfig } from '../../../lib/checkpoint/CheckpointConfig.js'
import type { CheckpointStore, StoredAttempt } from '../../../lib/checkpoint/store/CheckpointStore.js'
import type { SceneHelpers } from '../../../lib/testing/KafkaScene.js'
import { handSink, type HandSinkOptions, ledger } from './handSink.js'
import { handSource, type HandSourceOptions } from './handSource.js'

/**
 * What a pipeline of `jobOf` tells, for pictures: `(R1) 46ms a` is restored from nothing, the barrier of checkpoint 1, and 50 ms later
 * that this one is completed; `A` would be aborted. 7, 8 and 9 are the first ones of the second attempt, whose ids begin at 17; `r`, `s`
 * and `t` are restored from 1, 2 and 3. All else is in the table of a picture: `{ ...letters, S: 'barrier 2 suspend' }`.
 */
export const letters: Readonly<Record<string, string>> = {
  ...{ R: 'restored nothing', r: 'restored 1', s: 'restored 2', t: 'restored 3', M: 'watermark Infinity' },
  ...Object.fromEntries(
    [1, 2, 3, 4, 5, 6, 17, 18, 19].flatMap((checkpointId, n) => [
      [`${n + 1}`, `barrier ${checkpointId}`],
      ['abcdefghi'[n]!, `completed ${checkpointId}`],
      ['ABCDEFGHI'[n]!, `aborted ${checkpointId}`],
    ]),
  ),
}

/** The `#` of a picture, by its tag. */
export const tagged = (_tag: string, message = ''): unknown =>
  expect.objectContaining({ _tag, message: expect.stringContaining(message) })

/** A coordinator in the time of a picture, every 100 ms unless something else is said, and pipelines of its job: a process. */
export const jobOf = (
  { scheduler, coordinator: create }: Pick<SceneHelpers, 'scheduler' | 'coordinator'>,
  settings: Partial<CheckpointConfig> = {},
  book = ledger(),
) => {
  const warned$ = new Subject<string>()
  const coordinator = create({ interval: 100, logger: { warn: (message) => warned$.next(message) }, ...settings })
  return {
    coordinator,
    warned$,
    /** What readers of committed records see. */
    committed: book.committed,
    pipeline: (source: Partial<HandSourceOptions> = {}, sink: Partial<HandSinkOptions> = {}): Observable<string> =>
      handSource({ coordinator, scheduler, ...source }).pipe(handSink(book, { scheduler, ...sink })),
  }
}

export type Job = ReturnType<typeof jobOf>

/** A sink whose state is never there for these checkpoints. */
export const stuckAt = (...checkpointIds: readonly number[]): Partial<HandSinkOptions> => ({
  snapshot: (barrier) => barrier.snapshot('sink', checkpointIds.includes(barrier.checkpointId) ? NEVER : {}),
})

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
