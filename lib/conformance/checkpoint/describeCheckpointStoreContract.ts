import { asyncScheduler, firstValueFrom } from 'rxjs'
import { isCheckpointError } from '../../checkpoint/CheckpointError.js'
import type { CheckpointStorage } from '../../checkpoint/store/CheckpointStorage.js'
import type { StoredAttempt, StoredCheckpoint } from '../../checkpoint/store/CheckpointStore.js'
import { checkpointStoreOn } from '../../checkpoint/store/checkpointStoreOn.js'
import type { TestFramework } from '../TestFramework.js'
import { unique } from '../unique.js'
import { type ProcessOfStore, StoreHistory } from './StoreHistory.js'
import {
  CallFailed,
  type Effect,
  type FailingStorage,
  failingStorage,
  repeatingStorage,
  type StoppedAt,
  stoppingStorage,
  switchedStorage,
} from './troubledStorage.js'

/** As many calls, or more, than the completion of a checkpoint makes. */
const CALLS_TO_COMPLETE = 5

/** More calls than an attempt makes; each loop ends before, where an attempt makes no call any more that could fail. */
const MANY = 500

/** How thorough the suite is. */
export interface CheckpointStoreContractOptions {
  /** Of the calls of an attempt, some 80, only each nth one is made to fail. Default 1: each of them. */
  readonly everyNthCall?: number | undefined
}

/**
 * What jobs rely on of `checkpointStoreOn(storage)`, on a storage of yours, while processes are killed between any two calls of it, or
 * stopped there until others have tidied up after them, while lists come in pages and answers are lost: that each attempt starts from all
 * that the attempts before it were told to be complete, and from nothing that came later; that ids are never used twice.
 *
 * For a storage that passes `describeCheckpointStorageContract`. It makes some ten thousand calls, one after another.
 *
 * @param name of the storage, for titles
 * @param makeStorage makes a client of the storage at a place, as for `describeCheckpointStorageContract`
 * @param framework of jest, vitest, or any other with the same words
 * @param options `everyNthCall`, where a call takes long
 *
 * @example
 * ```ts
 * // framework: { afterEach, beforeEach, describe, expect, it } of jest or vitest
 * describeCheckpointStoreContract('my storage', (place) => storageOf(place), framework)
 * ```
 */
export const describeCheckpointStoreContract = (
  name: string,
  makeStorage: (place: string) => CheckpointStorage,
  { describe, expect, it }: TestFramework,
  { everyNthCall = 1 }: CheckpointStoreContractOptions = {},
): void => {
  const timeout = 600_000

  /** An attempt without trouble, until it has tidied up as well. */
  const lives = async (place: string, history: StoreHistory): Promise<void> => {
    expect(await retried(history, failingStorage(makeStorage(place), Infinity, 'without effect', 'once'))).toEqual([])
  }

  /** How many keys there are when two attempts have lived, and have tidied up. */
  const keysAfterLife = async (place: string, history = new StoreHistory()): Promise<number> => {
    for (let n = 0; n < 2; n++) await lives(place, history)
    return (await firstValueFrom(makeStorage(place).list(''))).length
  }

  describe(`a checkpoint store on ${name}`, () => {
    it(
      'should start each attempt from what the one before it completed, and keep no more than it needs',
      async () => {
        const place = unique('store')
        const history = new StoreHistory()
        const kept = await keysAfterLife(place, history)
        expect(await keysAfterLife(place, history)).toBe(kept)
        expect(history.faults()).toEqual([])
      },
      timeout,
    )

    for (const effect of ['without effect', 'with effect'] satisfies readonly Effect[]) {
      it(
        `should survive a process that is killed at any call of the storage, its last one ${effect}`,
        async () => {
          const place = unique('store')
          const history = new StoreHistory()
          await forEachCall(everyNthCall, async (nth) => {
            const killed = failingStorage(makeStorage(place), nth, effect, 'from then on')
            const error = await errorOf(history.live(killed))
            await killed.idle()
            if (error !== undefined && !isOfStorage(error)) throw error
            await lives(place, history)
            expect({ killedAt: nth, faults: history.faults() }).toEqual({ killedAt: nth, faults: [] })
            return killed.reached()
          })
          expect(await keysAfterLife(place, history)).toBe(await keysAfterLife(unique('store')))
        },
        timeout,
      )

      it(
        `should let a process that tries again get on, whichever call of the storage fails, ${effect}`,
        async () => {
          const place = unique('store')
          const history = new StoreHistory()
          await forEachCall(everyNthCall, async (nth) => {
            const failing = failingStorage(makeStorage(place), nth, effect, 'once')
            const fatal = await retried(history, failing)
            expect({ failedAt: nth, fatal, faults: history.faults() }).toEqual({ failedAt: nth, fatal: [], faults: [] })
            return failing.reached()
          })
        },
        timeout,
      )
    }

    it(
      'should not notice when a client makes a call again by itself, whichever it is',
      async () => {
        const place = unique('store')
        const history = new StoreHistory()
        await forEachCall(everyNthCall, async (nth) => {
          const repeating = repeatingStorage(makeStorage(place), nth)
          await history.live(repeating)
          expect({ repeated: nth, faults: history.faults() }).toEqual({ repeated: nth, faults: [] })
          return repeating.reached()
        })
      },
      timeout,
    )

    for (const where of ['at a call', 'between two pages of a list'] satisfies readonly StoppedAt[]) {
      it(
        `should not let a process bring a past back that was stopped ${where} of the storage until others had tidied up`,
        async () => {
          const place = unique('store')
          const history = new StoreHistory()
          await lives(place, history)
          await forEachCall(everyNthCall, async (nth) => {
            const stopping = stoppingStorage(makeStorage(place), nth, where)
            const life = errorOf(history.live(stopping))
            const wasStopped = await isFirst(stopping.stopped, life)
            await lives(place, history)
            stopping.goOn()
            const error = await life
            // It may have been the newer one after all, or have been at its end.
            if (error !== undefined && !isCheckpointError(error)) throw error
            await lives(place, history)
            expect({ stoppedAt: nth, faults: history.faults() }).toEqual({ stoppedAt: nth, faults: [] })
            return wasStopped
          })
        },
        timeout,
      )
    }

    it(
      'should start all subtasks of a new parallelism from the same, wherever the first of them is stopped, and whatever a former process completes then',
      async () => {
        await forEachCall(everyNthCall, async (nth) => {
          const place = unique('store')
          const former = await begin(makeStorage(place), 1, 0)
          await complete(former, 1)
          await firstValueFrom(former.lease!.release())

          const stopping = stoppingStorage(makeStorage(place), nth, 'at a call')
          const begun = begin(stopping, 2, 0)
          const wasStopped = await isFirst(stopping.stopped, begun)
          const completed = (await errorOf(complete(former, 2))) === undefined ? 2 : 1
          const second = await begin(makeStorage(place), 2, 1)
          stopping.goOn()
          const first = await begun
          await errorOf(complete(former, 3))
          const third = await begin(makeStorage(place), 2, 1)

          const starts = [first, second, third].map(({ restored }) => restored?.checkpointId)
          expect({ stoppedAt: nth, starts }).toEqual({ stoppedAt: nth, starts: starts.map(() => starts[0]) })
          expect(starts[0]).toBeGreaterThanOrEqual(completed)
          return wasStopped
        })
      },
      timeout,
    )

    it(
      'should start all subtasks of a new parallelism from the same, wherever a former process is stopped as it completes a checkpoint',
      async () => {
        for (let first = 0; first < CALLS_TO_COMPLETE; first++) {
          for (let second = first + 1; second <= CALLS_TO_COMPLETE; second++) {
            const place = unique('store')
            let path = makeStorage(place)
            const former = await begin(
              switchedStorage(() => path),
              1,
              0,
            )
            await complete(former, 1)
            await firstValueFrom(former.lease!.release())

            // Twice: before the first new subtask begins, and before the second one does.
            const inner = stoppingStorage(makeStorage(place), second, 'at a call')
            const outer = stoppingStorage(inner, first, 'at a call')
            path = outer
            const life = errorOf(complete(former, 2))
            await isFirst(outer.stopped, life)
            const one = await begin(makeStorage(place), 2, 0)
            outer.goOn()
            await isFirst(inner.stopped, life)
            const other = await begin(makeStorage(place), 2, 1)
            inner.goOn()
            const completed = (await life) === undefined ? 2 : 1
            const starts = [one, other].map(({ restored }) => restored?.checkpointId)
            expect({ first, second, starts }).toEqual({ first, second, starts: [starts[0], starts[0]] })
            expect(starts[0]).toBeGreaterThanOrEqual(completed)
          }
        }
      },
      timeout,
    )
  })
}

