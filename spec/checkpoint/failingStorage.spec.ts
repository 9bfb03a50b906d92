import { describe, expect, it } from '@jest/globals'
import {
  catchError,
  concatMap,
  defer,
  EMPTY,
  map,
  type Observable,
  of,
  retry,
  Subject,
  takeUntil,
  tap,
  throwError,
  timer,
} from 'rxjs'
import type { CheckpointStorage } from '../../lib/checkpoint/store/CheckpointStorage.js'
import { checkpointStoreOn } from '../../lib/checkpoint/store/checkpointStoreOn.js'
import { memoryStorage } from '../../lib/checkpoint/store/memoryStorage.js'
import { runMarbles } from '../../lib/testing/runMarbles.js'
import { begun } from './support/begun.js'
import { jobOf, letters } from './support/job.js'

type Failure = 'without effect' | 'with effect'

/** A storage of which one call fails: the `nth` from when it is armed. */
class FailingStorage {
  /** calls since it was armed */
  calls = -Infinity
  readonly storage: CheckpointStorage

  constructor(
    private readonly nth: number,
    private readonly failure: Failure,
    inner = memoryStorage(),
  ) {
    this.storage = {
      list: (prefix) => this.call(() => inner.list(prefix)),
      read: (key) => this.call(() => inner.read(key)),
      create: (key, text) => this.call(() => inner.create(key, text)),
      write: (key, text) => this.call(() => inner.write(key, text)),
      delete: (key) => this.call(() => inner.delete(key)),
    }
  }

  private call<A>(act: () => Observable<A>): Observable<A> {
    return defer(() => {
      if (this.calls++ !== this.nth) return act()
      const failed$ = throwError(() => new Error('The disk has hiccups'))
      return this.failure === 'without effect' ? failed$ : act().pipe(concatMap(() => failed$))
    })
  }
}

/** More calls than an attempt needs to begin. */
const CALLS = 60

const numbersTo = (end: number) => Array.from({ length: end }, (_, n) => n)

describe.each<Failure>(['without effect', 'with effect'])('a storage of which one call fails, %s', (failure) => {
  /** What is visible of a job that nothing is fatal to. Its storage counts its calls from `armAt`, when the pipeline fails once. */
  const retried = (failing: FailingStorage, armAt: number) => {
    let committed: readonly number[] = []
    let armed = false
    runMarbles({ until: 1_500 }, ({ run, expectObservable, ...helpers }) => {
      const fatal$ = new Subject<unknown>()
      const job = jobOf(helpers, { store: checkpointStoreOn(failing.storage) })
      committed = job.committed
      const retried$ = job.pipeline({ count: 60 }).pipe(
        tap(() => {
          if (armed || helpers.scheduler.now() < armAt) return
          armed = true
          failing.calls = 0
          throw new Error('the pipeline fails once')
        }),
        retry({
          delay: (error: Error & { retriable?: boolean }) => {
            if (error.retriable !== false) return timer(50)
            fatal$.next(error)
            return EMPTY
          },
        }),
      )
      expectObservable(fatal$).toBe('-')
      run(retried$)
    })
    return committed
  }

  it('should not end a job that retries, whichever call it is', () => {
    let failed = 0
    for (let nth = 0; nth < CALLS; nth++) {
      const failing = new FailingStorage(nth, failure)
      expect({ nth, committed: retried(failing, 250) }).toEqual({ nth, committed: numbersTo(60) })
      if (failing.calls > nth) failed++
    }
    expect(failed).toBe(CALLS)
  })

  it('should not end a job that has just been started, whichever call it is', () => {
    for (let nth = 0; nth < CALLS; nth++) {
      const failing = new FailingStorage(nth, failure)
      failing.calls = 0
      expect({ nth, committed: retried(failing, Infinity) }).toEqual({ nth, committed: numbersTo(60) })
    }
  })
})

