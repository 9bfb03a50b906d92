import { concatMap, defer, map, NEVER, Observable, of, type SchedulerLike, throwError, timer } from 'rxjs'
import type { CheckpointStore } from '../../../lib/checkpoint/CheckpointStore.js'

/** What the world does with the calls of one process to the store. Times in ms. */
export interface StoreWorld {
  readonly scheduler: SchedulerLike
  readonly dead: boolean
  /** how long a call takes before its effect, and after it */
  delay(call: string): number
  /** told before and after the effect; may kill the process */
  step(what: string): void
  /** asked once per call, at the time of its effect */
  fault(call: string): 'fail' | 'loseAnswer' | undefined
}

/**
 * The same store, as a process sees it over a disk or a network. Every call of the store and of what it hands out is watched, by
 * its name: `begin`, `complete`, `markCommitted`, `lease.renew`, ….
 */
export const watchedStore = (store: CheckpointStore, world: StoreWorld): CheckpointStore => ({
  begin: (request) =>
    watchedCall(world, 'begin', () => store.begin(request)).pipe(map((attempt) => watched(world, '', attempt))),
})

const watched = <T extends object>(world: StoreWorld, path: string, target: T): T =>
  Object.fromEntries(
    Object.entries(target).map(([name, value]: [string, unknown]) => {
      if (typeof value === 'object' && value !== null && isPort(value))
        return [name, watched(world, `${path}${name}.`, value)]
      if (typeof value !== 'function') return [name, value]
      return [
        name,
        (...args: readonly unknown[]) =>
          watchedCall(world, path + name, () => Reflect.apply(value, target, args) as Observable<unknown>),
      ]
    }),
  ) as T

const isPort = (value: object): boolean => Object.values(value).every((member) => typeof member === 'function')

const watchedCall = <T>(world: StoreWorld, call: string, act: () => Observable<T>): Observable<T> => {
  const later = <A>(act: () => Observable<A>): Observable<A> =>
    timer(world.delay(call), world.scheduler).pipe(concatMap(() => (world.dead ? NEVER : act())))
  const alive = (): boolean => !world.dead
  return defer(() =>
    later(() => {
      world.step(`before ${call}`)
      if (!alive()) return NEVER
      const fault = world.fault(call)
      if (fault === 'fail') return throwError(() => storeDown(call))
      return act().pipe(
        concatMap((answer) => {
          world.step(`after ${call}`)
          if (!alive()) return NEVER
          return later(() => (fault === 'loseAnswer' ? throwError(() => storeDown(call)) : of(answer)))
        }),
      )
    }),
  )
}

const storeDown = (call: string): Error => Object.assign(new Error(`EIO: i/o error, ${call}`), { code: 'EIO' })
