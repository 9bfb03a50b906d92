import { describe, expect, it } from '@jest/globals'
import {
  defer,
  delay,
  EMPTY,
  forkJoin,
  map,
  merge,
  NEVER,
  type Observable,
  of,
  Subject,
  switchMap,
  tap,
  throwError,
  timer,
} from 'rxjs'
import { CheckpointCoordinator } from '../../lib/checkpoint/CheckpointCoordinator.js'
import { CheckpointError } from '../../lib/checkpoint/CheckpointError.js'
import type { SourceAttempt } from '../../lib/checkpoint/SourceAttempt.js'
import type { StoredAttempt } from '../../lib/checkpoint/store/CheckpointStore.js'
import { MemoryCheckpointStore } from '../../lib/checkpoint/store/MemoryCheckpointStore.js'
import type { CheckpointBarrier } from '../../lib/stream/CheckpointBarrier.js'
import { type MarbleHelpers, runMarbles } from '../../lib/testing/runMarbles.js'
import { restoredOf } from './support/begun.js'
import { jobOf, letters, stuckAt, tagged } from './support/job.js'

/** A memory store that does something else at `complete`. */
const storeThat = (complete: (inner: StoredAttempt) => StoredAttempt['complete']) => {
  const inner = new MemoryCheckpointStore()
  return { begin: () => inner.begin().pipe(map((attempt) => ({ ...attempt, complete: complete(attempt) }))) }
}

/** A source that is ready when `ready$` says so, tells when it is woken, and answers nothing. */
const silentSource = (
  coordinator: CheckpointCoordinator,
  uid: string,
  ready$: Observable<unknown> = of('ready'),
  woken$ = new Subject<string>(),
): Observable<SourceAttempt> =>
  coordinator
    .join({ uid, subtaskIndex: 0, parallelism: 1, wake: () => woken$.next(uid) })
    .pipe(tap((attempt) => ready$.subscribe(() => attempt.ready())))

