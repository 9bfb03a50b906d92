import { describe, expect, it } from '@jest/globals'
import { NEVER } from 'rxjs'
import { MemoryCheckpointStore } from '../../lib/checkpoint/store/MemoryCheckpointStore.js'
import { Job, restoredOf } from './support/job.js'

const savepoint = /stop: .*"savepoint":true/

describe('CheckpointCoordinator: the end of a job', () => {
  describe('a bounded source', () => {
    it('should take a last checkpoint that waits for no pause, then complete with everything committed', () => {
      const job = new Job({ interval: 1000, minPause: 5000 })
      job.run(job.pipeline({ count: 5 }))

      expect(job.until(9000).log.slice(3)).toEqual([
        [60, `watermark Infinity`],
        [60, 'barrier 2 finished'],
        [60, 'completed 2'],
        [60, 'done'],
      ])
      expect(job.book.committed).toEqual([0, 1, 2, 3, 4])
    })

    it('should take a last checkpoint also when none is taken by itself', () => {
      const job = new Job({ interval: 0 })
      job.run(job.pipeline({ count: 3 }))

      expect(job.until(500).events).toContain('barrier 1 finished')
      expect(job.book.committed).toEqual([0, 1, 2])
    })

    it('should be asked again, with the same end, when the last checkpoint is aborted', () => {
      const job = new Job({ interval: 0, timeout: 50, tolerableFailures: 1 })
      job.run(
        job.pipeline(
          { count: 3 },
          { snapshot: (barrier) => barrier.snapshot('sink', barrier.checkpointId === 1 ? NEVER : {}) },
        ),
      )

      expect(job.until(5000).events.filter((event) => !event.startsWith('watermark'))).toEqual([
        'restored nothing',
        'barrier 1 finished',
        'aborted 1',
        'barrier 2 finished',
        'completed 2',
        'done',
      ])
    })

    it('should go on answering with its last state, and that of its sink, while others go on', () => {
      const store = new MemoryCheckpointStore()
      const job = new Job({ store })
      job.run(
        job.pipeline(
          { uid: 'short', count: 4 },
          { uid: 'sink-short', snapshot: (barrier) => barrier.snapshot('sink-short', { last: barrier.end }) },
        ),
        'short',
      )
      job.run(job.pipeline({ uid: 'long' }, { uid: 'sink-long' }), 'long')
      job.until(301)

      expect(job.timesOf('short: done')).toEqual([50])
      expect(restoredOf(store)).toMatchObject({
        checkpointId: 4,
        states: { short: [{ next: 4 }], long: [{ next: 25 }], 'sink-short': [{ last: 'finished' }] },
      })
    })

    it('should keep the marks of the sink of a finished source with its state', () => {
      const store = new MemoryCheckpointStore()
      const job = new Job({ store })
      job.run(job.pipeline({ uid: 'short', count: 4 }, { uid: 'sink-short' }))
      job.run(job.pipeline({ uid: 'long' }, { uid: 'sink-long' }))
      job.until(501)

      const restored = restoredOf(store)
      const { pending } = restored?.states['sink-short']?.[0] as { pending: string[] }
      expect(pending).toHaveLength(1)
      expect(restored?.committed['sink-short']).toEqual(pending)
      expect(restored?.committed['sink-long']).toHaveLength(1)
    })

    it('should end by requestEnd of the pipeline', () => {
      const job = new Job({ interval: 1000 })
      job.run(job.pipeline({}, { onRestored: (restored) => job.at(25, () => restored.requestEnd()) }))

      expect(job.until(500).timesOf('barrier 2 finished')).toEqual([25])
      expect(job.book.committed).toEqual([0, 1])
    })
  })

  describe('stopWithSavepoint', () => {
    it.each([
      [true, [`watermark Infinity`, 'barrier 2 drain', 'completed 2', 'done']],
      [false, ['barrier 2 suspend', 'completed 2', 'done']],
    ])('should end every source with drain: %p', (drain, end) => {
      const job = new Job({ interval: 1000 })
      job.run(job.pipeline())
      job.at(45, () => job.run(job.coordinator.stopWithSavepoint({ drain }), 'stop'))

      const { log } = job.until(5000)
      expect(log.slice(3).map(([, event]) => event)).toEqual([
        ...end,
        'stop: {"checkpointId":2,"timestamp":45,"duration":0,"savepoint":true}',
        'stop: done',
      ])
      expect(job.book.committed).toEqual([0, 1, 2, 3])
    })

    it('should act at once, and replay its result', () => {
      const job = new Job({ interval: 1000 })
      job.run(job.pipeline())
      job.at(45, () => {
        const result = job.coordinator.stopWithSavepoint({ drain: false })
        job.at(500, () => job.run(result, 'stop'))
      })

      expect(job.until(1000).timesOf('done')).toEqual([45])
      expect(job.timesOf(savepoint)).toEqual([545])
    })

    it('should keep the savepoint', () => {
      const store = new MemoryCheckpointStore()
      const job = new Job({ store })
      job.run(job.pipeline())
      job.at(45, () => job.coordinator.stopWithSavepoint({ drain: false }))
      job.at(60, () => job.run(job.pipeline()))
      job.until(400)

      expect(store.savepoints).toMatchObject([{ checkpointId: 2, savepoint: true, states: { source: [{ next: 4 }] } }])
    })

    it('should wait for a checkpoint that is on its way', () => {
      const job = new Job({ interval: 1000 })
      job.run(job.pipeline({}, { acknowledgeAfter: 80 }))
      job.at(45, () => job.run(job.coordinator.stopWithSavepoint({ drain: false }), 'stop'))

      const { log } = job.until(5000)
      expect(log.slice(1, 6)).toEqual([
        [0, 'barrier 1'],
        [80, 'completed 1'],
        [80, 'barrier 2 suspend'],
        [160, 'completed 2'],
        [160, 'done'],
      ])
      expect(job.timesOf(savepoint)).toEqual([160])
    })

    it('should be the first checkpoint when there was none, as soon as the sources are ready', () => {
      const job = new Job({ interval: 1000 })
      job.run(job.pipeline({ readyAfter: 60 }))
      job.run(job.coordinator.stopWithSavepoint({ drain: false }), 'stop')

      expect(job.until(5000).log.slice(1, 4)).toEqual([
        [60, 'barrier 1 suspend'],
        [60, 'completed 1'],
        [60, 'done'],
      ])
    })

    it('should be the same stop when asked twice, and refuse the other way', () => {
      const job = new Job({ interval: 1000 })
      job.run(job.pipeline({}, { acknowledgeAfter: 30 }))
      job.at(45, () => {
        const stop = job.coordinator.stopWithSavepoint({ drain: false })
        expect(job.coordinator.stopWithSavepoint({ drain: false })).toBe(stop)
        job.run(job.coordinator.stopWithSavepoint({ drain: true }), 'other')
        job.run(job.coordinator.trigger(), 'trigger')
      })

      expect(job.until(500).events.filter((event) => /barrier|other|trigger/.test(event))).toEqual([
        'barrier 1',
        'other: Stopping',
        'trigger: Stopping',
        'barrier 2 suspend',
      ])
    })

    it('should stop what is left when a source has finished', () => {
      const store = new MemoryCheckpointStore()
      const job = new Job({ store })
      job.run(job.pipeline({ uid: 'short', count: 4 }, { uid: 'sink-short' }), 'short')
      job.run(job.pipeline({ uid: 'long' }, { uid: 'sink-long' }), 'long')
      job.at(75, () => job.run(job.coordinator.stopWithSavepoint({ drain: false }), 'stop'))
      job.until(500)

      expect(job.timesOf('long: done')).toEqual([75])
      expect(store.savepoints).toMatchObject([{ states: { short: [{ next: 4 }], long: [{ next: 7 }] } }])
    })

    it('should answer with the last checkpoint of sources that finish by themselves', () => {
      const job = new Job({ interval: 0 })
      job.run(job.pipeline({ count: 3 }, { acknowledgeAfter: 50 }))
      job.at(60, () => job.run(job.coordinator.stopWithSavepoint({ drain: false }), 'stop'))

      expect(job.until(500).timesOf(/barrier/)).toEqual([40])
      expect(job.timesOf(savepoint)).toEqual([90])
    })

    it('should try again after a failure that is tolerable', () => {
      const job = new Job({ interval: 0, timeout: 50, tolerableFailures: 1 })
      job.run(
        job.pipeline({}, { snapshot: (barrier) => barrier.snapshot('sink', barrier.checkpointId === 1 ? NEVER : {}) }),
      )
      job.at(5, () => job.run(job.coordinator.stopWithSavepoint({ drain: false }), 'stop'))

      expect(job.until(5000).events.slice(1, 6)).toEqual([
        'barrier 1 suspend',
        'aborted 1',
        'barrier 2 suspend',
        'completed 2',
        'done',
      ])
      expect(job.timesOf(savepoint)).toEqual([1055])
    })

    it('should fail with the job', () => {
      const job = new Job({ interval: 0, timeout: 50 })
      job.run(job.pipeline({}, { acknowledgeAfter: Infinity }))
      job.at(5, () => job.run(job.coordinator.stopWithSavepoint({ drain: false }), 'stop'))

      expect(job.until(5000).timesOf('stop: Timeout')).toEqual([55])
    })

    it('should fail when the job is unsubscribed before', () => {
      const job = new Job({ interval: 0 })
      const running = job.run(job.pipeline({}, { acknowledgeAfter: 50 }))
      job.at(5, () => job.run(job.coordinator.stopWithSavepoint({ drain: false }), 'stop'))
      job.at(20, () => running.unsubscribe())

      expect(job.until(5000).timesOf('stop: Aborted')).toEqual([20])
    })
  })
})
