import { concatMap, defer, map, NEVER, type Observable, of, type SchedulerLike, tap, throwError, timer } from 'rxjs'
import type { CheckpointStorage } from '../../../lib/checkpoint/store/CheckpointStorage.js'
import type { CheckpointStore } from '../../../lib/checkpoint/store/CheckpointStore.js'
import { checkpointStoreOn } from '../../../lib/checkpoint/store/checkpointStoreOn.js'
import { type Around, aroundCalls } from './aroundCalls.js'

/** What the world does with the calls of one process to the store. Times in ms. */
export interface StoreWorld {
  readonly scheduler: SchedulerLike
  readonly dead: boolean
  /** how long a call takes before its effect, and after it */
  delay(call: string): number
  /** called before and after the effect; may kill the process */
  step(what: string): void
  /** asked once per call, at the time of its effect */
  fault(call: string): 'fail' | 'loseAnswer' | undefined
}

/**
 * A checkpoint store as one process has it. The calls of its storage (`create`, `write`, …) go over a disk or a network, so they take
 * time and fail, and a list is not of one moment; those of the store (`begin`, `complete`, `markCommitted`, `lease.renew`, …) are steps at which something may happen.
 */
export const watchedStore = (storage: CheckpointStorage, world: StoreWorld): CheckpointStore => {
  const whileAlive = <A>(act: () => Observable<A>): Observable<A> => (world.dead ? NEVER : act())
  const later = <A>(call: string, act: () => Observable<A>): Observable<A> =>
    timer(world.delay(call), world.scheduler).pipe(concatMap(() => whileAlive(act)))
  const remote: Around = (call, act) =>
    defer(() =>
      later(call, () => {
        world.step(`before ${call}`)
        const fault = world.fault(call)
        if (fault === 'fail') return whileAlive(() => throwError(() => ioError(call)))
        return whileAlive(act).pipe(
          concatMap((answer) => {
            world.step(`after ${call}`)
            return whileAlive(() =>
              later(call, () => {
                if (fault === 'loseAnswer') return throwError(() => ioError(call))
                return call === 'list' ? act().pipe(map((last) => mixed(answer, last))) : of(answer)
              }),
            )
          }),
        )
      }),
    )
  const local: Around = (call, act) =>
    defer(() => {
      world.step(`before ${call}`)
      return whileAlive(act).pipe(
        tap(() => world.step(`after ${call}`)),
        concatMap((answer) => whileAlive(() => of(answer))),
      )
    })
  const store = checkpointStoreOn(aroundCalls(storage, remote))
  return {
    begin: (request) => local('begin', () => store.begin(request)).pipe(map((attempt) => aroundCalls(attempt, local))),
  }
}

/** A list that took several pages: what came or went meanwhile is in it or not. */
const mixed = <A>(first: A, last: A): A => {
  if (!Array.isArray(first) || !Array.isArray(last)) return first
  const keys = new Set<string>([...first, ...last])
  return [...keys].filter((key) => (first.includes(key) && last.includes(key)) || sumOf(key) % 2 === 0) as A
}

const sumOf = (text: string): number => Buffer.from(text).reduce((sum, byte) => sum + byte, 0)

const ioError = (call: string): Error => Object.assign(new Error(`EIO: i/o error, ${call}`), { code: 'EIO' })
