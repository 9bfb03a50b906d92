import { describe, expect, it } from '@jest/globals'
import { defer, delay, map, type Observable, switchMap } from 'rxjs'
import type { CheckpointCoordinator } from '../../lib/checkpoint/CheckpointCoordinator.js'
import { MemoryCheckpointStore } from '../../lib/checkpoint/store/MemoryCheckpointStore.js'
import { runMarbles } from '../../lib/testing/runMarbles.js'
import { restoredOf } from './support/begun.js'
import { jobOf, letters, stuckAt, tagged } from './support/job.js'

/** Stops a job without draining it, at each letter of a picture. */
const stopping = (coordinator: CheckpointCoordinator, when$: Observable<unknown>) =>
  when$.pipe(switchMap(() => coordinator.stopWithSavepoint({ drain: false })))

const savepoint = expect.objectContaining({ savepoint: true })

const numbersTo = (end: number) => Array.from({ length: end }, (_, n) => n)

describe('CheckpointCoordinator: the end of a job', () => {
  describe('a bounded source', () => {
    it('should take a last checkpoint that waits for no pause, then complete with everything committed', () => {
      runMarbles({ until: 9000 }, ({ expectObservable, flush, ...helpers }) => {
        const { pipeline, committed } = jobOf(helpers, { interval: 1000, minPause: 5000 })
        const table = { ...letters, F: 'barrier 2 finished' }
        expectObservable(pipeline({ count: 5 })).toBe('(R1a) 55ms (MFb|)', table)
        flush()
        expect(committed).toEqual(numbersTo(5))
      })
    })

    it('should take a last checkpoint also when none is taken by itself', () => {
      runMarbles({ until: 500 }, ({ expectObservable, flush, ...helpers }) => {
        const { pipeline, committed } = jobOf(helpers, { interval: 0 })
        const table = { ...letters, F: 'barrier 1 finished' }
        expectObservable(pipeline({ count: 3 })).toBe('R 39ms (MFa|)', table)
        flush()
        expect(committed).toEqual(numbersTo(3))
      })
    })

    it('should be asked again, with the same end, when the last checkpoint is aborted', () => {
      runMarbles({ until: 5000 }, ({ expectObservable, ...helpers }) => {
        const { pipeline } = jobOf(helpers, { interval: 0, timeout: 50, tolerableFailures: 1 })
        const table = { ...letters, F: 'barrier 1 finished', G: 'barrier 2 finished' }
        expectObservable(pipeline({ count: 3 }, stuckAt(1))).toBe('R 39ms (MF) 46ms A 999ms (MGb|)', table)
      })
    })

    it('should go on answering with its last state, and that of its sink, while others go on', () => {
      runMarbles({ until: 301 }, ({ expectObservable, flush, ...helpers }) => {
        const store = new MemoryCheckpointStore()
        const { pipeline } = jobOf(helpers, { store })
        const short$ = pipeline(
          { uid: 'short', count: 4 },
          { uid: 'sink-short', snapshot: (barrier) => barrier.snapshot('sink-short', { last: barrier.end }) },
        )
        const other$ = pipeline({ uid: 'long' }, { uid: 'sink-long' })
        const table = { ...letters, F: 'barrier 2 finished' }
        expectObservable(short$).toBe('(R1a) 45ms (MFb|)', table)
        expectObservable(other$).toBe('(R1a) 45ms (2b) 96ms (3c) 96ms (4d)', letters)
        flush()
        expect(restoredOf(store)).toMatchObject({
          checkpointId: 4,
          states: { short: [{ next: 4 }], long: [{ next: 25 }], 'sink-short': [{ last: 'finished' }] },
        })
      })
    })

    it('should keep the marks of the sink of a finished source with its state', () => {
      runMarbles({ until: 501 }, ({ expectObservable, flush, ...helpers }) => {
        const store = new MemoryCheckpointStore()
        const { pipeline } = jobOf(helpers, { store })
        const short$ = pipeline({ uid: 'short', count: 4 }, { uid: 'sink-short' })
        const other$ = pipeline({ uid: 'long' }, { uid: 'sink-long' })
        const table = { ...letters, F: 'barrier 2 finished' }
        expectObservable(short$).toBe('(R1a) 45ms (MFb|)', table)
        expectObservable(other$).toBe('(R1a) 45ms (2b) 96ms (3c) 96ms (4d) 96ms (5e) 96ms (6f)', table)
        flush()
        const restored = restoredOf(store)
        const { pending } = restored?.states['sink-short']?.[0] as { pending: string[] }
        expect(pending).toHaveLength(1)
        expect(restored?.committed['sink-short']).toEqual(pending)
        expect(restored?.committed['sink-long']).toHaveLength(1)
      })
    })

    it('should end by requestEnd of the pipeline', () => {
      runMarbles({ until: 500 }, ({ cold, expectObservable, flush, ...helpers }) => {
        const { pipeline, committed } = jobOf(helpers, { interval: 1000 })
        const table = { ...letters, F: 'barrier 2 finished' }
        const ended$ = pipeline({}, { onRestored: (restored) => cold('25ms x').subscribe(() => restored.requestEnd()) })
        expectObservable(ended$).toBe('(R1a) 20ms (MFb|)', table)
        flush()
        expect(committed).toEqual(numbersTo(2))
      })
    })
  })

  describe('stopWithSavepoint', () => {
    it.each([
      [true, '(R1a) 40ms (MDb|)'],
      [false, '(R1a) 40ms (Sb|) '],
    ])('should end every source with drain: %p', (drain, picture) => {
      runMarbles({ until: 5000 }, ({ cold, expectObservable, flush, ...helpers }) => {
        const { pipeline, coordinator, committed } = jobOf(helpers, { interval: 1000 })
        const stop$ = cold('45ms x').pipe(switchMap(() => coordinator.stopWithSavepoint({ drain })))
        expectObservable(pipeline()).toBe(picture, { ...letters, D: 'barrier 2 drain', S: 'barrier 2 suspend' })
        expectObservable(stop$).toBe('    45ms s', {
          s: { checkpointId: 2, timestamp: 45, duration: 0, savepoint: true },
        })
        flush()
        expect(committed).toEqual(numbersTo(4))
      })
    })

    it('should act at once, and replay its result', () => {
      runMarbles({ until: 1000 }, ({ cold, expectObservable, ...helpers }) => {
        const { pipeline, coordinator } = jobOf(helpers, { interval: 1000 })
        const stop$ = cold('45ms (x|)').pipe(
          map(() => coordinator.stopWithSavepoint({ drain: false })),
          delay(500),
          switchMap((result$) => result$),
        )
        const table = { ...letters, S: 'barrier 2 suspend' }
        expectObservable(pipeline()).toBe('(R1a) 40ms (Sb|)', table)
        expectObservable(stop$).toBe('    545ms (s|)', { s: savepoint })
      })
    })

    it('should keep the savepoint', () => {
      runMarbles({ until: 350 }, ({ cold, expectObservable, flush, ...helpers }) => {
        const store = new MemoryCheckpointStore()
        const { pipeline, coordinator } = jobOf(helpers, { store })
        const table = { ...letters, S: 'barrier 2 suspend' }
        expectObservable(stopping(coordinator, cold('45ms x'))).toBe('45ms s', { s: savepoint })
        expectObservable(pipeline()).toBe('                  (R1a) 40ms (Sb|)', table)
        expectObservable(pipeline(), '60ms ^').toBe('             60ms (s7g) 95ms (8h) 96ms (9i)', table)
        flush()
        expect(store.savepoints).toMatchObject([
          { checkpointId: 2, savepoint: true, states: { source: [{ next: 4 }] } },
        ])
      })
    })

    it('should wait for a checkpoint that is on its way', () => {
      runMarbles({ until: 5000 }, ({ cold, expectObservable, ...helpers }) => {
        const { pipeline, coordinator } = jobOf(helpers, { interval: 1000 })
        const table = { ...letters, S: 'barrier 2 suspend' }
        expectObservable(stopping(coordinator, cold('45ms x'))).toBe('160ms s', { s: savepoint })
        expectObservable(pipeline({}, { acknowledgeAfter: 80 })).toBe('(R1) 76ms (aS) 76ms (b|)', table)
      })
    })

    it('should be the first checkpoint when there was none, as soon as the sources are ready', () => {
      runMarbles({ until: 5000 }, ({ expectObservable, ...helpers }) => {
        const { pipeline, coordinator } = jobOf(helpers, { interval: 1000 })
        const table = { ...letters, S: 'barrier 1 suspend' }
        expectObservable(pipeline({ readyAfter: 60 })).toBe('R 59ms (Sa|)', table)
        const stop$ = defer(() => coordinator.stopWithSavepoint({ drain: false }))
        expectObservable(stop$).toBe('                       60ms (s|)', { s: savepoint })
      })
    })

    it('should be the same stop when asked twice, and refuse the other way', () => {
      runMarbles({ until: 500 }, ({ cold, expectObservable, ...helpers }) => {
        const { pipeline, coordinator } = jobOf(helpers, { interval: 1000 })
        const table = { ...letters, S: 'barrier 2 suspend' }
        const stop = () => coordinator.stopWithSavepoint({ drain: false })
        const same$ = cold('45ms x').pipe(map(() => stop() === stop()))
        const other$ = cold('45ms x').pipe(switchMap(() => coordinator.stopWithSavepoint({ drain: true })))
        const trigger$ = cold('45ms x').pipe(switchMap(() => coordinator.trigger()))
        expectObservable(pipeline({}, { acknowledgeAfter: 30 })).toBe('(R1) 26ms a 14ms S 29ms (b|)', table)
        expectObservable(same$).toBe('                                           45ms t', { t: true })
        expectObservable(other$).toBe('                                          45ms #', {}, tagged('Stopping'))
        expectObservable(trigger$).toBe('                                        45ms #', {}, tagged('Stopping'))
      })
    })

    it('should stop what is left when a source has finished', () => {
      runMarbles({ until: 500 }, ({ cold, expectObservable, flush, ...helpers }) => {
        const store = new MemoryCheckpointStore()
        const { pipeline, coordinator } = jobOf(helpers, { store })
        const short$ = pipeline({ uid: 'short', count: 4 }, { uid: 'sink-short' })
        const left$ = pipeline({ uid: 'long' }, { uid: 'sink-long' })
        const table = { ...letters, F: 'barrier 2 finished', S: 'barrier 3 suspend' }
        expectObservable(stopping(coordinator, cold('75ms x'))).toBe('75ms s', { s: savepoint })
        expectObservable(short$).toBe('(R1a) 45ms (MFb|)', table)
        expectObservable(left$).toBe(' (R1a) 45ms (2b)  21ms (Sc|)', table)
        flush()
        expect(store.savepoints).toMatchObject([{ states: { short: [{ next: 4 }], long: [{ next: 7 }] } }])
      })
    })

    it('should answer with the last checkpoint of sources that finish by themselves', () => {
      runMarbles({ until: 500 }, ({ cold, expectObservable, ...helpers }) => {
        const { pipeline, coordinator } = jobOf(helpers, { interval: 0 })
        const table = { ...letters, F: 'barrier 1 finished' }
        expectObservable(stopping(coordinator, cold('60ms x'))).toBe('          90ms s', { s: savepoint })
        expectObservable(pipeline({ count: 3 }, { acknowledgeAfter: 50 })).toBe('R 39ms (MF) 46ms (a|)', table)
      })
    })

    it('should try again after a failure that is tolerable', () => {
      runMarbles({ until: 5000 }, ({ cold, expectObservable, ...helpers }) => {
        const { pipeline, coordinator } = jobOf(helpers, { interval: 0, timeout: 50, tolerableFailures: 1 })
        const table = { ...letters, S: 'barrier 1 suspend', T: 'barrier 2 suspend' }
        expectObservable(stopping(coordinator, cold('5ms x'))).toBe('1055ms s', { s: savepoint })
        expectObservable(pipeline({}, stuckAt(1))).toBe('R 4ms S 49ms A 999ms (Tb|)', table)
      })
    })

    it('should fail with the job', () => {
      runMarbles({ until: 5000 }, ({ cold, expectObservable, ...helpers }) => {
        const { pipeline, coordinator } = jobOf(helpers, { interval: 0, timeout: 50 })
        const table = { ...letters, S: 'barrier 1 suspend' }
        expectObservable(pipeline({}, { acknowledgeAfter: Infinity })).toBe(
          'R 4ms S 49ms (A#)',
          table,
          tagged('Timeout'),
        )
        expectObservable(stopping(coordinator, cold('5ms x'))).toBe('55ms #', {}, tagged('Timeout'))
      })
    })

    it('should fail when the job is unsubscribed before', () => {
      runMarbles({ until: 5000 }, ({ cold, expectObservable, ...helpers }) => {
        const { pipeline, coordinator } = jobOf(helpers, { interval: 0 })
        const table = { ...letters, S: 'barrier 1 suspend' }
        expectObservable(pipeline({}, { acknowledgeAfter: 50 }), '^ 19ms !').toBe('R 4ms S', table)
        expectObservable(stopping(coordinator, cold('5ms x'))).toBe('20ms #', {}, tagged('Aborted'))
      })
    })
  })
})
