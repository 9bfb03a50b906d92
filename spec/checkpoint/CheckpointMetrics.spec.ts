import { describe, expect, it } from '@jest/globals'
import { concat, ignoreElements, interval, map, take, timer } from 'rxjs'
import { Fault } from '../../lib/memory/Fault.js'
import { MemoryMetricGroup } from '../../lib/metrics/MemoryMetricGroup.js'
import { runMarbles } from '../../lib/testing/runMarbles.js'
import { copying, topics } from '../sink/support/copying.js'

const SILENT = { warn: () => undefined }

describe('the metrics of checkpoints', () => {
  it('should tell what completed, what failed, and what is on its way', () => {
    runMarbles({ topics, until: 1_000 }, (helpers) => {
      const { kafka, produce, run, coordinator, expectObservable } = helpers
      const metrics = new MemoryMetricGroup()
      const read = (name: string) => metrics.read(`job.${name}`)
      produce('in', '97ms a 99ms b')
      // The second one cannot be acknowledged in time.
      kafka.inject({ api: 'Produce', nth: 1 }, Fault.delay(60))
      const checkpoints = coordinator({ interval: 100, metrics, tolerableFailures: 9, timeout: 40, logger: SILENT })
      run(copying(helpers)({ checkpoints }))
      const all = () =>
        ['Completed', 'Failed', 'InProgress'].map((what) => read(`numberOf${what}Checkpoints`)).join(' ')
      const states = { a: '1 0 0', b: '1 0 1', c: '1 1 0', d: '2 1 0' }
      expectObservable(interval(60).pipe(take(4), map(all))).toBe('60ms a 59ms b 59ms c 59ms (d|)', states)
      expectObservable(timer(240).pipe(map(() => read('totalNumberOfCheckpoints')))).toBe('240ms (t|)', { t: 3 })
    })
  })

  it('should tell when the last one completed, how long it took, how large it is, and go on in the next attempt', () => {
    runMarbles({ topics, until: 1_000 }, (helpers) => {
      const { produce, run, coordinator, flush } = helpers
      const metrics = new MemoryMetricGroup()
      const read = (name: string) => metrics.read(`job.${name}`)
      produce('in', '10ms a 99ms b 99ms c')
      const checkpoints = coordinator({ interval: 100, metrics })
      expect([read('lastCheckpointSize'), read('lastCheckpointRestoreTimestamp')]).toEqual([NaN, NaN])
      const job = copying(helpers)
      run(concat(job({ checkpoints }).pipe(take(3), ignoreElements()), job({ checkpoints, count: 3 })))
      flush()
      expect(read('lastCheckpointRestoreTimestamp')).toBe(200)
      expect(read('lastCheckpointSize')).toBeGreaterThan(300)
      expect(read('lastCheckpointDuration')).toBeGreaterThanOrEqual(0)
      expect(read('lastCheckpointCompletedTimestamp')).toBeGreaterThanOrEqual(210)
      expect(read('lastCompletedCheckpointId')).toBeGreaterThan(3)
      expect(read('numberOfInProgressCheckpoints')).toBe(0)
    })
  })
})