/** Tries a call after another, until there was none. */
const forEachCall = async (step: number, attempt: (nth: number) => Promise<boolean>): Promise<void> => {
  for (let nth = 0; await attempt(nth); nth += step) if (nth > MANY) throw new Error('An attempt has no end.')
}

const isFirst = (one: Promise<unknown>, other: Promise<unknown>): Promise<boolean> =>
  Promise.race([one.then(() => true), other.then(() => false)])

const errorOf = (life: Promise<unknown>): Promise<Error | undefined> =>
  life.then(
    () => undefined,
    (error: unknown) => error as Error,
  )

const isOfStorage = (error: Error): boolean =>
  error instanceof CallFailed || (isCheckpointError(error) && error._tag === 'StoreFailed')

/** A process that tries again after each error until it lives to its end, or must not try again: then the error's message. */
const retried = async (history: StoreHistory, storage: FailingStorage): Promise<readonly string[]> => {
  const process: ProcessOfStore = { claimant: unique('process') }
  for (let tries = 0; tries < 3; tries++) {
    const error = await errorOf(history.live(storage, process))
    await storage.idle()
    if (error === undefined) return []
    if (!isCheckpointError(error) && !(error instanceof CallFailed)) throw error
    if (isCheckpointError(error) && !error.retriable) return [error.message]
  }
  return ['It did not get on.']
}

/** Tries again where a retry may help: another process may have gone on without it, or have tidied up what it was about to read. */
const begin = async (storage: CheckpointStorage, parallelism: number, subtask: number): Promise<StoredAttempt> => {
  const share = { parallelism, subtasks: [subtask] }
  // A checkpoint of a former process waits for no one who is about to take over: who is stopped would be waited for for 10 s.
  const request = { share, takeOverPatience: 0, scheduler: asyncScheduler }
  for (let tries = 1; ; tries++) {
    try {
      return await firstValueFrom(checkpointStoreOn(storage).begin(request))
    } catch (error) {
      if (!isCheckpointError(error) || !error.retriable || tries === 3) throw error
    }
  }
}

const complete = (attempt: StoredAttempt, checkpointId: number): Promise<void> => {
  const checkpoint: StoredCheckpoint = {
    ...{ checkpointId, timestamp: checkpointId, savepoint: false, parallelism: 1, committed: {} },
    states: { source: [checkpointId] },
  }
  return firstValueFrom(attempt.complete(checkpoint))
}