describe('a storage that creates keys, and neither writes nor deletes them', () => {
  it('should not fill with the claims of a job that retries', () => {
    runMarbles({ until: 12_000 }, ({ cold, expectObservable, flush, ...helpers }) => {
      const inner = memoryStorage()
      let broken = true
      const failed$ = throwError(() => new Error('The disk is full'))
      const storage: CheckpointStorage = {
        ...inner,
        write: (key, text) => defer(() => (broken ? failed$ : inner.write(key, text))),
        delete: (key) => defer(() => (broken ? failed$ : inner.delete(key))),
      }
      const { pipeline, committed } = jobOf(helpers, { store: checkpointStoreOn(storage) })
      const mended$ = cold('10s (x|)').pipe(
        concatMap(() => inner.list('')),
        tap(() => (broken = false)),
        map((keys) => keys.length < 30),
      )
      const retried$ = pipeline({ count: 20 }).pipe(retry({ delay: () => timer(50) }))
      expectObservable(mended$).toBe(' 10s (t|)', { t: true })
      expectObservable(retried$).toBe('10s (R1a) 95ms (2b) 96ms (3c)------(MFd|)', {
        ...letters,
        F: 'barrier 4 finished',
      })
      flush()
      expect(committed).toEqual(numbersTo(20))
    })
  })
})

describe('a storage that reserves no ids for a while', () => {
  it('should hold checkpoints up, be asked again each second, be warned of each time, and be made up for', () => {
    runMarbles({ until: 6_500 }, ({ expectObservable, flush, run, ...helpers }) => {
      const { scheduler } = helpers
      const inner = memoryStorage()
      const fails = (now: number): boolean => (now > 1_000 && now < 4_000) || (now > 6_000 && now < 6_400)
      const refused$ = new Subject<string>()
      const create = (key: string, text: string): Observable<boolean> => {
        if (!key.startsWith('ids/')) return inner.create(key, text)
        return timer(50).pipe(
          concatMap(() => {
            if (!fails(scheduler.now())) return inner.create(key, text)
            refused$.next('x')
            return throwError(() => new Error('Too many requests'))
          }),
        )
      }
      const job = jobOf(helpers, { tolerableFailures: 9, store: checkpointStoreOn({ ...inner, create }) })
      const barriers: number[] = []
      run(job.pipeline().pipe(tap((event) => event.startsWith('barrier') && barriers.push(scheduler.now()))))
      // Whoever asks in the meantime changes nothing of that.
      run(
        timer(1_600, 10).pipe(
          tap(() => job.coordinator.trigger()),
          takeUntil(timer(4_500)),
        ),
      )

      // Two of each time are ahead of need, with the last two ids that there are.
      expectObservable(refused$).toBe('  1500ms x 99ms x 49ms x 1049ms x 1049ms x 2499ms x 99ms x')
      expectObservable(job.warned$).toBe('1650ms               w 1049ms w 1049ms w', {
        w: 'The checkpoint store failed: Too many requests',
      })
      flush()
      const block = (from: number) => Array.from({ length: 16 }, (_, n) => from + 100 * n)
      expect(barriers).toEqual([...block(50), ...block(4_800), 6_450])
    })
  })
})

describe('a storage that fails for long', () => {
  it('should be given one block of ids, however often it is asked for', () => {
    runMarbles(({ cold, expectObservable, scheduler }) => {
      const inner = memoryStorage()
      const created$ = new Subject<string>()
      const hiccups = new Error('The disk has hiccups')
      const store = checkpointStoreOn({
        ...inner,
        list: (prefix) =>
          prefix === 'attempt-' && scheduler.now() > 0 && scheduler.now() < 15
            ? throwError(() => hiccups)
            : inner.list(prefix),
        create: (key, text) =>
          inner.create(key, text).pipe(tap((created) => created && key.startsWith('ids/') && created$.next(key))),
      })
      const { ledger } = begun(store, { share: { parallelism: 1, subtasks: [0] }, scheduler })
      const reserved$ = cold('                 --xxxxxxxxxx--------y-z').pipe(
        concatMap(() => ledger!.reserve().pipe(catchError((error: Error) => of(error.cause ?? error)))),
      )
      expectObservable(reserved$).toBe('       --ffffffffff--------a-b', {
        ...{ f: hiccups, a: { first: 1, last: 16 }, b: { first: 17, last: 32 } },
      })
      expectObservable(created$).toBe('        --a-------------------b', {
        ...{ a: 'ids/1-16.json', b: 'ids/17-32.json' },
      })
    })
  })
})
