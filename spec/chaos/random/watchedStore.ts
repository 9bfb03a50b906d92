import { concatMap, defer, map, NEVER, type Observable, of, type SchedulerLike, throwError, timer } from 'rxjs'
import type { CheckpointStore } from '../../../lib/checkpoint/CheckpointStore.js'
import { aroundCalls } from './aroundCalls.js'

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
 * The same store, as a process sees it over a disk or a network. Every call of the store and of what it hands out is watched, by
 * its name: `begin`, `complete`, `markCommitted`, `lease.renew`, ….
 */
export const watchedStore = (store: CheckpointStore, world: StoreWorld): CheckpointStore => {
  const whileAlive = <A>(act: () => Observable<A>): Observable<A> => (world.dead ? NEVER : act())
  const later = <A>(call: string, act: () => Observable<A>): Observable<A> =>
    timer(world.delay(call), world.scheduler).pipe(concatMap(() => whileAlive(act)))
  const watched = <A>(call: string, act: () => Observable<A>): Observable<A> =>
    defer(() =>
      later(call, () => {
        world.step(`before ${call}`)
        const fault = world.fault(call)
        if (fault === 'fail') return whileAlive(() => throwError(() => ioError(call)))
        return whileAlive(act).pipe(
          concatMap((answer) => {
            world.step(`after ${call}`)
            return whileAlive(() =>
              later(call, () => (fault === 'loseAnswer' ? throwError(() => ioError(call)) : of(answer))),
            )
          }),
        )
      }),
    )
  return {
    begin: (request) =>
      watched('begin', () => store.begin(request)).pipe(map((attempt) => aroundCalls(attempt, watched))),
  }
}

const ioError = (call: string): Error => Object.assign(new Error(`EIO: i/o error, ${call}`), { code: 'EIO' })