describe('CheckpointCoordinator', () => {
  describe('settings', () => {
    it('should report all faults together', () => {
      const create = () =>
        CheckpointCoordinator.create({
          store: new MemoryCheckpointStore(),
          interval: NaN,
          timeout: 0,
          minPause: -1,
          maxConcurrent: 0,
          tolerableFailures: -1,
        })

      expect(create).toThrow(/interval.*timeout.*minPause.*tolerableFailures.*maxConcurrent/)
    })

    it.each([-1, NaN, Infinity])('should refuse an interval of %p', (interval) => {
      const create = () => CheckpointCoordinator.create({ store: new MemoryCheckpointStore(), interval })
      expect(create).toThrow('interval must be a number of ms above 0, or 0 for no checkpoints but those asked for')
    })

    it.each([undefined, null, {}])('should refuse %p as the store, naming what keeps checkpoints', (store) => {
      const create = () => CheckpointCoordinator.create({ store: store as never, interval: 1000 })
      expect(create).toThrow('store is missing: new FileCheckpointStore(directory) keeps checkpoints')
    })
  })

  describe('triggers', () => {
    it('should take the first checkpoint as soon as all joined sources are ready', () => {
      runMarbles({ until: 900 }, ({ expectObservable, ...helpers }) => {
        const { pipeline } = jobOf(helpers, { interval: 1000 })
        const a$ = pipeline({ uid: 'a', readyAfter: 30 }, { uid: 'sink-a' })
        const b$ = pipeline({ uid: 'b', readyAfter: 70 }, { uid: 'sink-b' })
        expectObservable(a$).toBe('R 69ms (1a)', letters)
        expectObservable(b$).toBe('R 69ms (1a)', letters)
      })
    })

    it('should let a source emit records when it was asked for its first checkpoint, or at once where none starts by itself', () => {
      /** Two sources: whether they are active, asked at 50 and 71 ms, and when one of them is woken. */
      const twoSources = ({ cold, coordinator }: Pick<MarbleHelpers, 'cold' | 'coordinator'>, interval: number) => {
        const checkpoints = coordinator({ interval })
        const woken$ = new Subject<string>()
        const joined$ = forkJoin([
          silentSource(checkpoints, 'a', cold('30ms x'), woken$),
          silentSource(checkpoints, 'b', cold('70ms x'), woken$),
        ])
        const active$ = joined$.pipe(
          switchMap((sources) => cold('50ms x 20ms x').pipe(map(() => sources.map(({ active }) => active).join()))),
        )
        return { active$, woken$ }
      }
      const table = { n: 'false,false', y: 'true,true' }
      runMarbles({ until: 100 }, ({ expectObservable, ...helpers }) => {
        const { active$, woken$ } = twoSources(helpers, 1000)
        expectObservable(active$).toBe('50ms n 20ms y', table)
        expectObservable(woken$).toBe('(ab) 66ms (ab)')
      })
      runMarbles({ until: 100 }, ({ expectObservable, ...helpers }) => {
        const { active$ } = twoSources(helpers, 0)
        expectObservable(active$).toBe('50ms y 20ms y', table)
      })
    })

    it('should take one each interval, from start to start', () => {
      runMarbles({ until: 350 }, ({ expectObservable, ...helpers }) => {
        const { pipeline } = jobOf(helpers, { interval: 100 })
        const picture = '(R1) 26ms a 69ms 2 29ms b 69ms 3 29ms c 69ms 4 29ms d'
        expectObservable(pipeline({}, { acknowledgeAfter: 30 })).toBe(picture, letters)
      })
    })

    it('should wait for the one before, and then start at once', () => {
      runMarbles({ until: 300 }, ({ expectObservable, ...helpers }) => {
        const { pipeline } = jobOf(helpers, { interval: 100 })
        const picture = '(R1) 126ms (a2) 126ms (b3)'
        expectObservable(pipeline({}, { acknowledgeAfter: 130 })).toBe(picture, letters)
      })
    })

    it('should keep the minimum pause from end to start', () => {
      runMarbles({ until: 300 }, ({ expectObservable, ...helpers }) => {
        const { pipeline } = jobOf(helpers, { interval: 100, minPause: 90 })
        const picture = '(R1) 26ms a 89ms 2 29ms b 89ms 3 29ms c'
        expectObservable(pipeline({}, { acknowledgeAfter: 30 })).toBe(picture, letters)
      })
    })

    it('should have as many on their way as allowed, and abort those that are overtaken', () => {
      runMarbles({ until: 150 }, ({ expectObservable, ...helpers }) => {
        const { pipeline } = jobOf(helpers, { interval: 100, maxConcurrent: 2 })
        expectObservable(pipeline({}, stuckAt(1))).toBe('(R1) 96ms (2Ab)', letters)
      })
    })

    it.each([0, undefined])('should take none by itself with an interval of %p', (interval) => {
      runMarbles({ until: 1000 }, ({ cold, expectObservable, ...helpers }) => {
        const { pipeline, coordinator } = jobOf(helpers, { interval })
        cold('500ms x').subscribe(() => coordinator.trigger())
        expectObservable(pipeline()).toBe('R 499ms (1a)', letters)
      })
    })

    it('should act at once on trigger() and replay the result', () => {
      runMarbles({ until: 200 }, ({ cold, expectObservable, ...helpers }) => {
        const { pipeline, coordinator } = jobOf(helpers, { interval: 0 })
        const result$ = cold('50ms (x|)').pipe(
          map(() => coordinator.trigger()),
          delay(100),
          switchMap((result) => result),
        )
        expectObservable(pipeline({}, { acknowledgeAfter: 20 })).toBe('R 49ms 1 19ms a', letters)
        expectObservable(result$).toBe('150ms (a|)', {
          a: { checkpointId: 1, timestamp: 50, duration: 20, savepoint: false },
        })
      })
    })

    it('should keep a trigger until all sources are ready, and answer several with one checkpoint', () => {
      runMarbles({ until: 200 }, ({ expectObservable, ...helpers }) => {
        const { pipeline, coordinator } = jobOf(helpers, { interval: 0 })
        const answer$ = defer(() => coordinator.trigger()).pipe(map(({ checkpointId }) => `completed ${checkpointId}`))
        expectObservable(pipeline({ readyAfter: 40 })).toBe('R 39ms (1a)', letters)
        expectObservable(answer$).toBe('40ms (a|)', letters)
        expectObservable(answer$).toBe('40ms (a|)', letters)
      })
    })

    it('should answer NotRunning when nothing runs', () => {
      runMarbles(({ coordinator, expectObservable }) => {
        const idle = coordinator({ interval: 100 })
        expectObservable(idle.trigger()).toBe('#', {}, tagged('NotRunning'))
        expectObservable(idle.stopWithSavepoint({ drain: true })).toBe('#', {}, tagged('NotRunning'))
      })
    })

    it('should tell completed$ of each', () => {
      runMarbles({ until: 150 }, ({ expectObservable, ...helpers }) => {
        const { pipeline, coordinator } = jobOf(helpers)
        const completed$ = coordinator.completed$.pipe(map(({ checkpointId }) => `${checkpointId}`))
        expectObservable(completed$).toBe('1    99ms 2')
        expectObservable(pipeline()).toBe('(R1a) 95ms (2b)', letters)
      })
    })
  })

  describe('acknowledgements', () => {
    it('should not call back from within acknowledge()', () => {
      runMarbles({ until: 50 }, ({ expectObservable, flush, ...helpers }) => {
        const { pipeline } = jobOf(helpers)
        const told: string[] = []
        const snapshot = (barrier: CheckpointBarrier) => {
          barrier.snapshot('sink', {})
          barrier.outcome$.subscribe(() => told.push('outcome'))
          barrier.acknowledge()
          told.push('acknowledge has returned')
        }
        expectObservable(pipeline({}, { acknowledgeAfter: Infinity, snapshot })).toBe('(R1a)', letters)
        flush()
        expect(told).toEqual(['acknowledge has returned', 'outcome'])
      })
    })

    it('should complete when the barriers of all sources and all parts are acknowledged', () => {
      runMarbles({ until: 90 }, ({ expectObservable, ...helpers }) => {
        const { pipeline } = jobOf(helpers)
        const stateless = () => undefined
        const a$ = pipeline({ uid: 'a', parts: 2 }, { uid: 'sink-a', acknowledgeAfter: 20, snapshot: stateless })
        const b$ = pipeline({ uid: 'b' }, { uid: 'sink-b', acknowledgeAfter: 60 })
        expectObservable(a$).toBe('(R11) 55ms (aa)', letters)
        expectObservable(b$).toBe('(R1)  56ms a', letters)
      })
    })

    it('should await a state that is an Observable', () => {
      runMarbles({ until: 90 }, ({ cold, expectObservable, expectSubscriptions, ...helpers }) => {
        const { pipeline } = jobOf(helpers)
        const state = cold('40ms (s|)')
        const snapshot = (barrier: CheckpointBarrier) => barrier.snapshot('sink', state)
        expectObservable(pipeline({}, { snapshot })).toBe('(R1) 36ms a', letters)
        expectSubscriptions(state.subscriptions).toBe('  ^    39ms !')
      })
    })

    it.each([
      ['fails', throwError(() => new Error('disk full')), /state of "sink" for checkpoint 1 failed: disk full/],
      ['is empty', EMPTY, /state of "sink" .* completed without a value/],
    ])('should abort when a state that is an Observable %s', (_, state, message) => {
      runMarbles({ until: 150 }, ({ expectObservable, ...helpers }) => {
        const { pipeline, warned$ } = jobOf(helpers, { tolerableFailures: 1 })
        const snapshot = (barrier: CheckpointBarrier) =>
          barrier.snapshot('sink', barrier.checkpointId === 1 ? state : {})
        expectObservable(pipeline({}, { snapshot })).toBe('(R1A) 95ms (2b)', letters)
        expectObservable(warned$).toBe('w', { w: expect.stringMatching(message) })
      })
    })

    it('should end the job with AcknowledgedTwice, also when the checkpoint is long completed', () => {
      runMarbles({ until: 150 }, ({ cold, expectObservable, ...helpers }) => {
        const { pipeline } = jobOf(helpers)
        let first: CheckpointBarrier | undefined
        const job$ = pipeline({}, { snapshot: (barrier) => void (first ??= barrier) })
        const again$ = cold('70ms x').pipe(map(() => first?.acknowledge()))
        expectObservable(job$).toBe('(R1a) 65ms #', letters, tagged('AcknowledgedTwice'))
        expectObservable(again$).toBe('    70ms #', {}, tagged('AcknowledgedTwice', 'branch'))
      })
    })

    it('should refuse two states of one uid', () => {
      runMarbles({ until: 50 }, ({ expectObservable, ...helpers }) => {
        const snapshot = (barrier: CheckpointBarrier) => {
          barrier.snapshot('window', 1)
          barrier.snapshot('window', 2)
        }
        const refused$ = jobOf(helpers).pipeline({}, { snapshot })
        expectObservable(refused$).toBe('(R1A#)', letters, tagged('DuplicateUid'))
      })
    })

    it('should refuse a state that comes when everything is acknowledged', () => {
      runMarbles({ until: 50 }, ({ expectObservable, ...helpers }) => {
        const snapshot = (barrier: CheckpointBarrier) => void timer(10).subscribe(() => barrier.snapshot('late', 1))
        const late$ = jobOf(helpers).pipeline({}, { snapshot })
        expectObservable(late$).toBe('(R1a) 5ms #', letters, tagged('IllegalState'))
      })
    })
  })

  describe('failures', () => {
    it('should name what is missing when the time is over', () => {
      runMarbles({ until: 60 }, ({ expectObservable, ...helpers }) => {
        const { pipeline } = jobOf(helpers, { timeout: 50 })
        const stuck = {
          acknowledgeAfter: Infinity,
          snapshot: (barrier: CheckpointBarrier) => barrier.snapshot('window', NEVER),
        }
        const missing = expect.objectContaining({
          _tag: 'Timeout',
          message: expect.stringMatching(
            /the barrier of the source "flights" \(subtask 0\) not acknowledged; the state of "window"(?!.*source "b")/s,
          ),
        })
        expectObservable(pipeline({ uid: 'flights' }, stuck)).toBe('(R1) 46ms (A#)', letters, missing)
        expectObservable(pipeline({ uid: 'b' }, { uid: 'sink-b' })).toBe('(R1) 46ms (A#)', letters, missing)
      })
    })

    it('should abort, and go on while failures in a row are tolerable', () => {
      runMarbles({ until: 1000 }, ({ expectObservable, ...helpers }) => {
        const { pipeline } = jobOf(helpers, { timeout: 50, tolerableFailures: 1 })
        const picture = '(R1) 46ms A 49ms (2b) 96ms 3 49ms C 49ms (4d) 96ms 5 49ms E 49ms 6 49ms (F#)'
        expectObservable(pipeline({}, stuckAt(1, 3, 5, 6))).toBe(picture, letters, tagged('Timeout'))
      })
    })

    it('should count a store that fails, and let pass what comes later of an aborted checkpoint', () => {
      runMarbles({ until: 150 }, ({ cold, expectObservable, ...helpers }) => {
        const noSpace = throwError(() => new Error('no space'))
        const store = storeThat(
          (inner) => (checkpoint) => (checkpoint.checkpointId === 1 ? noSpace : inner.complete(checkpoint)),
        )
        const { pipeline, warned$ } = jobOf(helpers, { tolerableFailures: 1, store })
        let late: CheckpointBarrier | undefined
        cold('60ms x').subscribe(() => late!.snapshot('late', 1))
        const job$ = pipeline({}, { snapshot: (barrier) => void (late ??= barrier) })
        expectObservable(job$).toBe('(R1A) 95ms (2b)', letters)
        expectObservable(warned$).toBe('w', { w: 'The checkpoint store failed: no space' })
      })
    })

    it('should not tolerate what a retry cannot mend', () => {
      runMarbles({ until: 150 }, ({ expectObservable, ...helpers }) => {
        const superseded = new CheckpointError('Superseded', 'a newer attempt')
        const store = storeThat(() => () => throwError(() => superseded))
        const { pipeline } = jobOf(helpers, { tolerableFailures: 9, store })
        expectObservable(pipeline()).toBe('(R1A#)', letters, superseded)
      })
    })

    it('should time out while the store writes', () => {
      runMarbles({ until: 150 }, ({ expectObservable, ...helpers }) => {
        const { pipeline } = jobOf(helpers, { timeout: 50, store: storeThat(() => () => NEVER) })
        expectObservable(pipeline()).toBe('(R1) 46ms (A#)', letters, tagged('Timeout'))
      })
    })

    it('should take back what a source has not answered yet', () => {
      runMarbles({ until: 120 }, ({ cold, expectObservable, ...helpers }) => {
        const { coordinator } = jobOf(helpers, { timeout: 50, tolerableFailures: 1 })
        const asked$ = silentSource(coordinator, 'slow').pipe(
          switchMap((attempt) => cold('10ms x 49ms x 49ms x').pipe(map(() => attempt.pending()?.checkpointId))),
        )
        expectObservable(asked$).toBe('10ms 1 49ms n 49ms 2', { 1: 1, n: undefined, 2: 2 })
      })
    })

    it('should answer trigger() with the reason of the abort', () => {
      runMarbles({ until: 60 }, ({ expectObservable, ...helpers }) => {
        const { pipeline, coordinator } = jobOf(helpers, { interval: 0, timeout: 50, tolerableFailures: 1 })
        expectObservable(pipeline({}, { acknowledgeAfter: Infinity })).toBe('(R1) 46ms A', letters)
        expectObservable(defer(() => coordinator.trigger())).toBe('50ms #', {}, tagged('Timeout'))
      })
    })

    it('should hand the error of a store that cannot begin to the sources, with its cause', () => {
      runMarbles({ until: 10 }, ({ expectObservable, ...helpers }) => {
        const cause = new Error('no directory')
        const { pipeline } = jobOf(helpers, { store: { begin: () => throwError(() => cause) } })
        expectObservable(pipeline()).toBe('#', {}, expect.objectContaining({ _tag: 'StoreFailed', cause }))
      })
    })
  })

  describe('several sources', () => {
    it('should refuse a second source of the same uid and subtask', () => {
      runMarbles({ until: 10 }, ({ expectObservable, ...helpers }) => {
        const { pipeline } = jobOf(helpers)
        expectObservable(pipeline()).toBe('(R1a)', letters)
        expectObservable(pipeline({}, { uid: 'other' })).toBe('#', {}, tagged('DuplicateUid'))
      })
    })

    it('should keep the states of subtasks side by side', () => {
      runMarbles({ until: 101 }, ({ expectObservable, flush, ...helpers }) => {
        const store = new MemoryCheckpointStore()
        const { pipeline } = jobOf(helpers, { store })
        for (const subtaskIndex of [0, 1, 2]) {
          const subtask$ = pipeline({ subtaskIndex, parallelism: 3, every: subtaskIndex + 1 })
          expectObservable(subtask$).toBe('(R1a) 95ms (2b)', letters)
        }
        flush()
        expect(restoredOf(store, 3)).toMatchObject({
          parallelism: 3,
          states: { source: [{ next: 100 }, { next: 50 }, { next: 33 }] },
        })
      })
    })

    it('should abort what is on its way when another source joins, and take one with it', () => {
      runMarbles({ until: 100 }, ({ expectObservable, ...helpers }) => {
        const { pipeline } = jobOf(helpers, { interval: 1000 })
        const a$ = pipeline({ uid: 'a' }, { uid: 'sink-a', acknowledgeAfter: 50 })
        const b$ = pipeline({ uid: 'b', readyAfter: 10 }, { uid: 'sink-b' })
        expectObservable(a$).toBe('           (R1) 16ms A 9ms 2 49ms b', letters)
        expectObservable(b$, '20ms ^').toBe('20ms       R 9ms 2 49ms b', letters)
      })
    })

    it('should fail the others when one leaves before its end', () => {
      runMarbles({ until: 150 }, ({ expectObservable, ...helpers }) => {
        const { pipeline } = jobOf(helpers)
        const [a$, b$] = [pipeline({ uid: 'a' }, { uid: 'sink-a' }), pipeline({ uid: 'b' }, { uid: 'sink-b' })]
        expectObservable(a$, '^ 49ms !').toBe('(R1a)', letters)
        expectObservable(b$).toBe('            (R1a) 45ms #', letters, tagged('SourceLeft'))
      })
    })

    it('should end quietly when all leave, aborting what is on its way', () => {
      runMarbles({ until: 1000 }, ({ expectObservable, ...helpers }) => {
        const { pipeline, coordinator } = jobOf(helpers)
        const both$ = merge(
          pipeline({ uid: 'a' }, { acknowledgeAfter: 60 }),
          pipeline({ uid: 'b' }, { uid: 'sink-b', acknowledgeAfter: 60 }),
        )
        expectObservable(both$, '^ 49ms !').toBe('(RR11)', letters)
        expectObservable(defer(() => coordinator.trigger())).toBe('50ms #', {}, tagged('Aborted'))
      })
    })
  })
})
