import { concatMap, defer, finalize, from, map, type Observable, throwError } from 'rxjs'
import type { CheckpointStorage } from '../../checkpoint/store/CheckpointStorage.js'

type Kind = keyof CheckpointStorage

/** What stands between a process and its storage: it is handed each call, and may make it, or not, when it likes. */
type Interception = <A>(kind: Kind, nth: number, call: () => Observable<A>) => Observable<A>

/** A storage each call of which, counted from 0, goes through `intercept`. */
const intercepted = (storage: CheckpointStorage, intercept: Interception): CheckpointStorage => {
  let calls = 0
  const through = <A>(kind: Kind, call: () => Observable<A>): Observable<A> =>
    defer(() => intercept(kind, calls++, call))
  return {
    list: (prefix) => through('list', () => storage.list(prefix)),
    read: (key) => through('read', () => storage.read(key)),
    create: (key, text) => through('create', () => storage.create(key, text)),
    write: (key, text) => through('write', () => storage.write(key, text)),
    delete: (key) => through('delete', () => storage.delete(key)),
  }
}

export interface TroubledStorage extends CheckpointStorage {
  /** Whether the call that is troubled was made. */
  readonly reached: () => boolean
}

/** The error of a call that a spec has made fail. */
export class CallFailed extends Error {}

/** Whether a call that fails has done its work: a lost answer is no verdict. */
export type Effect = 'without effect' | 'with effect'

/** The nth call is made twice, as by a client that has lost the first answer and asks again by itself. */
export const repeatingStorage = (storage: CheckpointStorage, repeats: number): TroubledStorage => {
  let reached = false
  const repeating = intercepted(storage, (_, nth, call) => {
    reached ||= nth === repeats
    return nth === repeats ? call().pipe(concatMap(call)) : call()
  })
  return { ...repeating, reached: () => reached }
}

export interface FailingStorage extends TroubledStorage {
  /** Resolves when no call is under way, and none follows at once. */
  readonly idle: () => Promise<void>
}

/**
 * The nth call fails. With `'from then on'` all that follow do too, without effect: to its storage, a process that was killed is one that
 * calls no more.
 */
export const failingStorage = (
  storage: CheckpointStorage,
  failsAt: number,
  effect: Effect,
  which: 'once' | 'from then on',
): FailingStorage => {
  let [reached, underWay] = [false, 0]
  const failed$ = throwError(() => new CallFailed('The call of the storage has failed.'))
  const failing = intercepted(storage, (_, nth, call) => {
    underWay++
    reached ||= nth === failsAt
    const fails = nth === failsAt || (nth > failsAt && which === 'from then on')
    const acted$ = fails && (nth > failsAt || effect === 'without effect') ? failed$ : call()
    return (fails ? acted$.pipe(concatMap(() => failed$)) : acted$).pipe(finalize(() => underWay--))
  })
  const idle = async (): Promise<void> => {
    do await turn()
    while (underWay > 0)
  }
  return { ...failing, reached: () => reached, idle }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/**
 * Where a process is stopped: before a call that changes something acts, after one that reads was answered, or between two pages
 * of a list. Any other moment is to the storage the same as one of these.
 */
export type StoppedAt = 'at a call' | 'between two pages of a list'

export interface StoppingStorage extends CheckpointStorage {
  /** Resolves when the process has come to the call at which it is stopped. */
  readonly stopped: Promise<void>
  readonly goOn: () => void
}

/** A process that is stopped at its nth call, or at its nth list, and wakes when it is told. */
export const stoppingStorage = (storage: CheckpointStorage, stopsAt: number, where: StoppedAt): StoppingStorage => {
  let [stop, goOn] = [(): void => undefined, (): void => undefined]
  const stopped = new Promise<void>((resolve) => (stop = resolve))
  const woken = new Promise<void>((resolve) => (goOn = resolve))
  const asleep = (): Observable<void> =>
    defer(() => {
      stop()
      return from(woken)
    })
  if (where === 'at a call') {
    const stopping = intercepted(storage, (kind, nth, call) => {
      if (nth !== stopsAt) return call()
      return kind === 'list' || kind === 'read'
        ? call().pipe(concatMap((answer) => asleep().pipe(map(() => answer))))
        : asleep().pipe(concatMap(call))
    })
    return { ...stopping, stopped, goOn }
  }
  let lists = 0
  const list = (prefix: string): Observable<readonly string[]> =>
    defer(() => {
      if (lists++ !== stopsAt) return storage.list(prefix)
      return storage.list(prefix).pipe(
        map((keys) => [...keys].sort()),
        concatMap((keys) => {
          const firstPage = keys.slice(0, Math.ceil(keys.length / 2))
          const last = firstPage.at(-1) ?? ''
          return asleep().pipe(
            concatMap(() => storage.list(prefix)),
            map((later) => [...firstPage, ...later.filter((key) => key > last)]),
          )
        }),
      )
    })
  return { ...storage, list, stopped, goOn }
}

/** A storage that a process has while the way to it is changed. */
export const switchedStorage = (current: () => CheckpointStorage): CheckpointStorage => ({
  list: (prefix) => defer(() => current().list(prefix)),
  read: (key) => defer(() => current().read(key)),
  create: (key, text) => defer(() => current().create(key, text)),
  write: (key, text) => defer(() => current().write(key, text)),
  delete: (key) => defer(() => current().delete(key)),
})
