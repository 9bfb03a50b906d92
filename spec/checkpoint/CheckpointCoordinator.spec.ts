import { describe, expect, it } from '@jest/globals'
import { EMPTY, merge, NEVER, of, throwError, timer } from 'rxjs'
import { map } from 'rxjs'
import { CheckpointCoordinator } from '../../lib/checkpoint/CheckpointCoordinator.js'
import type { StoredAttempt } from '../../lib/checkpoint/store/CheckpointStore.js'
import { CheckpointError } from '../../lib/checkpoint/CheckpointError.js'
import type { SourceAttempt } from '../../lib/checkpoint/SourceAttempt.js'
import { MemoryCheckpointStore } from '../../lib/checkpoint/store/MemoryCheckpointStore.js'
import type { CheckpointBarrier } from '../../lib/stream/CheckpointBarrier.js'
import { Job, restoredOf } from './support/job.js'

/** A memory store that does something else at `complete`. */
const storeThat = (complete: (inner: StoredAttempt) => StoredAttempt['complete']) => {
  const inner = new MemoryCheckpointStore()
  return { begin: () => inner.begin().pipe(map((attempt) => ({ ...attempt, complete: complete(attempt) }))) }
}

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
      const job = new Job({ interval: 1000 })
      job.run(job.pipeline({ uid: 'a', readyAfter: 30 }, { uid: 'sink-a' }), 'a')
      job.run(job.pipeline({ uid: 'b', readyAfter: 70 }, { uid: 'sink-b' }), 'b')

      expect(job.until(900).log.filter(([, event]) => event.includes('barrier'))).toEqual([
        [70, 'a: barrier 1'],
        [70, 'b: barrier 1'],
      ])
    })

    it('should let a source emit records when it was asked for its first checkpoint, or at once where none starts by itself', () => {
      const activeAt = (interval: number, at: readonly number[]) => {
        const job = new Job({ interval })
        const wakes: number[] = []
        const joined = (uid: string, readyAt: number, attempts: SourceAttempt[]) =>
          job.coordinator
            .join({ uid, subtaskIndex: 0, parallelism: 1, wake: () => wakes.push(job.scheduler.now()) })
            .subscribe((attempt) => {
              attempts.push(attempt)
              job.at(readyAt, () => attempt.ready())
            })
        const attempts: SourceAttempt[] = []
        joined('a', 30, attempts)
        joined('b', 70, attempts)
        for (const ms of at) job.at(ms, () => job.say(attempts.map(({ active }) => active).join()))
        job.until(100)
        return { active: job.events, wakes }
      }

      expect(activeAt(1000, [50, 71])).toMatchObject({
        active: ['false,false', 'true,true'],
        wakes: expect.arrayContaining([70]),
      })
      expect(activeAt(0, [50])).toMatchObject({ active: ['true,true'] })
    })

    it('should take one each interval, from start to start', () => {
      const job = new Job({ interval: 100 })
      job.run(job.pipeline({}, { acknowledgeAfter: 30 }))

      expect(job.until(350).timesOf(/barrier/)).toEqual([0, 100, 200, 300])
      expect(job.timesOf(/completed/)).toEqual([30, 130, 230, 330])
    })

    it('should wait for the one before, and then start at once', () => {
      const job = new Job({ interval: 100 })
      job.run(job.pipeline({}, { acknowledgeAfter: 130 }))

      expect(job.until(300).timesOf(/barrier/)).toEqual([0, 130, 260])
    })

    it('should keep the minimum pause from end to start', () => {
      const job = new Job({ interval: 100, minPause: 90 })
      job.run(job.pipeline({}, { acknowledgeAfter: 30 }))

      expect(job.until(300).timesOf(/barrier/)).toEqual([0, 120, 240])
    })

    it('should have as many on their way as allowed, and abort those that are overtaken', () => {
      const job = new Job({ interval: 100, maxConcurrent: 2 })
      job.run(
        job.pipeline({}, { snapshot: (barrier) => barrier.snapshot('sink', barrier.checkpointId === 1 ? NEVER : {}) }),
      )

      expect(job.until(150).events).toEqual(['restored nothing', 'barrier 1', 'barrier 2', 'aborted 1', 'completed 2'])
    })

    it.each([0, undefined])('should take none by itself with an interval of %p', (interval) => {
      const job = new Job({ interval })
      job.run(job.pipeline())
      job.at(500, () => job.coordinator.trigger())

      expect(job.until(1000).timesOf(/barrier/)).toEqual([500])
    })

    it('should act at once on trigger() and replay the result', () => {
      const job = new Job({ interval: 0 })
      job.run(job.pipeline({}, { acknowledgeAfter: 20 }))
      job.at(50, () => {
        const result = job.coordinator.trigger()
        job.at(100, () => job.run(result, 'late'))
      })

      expect(job.until(200).timesOf('barrier 1')).toEqual([50])
      expect(job.log.slice(-2)).toEqual([
        [150, 'late: {"checkpointId":1,"timestamp":50,"duration":20,"savepoint":false}'],
        [150, 'late: done'],
      ])
    })

    it('should keep a trigger until all sources are ready, and answer several with one checkpoint', () => {
      const job = new Job({ interval: 0 })
      job.run(job.pipeline({ readyAfter: 40 }))
      job.run(job.coordinator.trigger(), 'one')
      job.run(job.coordinator.trigger(), 'two')

      expect(job.until(200).timesOf(/barrier/)).toEqual([40])
      expect(job.timesOf(/one: done|two: done/)).toEqual([40, 40])
    })

    it('should answer NotRunning when nothing runs', () => {
      const job = new Job()
      job.run(job.coordinator.trigger(), 'trigger')
      job.run(job.coordinator.stopWithSavepoint({ drain: true }), 'stop')

      expect(job.events).toEqual(['trigger: NotRunning', 'stop: NotRunning'])
    })

    it('should tell completed$ of each', () => {
      const job = new Job()
      job.run(job.coordinator.completed$.pipe(map(({ checkpointId }) => `${checkpointId}`)), 'completed')
      job.run(job.pipeline())

      expect(job.until(150).timesOf(/completed: /)).toEqual([0, 100])
    })
  })

  describe('acknowledgements', () => {
    it('should not call back from within acknowledge()', () => {
      const job = new Job()
      job.run(
        job.pipeline(
          {},
          {
            acknowledgeAfter: Infinity,
            snapshot: (barrier) => {
              barrier.snapshot('sink', {})
              barrier.outcome$.subscribe(() => job.say('outcome'))
              barrier.acknowledge()
              job.say('acknowledge has returned')
            },
          },
        ),
      )

      const { events } = job.until(50)
      expect(events.indexOf('acknowledge has returned')).toBeLessThan(events.indexOf('outcome'))
    })

    it('should complete when the barriers of all sources and all parts are acknowledged', () => {
      const job = new Job()
      job.run(job.pipeline({ uid: 'a', parts: 2 }, { uid: 'sink-a', acknowledgeAfter: 20, snapshot: () => undefined }))
      job.run(job.pipeline({ uid: 'b' }, { uid: 'sink-b', acknowledgeAfter: 60 }))

      expect(job.until(90).timesOf(/completed/)).toEqual([60, 60, 60])
    })

    it('should await a state that is an Observable', () => {
      const job = new Job()
      job.run(job.pipeline({}, { snapshot: (barrier) => barrier.snapshot('sink', timer(40, job.scheduler)) }))

      expect(job.until(90).timesOf(/completed/)).toEqual([40])
    })

    it.each([
      ['fails', throwError(() => new Error('disk full')), /state of "sink" for checkpoint 1 failed: disk full/],
      ['is empty', EMPTY, /state of "sink" .* completed without a value/],
    ])('should abort when a state that is an Observable %s', (_, state, message) => {
      const job = new Job({ tolerableFailures: 1 })
      job.run(
        job.pipeline({}, { snapshot: (barrier) => barrier.snapshot('sink', barrier.checkpointId === 1 ? state : {}) }),
      )

      expect(job.until(150).events).toEqual(['restored nothing', 'barrier 1', 'aborted 1', 'barrier 2', 'completed 2'])
      expect(job.warnings[0]).toMatch(message)
    })

    it('should end the job with AcknowledgedTwice, also when the checkpoint is long completed', () => {
      const job = new Job()
      let first: CheckpointBarrier | undefined
      job.run(job.pipeline({}, { snapshot: (barrier) => void (first ??= barrier) }))
      job.at(70, () => expect(() => first?.acknowledge()).toThrow(/branch/))

      expect(job.until(150).log.at(-1)).toEqual([70, 'AcknowledgedTwice'])
    })

    it('should refuse two states of one uid', () => {
      const job = new Job()
      job.run(
        job.pipeline(
          {},
          {
            snapshot: (barrier) => {
              barrier.snapshot('window', 1)
              barrier.snapshot('window', 2)
            },
          },
        ),
      )

      expect(job.until(50).events.at(-1)).toBe('DuplicateUid')
    })

    it('should refuse a state that comes when everything is acknowledged', () => {
      const job = new Job()
      job.run(job.pipeline({}, { snapshot: (barrier) => job.at(10, () => barrier.snapshot('late', 1)) }))

      expect(job.until(50).events.at(-1)).toBe('IllegalState')
    })
  })

  describe('failures', () => {
    it('should name what is missing when the time is over', () => {
      const job = new Job({ timeout: 50 })
      job.run(
        job.pipeline(
          { uid: 'flights' },
          { acknowledgeAfter: Infinity, snapshot: (barrier) => barrier.snapshot('window', NEVER) },
        ),
      )
      let message = ''
      job.pipeline({ uid: 'b' }, { uid: 'sink-b' }).subscribe({ error: (error: Error) => (message = error.message) })

      expect(job.until(60).log.at(-1)).toEqual([50, 'Timeout'])
      expect(message).toMatch(
        /the barrier of the source "flights" \(subtask 0\) not acknowledged; the state of "window"/,
      )
      expect(message).not.toMatch(/source "b"/)
    })

    it('should abort, and go on while failures in a row are tolerable', () => {
      const job = new Job({ timeout: 50, tolerableFailures: 1 })
      const never = new Set([1, 3, 5, 6])
      job.run(
        job.pipeline(
          {},
          { snapshot: (barrier) => barrier.snapshot('sink', never.has(barrier.checkpointId) ? NEVER : {}) },
        ),
      )

      expect(job.until(1000).log.filter(([, event]) => !event.startsWith('barrier'))).toEqual([
        [0, 'restored nothing'],
        [50, 'aborted 1'],
        [100, 'completed 2'],
        [250, 'aborted 3'],
        [300, 'completed 4'],
        [450, 'aborted 5'],
        [550, 'aborted 6'],
        [550, 'Timeout'],
      ])
    })

    it('should count a store that fails, and let pass what comes later of an aborted checkpoint', () => {
      const job = new Job({
        tolerableFailures: 1,
        store: storeThat(
          (inner) => (checkpoint) =>
            checkpoint.checkpointId === 1 ? throwError(() => new Error('no space')) : inner.complete(checkpoint),
        ),
      })
      let late: CheckpointBarrier | undefined
      job.run(job.pipeline({}, { snapshot: (barrier) => void (late ??= barrier) }))
      job.at(60, () => late?.snapshot('late', 1))

      expect(job.until(150).events).toEqual(['restored nothing', 'barrier 1', 'aborted 1', 'barrier 2', 'completed 2'])
      expect(job.warnings).toEqual(['The checkpoint store failed: no space'])
    })

    it('should not tolerate what a retry cannot mend', () => {
      const superseded = new CheckpointError('Superseded', 'a newer attempt')
      const job = new Job({ tolerableFailures: 9, store: storeThat(() => () => throwError(() => superseded)) })
      job.run(job.pipeline())

      expect(job.until(150).events).toEqual(['restored nothing', 'barrier 1', 'aborted 1', 'Superseded'])
    })

    it('should time out while the store writes', () => {
      const job = new Job({ timeout: 50, store: storeThat(() => () => NEVER) })
      job.run(job.pipeline())

      expect(job.until(150).timesOf('Timeout')).toEqual([50])
    })

    it('should take back what a source has not answered yet', () => {
      const job = new Job({ timeout: 50, tolerableFailures: 1 })
      const asked: (number | undefined)[] = []
      job.coordinator
        .join({ uid: 'slow', subtaskIndex: 0, parallelism: 1, wake: () => undefined })
        .subscribe((attempt) => {
          attempt.ready()
          for (const ms of [10, 60, 110]) job.at(ms, () => asked.push(attempt.pending()?.checkpointId))
        })
      job.until(120)

      expect(asked).toEqual([1, undefined, 2])
    })

    it('should answer trigger() with the reason of the abort', () => {
      const job = new Job({ interval: 0, timeout: 50, tolerableFailures: 1 })
      job.run(job.pipeline({}, { acknowledgeAfter: Infinity }))
      job.run(job.coordinator.trigger(), 'trigger')

      expect(job.until(60).events.at(-1)).toBe('trigger: Timeout')
    })

    it('should hand the error of a store that cannot begin to the sources, with its cause', () => {
      const cause = new Error('no directory')
      const job = new Job({ store: { begin: () => throwError(() => cause) } })
      const errors: unknown[] = []
      job.pipeline().subscribe({ error: (error) => errors.push(error) })
      job.until(10)

      expect(errors).toEqual([expect.objectContaining({ _tag: 'StoreFailed', cause })])
    })
  })

  describe('several sources', () => {
    it('should refuse a second source of the same uid and subtask', () => {
      const job = new Job()
      job.run(job.pipeline(), 'first')
      job.run(job.pipeline({}, { uid: 'other' }), 'second')

      expect(job.until(10).events).toEqual([
        'second: DuplicateUid',
        'first: restored nothing',
        'first: barrier 1',
        'first: completed 1',
      ])
    })

    it('should keep the states of subtasks side by side', () => {
      const store = new MemoryCheckpointStore()
      const job = new Job({ store })
      for (const subtaskIndex of [0, 1, 2])
        job.run(job.pipeline({ subtaskIndex, parallelism: 3, every: subtaskIndex + 1 }))
      job.until(101)

      expect(restoredOf(store, 3)).toMatchObject({
        parallelism: 3,
        states: { source: [{ next: 100 }, { next: 50 }, { next: 33 }] },
      })
    })

    it('should abort what is on its way when another source joins, and take one with it', () => {
      const job = new Job({ interval: 1000 })
      job.run(job.pipeline({ uid: 'a' }, { uid: 'sink-a', acknowledgeAfter: 50 }), 'a')
      job.at(20, () => job.run(job.pipeline({ uid: 'b', readyAfter: 10 }, { uid: 'sink-b' }), 'b'))

      expect(job.until(100).log.filter(([, event]) => !event.includes('restored'))).toEqual([
        [0, 'a: barrier 1'],
        [20, 'a: aborted 1'],
        [30, 'a: barrier 2'],
        [30, 'b: barrier 2'],
        [80, 'a: completed 2'],
        [80, 'b: completed 2'],
      ])
    })

    it('should fail the others when one leaves before its end', () => {
      const job = new Job()
      const a = job.run(job.pipeline({ uid: 'a' }, { uid: 'sink-a' }), 'a')
      job.run(job.pipeline({ uid: 'b' }, { uid: 'sink-b' }), 'b')
      job.at(50, () => a.unsubscribe())

      expect(job.until(150).log.at(-1)).toEqual([50, 'b: SourceLeft'])
    })

    it('should end quietly when all leave, aborting what is on its way', () => {
      const job = new Job()
      const both = job.run(
        merge(
          job.pipeline({ uid: 'a' }, { acknowledgeAfter: 60 }),
          job.pipeline({ uid: 'b' }, { uid: 'sink-b', acknowledgeAfter: 60 }),
        ),
      )
      job.run(job.coordinator.trigger(), 'trigger')
      job.at(50, () => both.unsubscribe())
      job.at(55, () => job.run(of('nothing follows')))

      expect(job.until(1000).log.slice(-3)).toEqual([
        [50, 'trigger: Aborted'],
        [55, 'nothing follows'],
        [55, 'done'],
      ])
    })
  })
})
