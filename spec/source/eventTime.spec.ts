import { describe, expect, it } from '@jest/globals'
import {
  catchError,
  concatMap,
  EMPTY,
  map,
  merge,
  type Observable,
  type SchedulerLike,
  takeUntil,
  tap,
  timer,
} from 'rxjs'
import { CheckpointCoordinator } from '../../lib/checkpoint/CheckpointCoordinator.js'
import { MemoryCheckpointStore } from '../../lib/checkpoint/store/MemoryCheckpointStore.js'
import { SimpleStringSchema } from '../../lib/client/schema/SimpleStringSchema.js'
import { unionElements } from '../../lib/eventtime/unionElements.js'
import { WatermarkStrategy } from '../../lib/eventtime/WatermarkStrategy.js'
import { KafkaSource } from '../../lib/source/KafkaSource.js'
import { OffsetsInitializer } from '../../lib/source/offsets/OffsetsInitializer.js'
import type { StreamElement } from '../../lib/stream/StreamElement.js'
import { record, watermark } from '../../lib/testing/marbleElements.js'
import { type MarbleHelpers, runMarbles } from '../../lib/testing/runMarbles.js'
import { eventTimeForms } from './support/eventTimeForms.js'
import { builderOf, silent } from './support/sourceOf.js'

const ascending = WatermarkStrategy.forMonotonousTimestamps<string>()

/** Emits at records of a whole second only. */
const atSeconds = WatermarkStrategy.forGenerator<string>(() => ({
  onEvent: (_, timestamp, output) => {
    if (timestamp % 1_000 === 0) output.emitWatermark(timestamp)
  },
  onPeriodicEmit: () => undefined,
}))

/** Topics that come and go, looked for each second; one that is missing for three looks is dropped. */
const dropping = () =>
  silent(
    KafkaSource.builder()
      .setBootstrapServers('localhost:9092')
      .setTopicPattern(/t.*/)
      .setProperty('partition.discovery.interval.ms', 1_000)
      .setRemovedPartitionsPolicy('drop')
      .setValueOnlyDeserializer(new SimpleStringSchema())
      .build(),
  )

/** The end of a pipeline that notes records at or before the watermark that they come behind. */
const noteLate = (late: string[]) => {
  let now = -Infinity
  return tap((element: StreamElement<string>) => {
    if (element.kind === 'batchEnd' || element.kind === 'barrier') element.acknowledge()
    if (element.kind === 'watermark') now = element.timestamp
    if (element.kind === 'record' && element.timestamp <= now) late.push(element.value)
  })
}

/** A scheduler whose time of day can be set, as by a user, or as it looks to a process that was stopped. */
const adjustable = (scheduler: SchedulerLike) => {
  let by = 0
  return {
    scheduler: {
      now: () => scheduler.now() + by,
      schedule: (...work: Parameters<SchedulerLike['schedule']>) => scheduler.schedule(...work),
    },
    set: (ms: number): void => {
      by += ms
    },
  }
}

/** Writes a record of the topic each 100 ms from `start` on, with the time since then and `ahead` as event time. */
const flow = (topic: string, start: number, ahead: number, { kafka, scheduler, run }: MarbleHelpers): void => {
  const write = (n: number): void => kafka.produce(topic, [{ value: topic, timestamp: ahead + 100 * n }])
  run(timer(start, 100, scheduler).pipe(tap(write)))
}

describe.each(eventTimeForms)('the event time of a source, by %s', (_, form) => {
  describe('idleness', () => {
    it('should not be told while records come, though the generator has emitted nothing yet', () => {
      runMarbles({ topics: { t: 2 } }, ({ produce, options, expectElements }) => {
        const written = { a: { value: 'a', timestamp: 1 } }
        produce('t', 'a 499ms a 499ms a 499ms a', written)
        const watermarks = atSeconds.withIdleness(700)
        // A look at 1,600 sees the last record, the one at 1,800 begins the wait, and it is longer than 700 ms at 2,600.
        const expected = 'a 499ms a 499ms a 499ms a 1099ms I'
        expectElements(form(builderOf().build(), { ...options, watermarks }), '^ 3s !').toBe(expected, {
          a: record('a', 1),
        })
      })
    })

    it('should not make the records of a slow generator late beside another source', () => {
      const late: string[] = []
      runMarbles({ topics: { t: 1, u: 1 }, until: 5_000 }, (helpers) => {
        const { options, run } = helpers
        flow('t', 0, 50, helpers)
        flow('u', 0, 10_000, helpers)
        const slow$ = form(builderOf('t').build(), { ...options, watermarks: atSeconds.withIdleness(700) })
        const fast$ = form(builderOf('u').build(), { ...options, watermarks: ascending })
        run(unionElements(slow$, fast$).pipe(noteLate(late)))
      })
      expect(late).toEqual([])
    })

    it('should end before the next record leaves, and the others wait again, though its watermark does not grow', () => {
      runMarbles({ topics: { t: 2 } }, ({ produce, options, expectElements }) => {
        const written = {
          a: { partition: 0, value: 'a', timestamp: 100 },
          b: { partition: 1, value: 'b', timestamp: 50 },
          c: { partition: 1, value: 'c', timestamp: 60 },
          d: { partition: 0, value: 'd', timestamp: 300 },
          e: { partition: 1, value: 'e', timestamp: 200 },
        }
        produce('t', '           (ab)               2s            c    399ms d 399ms e', written)
        // Both are idle at 1,600, and the watermark is that of the one that was further.
        const expected = '(ab) 196ms w 1399ms (xI) 400ms (Ac) 396ms d 399ms e 195ms z'
        const watermarks = ascending.withIdleness(1_000)
        expectElements(form(builderOf().build(), { ...options, watermarks }), '^ 3050ms !').toBe(expected, {
          a: record('a', 100),
          b: record('b', 50),
          w: watermark(49),
          x: watermark(99),
          c: record('c', 60),
          d: record('d', 300),
          e: record('e', 200),
          z: watermark(199),
        })
      })
    })

    it('should count from Restored, which is first however long restoring takes', () => {
      runMarbles({ topics: { t: 1 } }, ({ produce, options, scheduler, expectElements }) => {
        const memory = new MemoryCheckpointStore()
        const store = {
          begin: (...request: Parameters<typeof memory.begin>) =>
            timer(5_000, scheduler).pipe(concatMap(() => memory.begin(...request))),
        }
        const checkpoints = CheckpointCoordinator.create({ store, scheduler })
        const watermarks = ascending.withIdleness(1_000)
        produce('t', '    a')
        const expected = '5s (Ra) 196ms w 1399ms I'
        expectElements(form(builderOf().build(), { ...options, watermarks, checkpoints }), '^ 7s !').toBe(expected, {
          a: record('a', 0),
          w: watermark(-1),
        })
      })
    })
  })

  describe('idleness and the time of day', () => {
    const watermarks = ascending.withIdleness(700)

    it('should not count the time in which the process stood still, its records unread', () => {
      runMarbles({ topics: { t: 1 } }, ({ produce, options, expectElements, cold }) => {
        const { scheduler, set } = adjustable(options.scheduler)
        produce('t', '  50ms a            299ms b           299ms c            599ms d')
        // The look at 1,000 is the first that has seen nothing; the next one comes a minute late, before what has arrived meanwhile.
        cold('           1050ms x').subscribe(() => set(60_000))
        const expected = '50ms a 149ms w 149ms b 49ms x 249ms c 149ms y 449ms d 149ms z 999ms I'
        expectElements(form(builderOf().build(), { ...options, scheduler, watermarks }), '^ 3s !').toBe(expected, {
          a: record('a', 50),
          b: record('b', 350),
          c: record('c', 650),
          d: record('d', 1250),
          w: watermark(49),
          x: watermark(349),
          y: watermark(649),
          z: watermark(1249),
        })
      })
    })

    it('should not wait for the hour by which the clock was set back', () => {
      runMarbles({ topics: { t: 1 } }, ({ produce, options, expectElements, cold }) => {
        const { scheduler, set } = adjustable(options.scheduler)
        produce('t', '  a')
        cold('           500ms x').subscribe(() => set(-3_600_000))
        expectElements(form(builderOf().build(), { ...options, scheduler, watermarks }), '^ 3s !').toBe(
          // The tick in which it was set back does not count.
          'a 199ms w 1199ms I',
          { a: record('a', 0), w: watermark(-1) },
        )
      })
    })
  })

  it('should come to an end after hours of virtual time', () => {
    runMarbles({ topics: { t: 1 }, until: 7_200_000 }, ({ produce, options, expectElements }) => {
      produce('t', '         a')
      const watermarks = ascending.withIdleness(3_600_000).withWatermarkAlignment('hours', 0, 1_000)
      expectElements(form(builderOf().build(), { ...options, watermarks })).toBe('a 199ms w 3600399ms I', {
        a: record('a', 0),
        w: watermark(-1),
      })
    })
  })

  describe('splits that come and go', () => {
    it('should be told as active with a new split, and as idle with a silent one, once each', () => {
      runMarbles({ topics: { t: 1 } }, ({ kafka, produce, options, scheduler, expectElements }) => {
        produce('t', '    a')
        scheduler.schedule(() => kafka.deleteTopic('t'), 2_500)
        scheduler.schedule(() => kafka.createTopic('tt', 1), 6_500)
        // Idle already when its only split is dropped, at 5,000. The new one is found at 7,000.
        const expected = 'a 199ms w 1399ms I 5399ms A 1399ms I'
        const watermarks = ascending.withIdleness(1_000)
        expectElements(form(dropping(), { ...options, watermarks }), '^ 20s !').toBe(expected, {
          a: record('a', 0),
          w: watermark(-1),
        })
      })
    })

    it('should be idle without any, and the watermark should not wait for one that was dropped', () => {
      runMarbles({ topics: { t: 1, tt: 1 } }, ({ kafka, produce, options, scheduler, expectElements }) => {
        const written = { a: { value: 'a', timestamp: 100 }, b: { value: 'b', timestamp: 900 } }
        produce('t', '    a', written)
        produce('tt', '   -b', written)
        scheduler.schedule(() => kafka.deleteTopic('t'), 2_500)
        scheduler.schedule(() => kafka.deleteTopic('tt'), 5_500)
        const expected = 'ab 198ms w 4799ms x 2999ms I'
        expectElements(form(dropping(), { ...options, watermarks: ascending }), '^ 20s !').toBe(expected, {
          a: record('a', 100),
          b: record('b', 900),
          w: watermark(99),
          x: watermark(899),
        })
      })
    })

    it('should not stop the event time of a union, whatever comes and goes in one of its sources', () => {
      const watermarks: number[] = []
      runMarbles({ topics: { t: 1, u: 1 }, until: 40_000 }, (helpers) => {
        const { kafka, options, scheduler, run } = helpers
        scheduler.schedule(() => kafka.deleteTopic('t'), 2_500)
        scheduler.schedule(() => kafka.createTopic('tt', 1), 8_500)
        flow('u', 10_000, 0, helpers)
        const changing$ = form(dropping(), { ...options, watermarks: ascending.withIdleness(1_000) })
        const steady$ = form(builderOf('u').build(), { ...options, watermarks: ascending })
        const seen = tap((element: StreamElement<string>) => {
          if (element.kind === 'watermark') watermarks.push(element.timestamp)
        })
        run(unionElements(changing$, steady$).pipe(seen, noteLate([])))
      })
      // It waits for the new partition as long as that may have records: the timeout, and three looks.
      const steps = watermarks.map((timestamp, index) => timestamp - (watermarks[index - 1] ?? 0))
      expect(Math.max(...steps)).toBeLessThanOrEqual(1_000 + 3 * 200)
      expect(watermarks.at(-1)).toBeGreaterThan(29_000)
    })
  })

  describe('a source that waits for a slower one of its group', () => {
    const aligned = (idleTimeout = 60_000) =>
      ascending.withIdleness(idleTimeout).withWatermarkAlignment('group', 1_000, 100)
    type Slow = (helpers: MarbleHelpers) => Observable<StreamElement<string>>
    const slow: Readonly<Record<string, Slow>> = {
      'has ended': ({ kafka, options }) => {
        const records = Array.from({ length: 6 }, () => ({ value: 't', timestamp: 0 }))
        kafka.produce('t', records)
        const bounded = builderOf('t')
          .setProperty('max.poll.records', 1)
          .setBounded(OffsetsInitializer.latest())
          .build()
        // Two records a second, of seven.
        const slowly = tap((element: StreamElement<string>) => {
          if (element.kind === 'batchEnd') timer(1_000).subscribe(() => element.acknowledge())
        })
        return form(bounded, { ...options, watermarks: aligned() }).pipe(slowly)
      },
      'has failed': ({ options }) =>
        merge(
          form(builderOf('t').build(), { ...options, watermarks: aligned() }).pipe(noteLate([])),
          timer(3_000).pipe(
            map(() => {
              throw new Error('no more')
            }),
          ),
        ).pipe(catchError(() => EMPTY)),
      'is left': ({ options }) =>
        form(builderOf('t').build(), { ...options, watermarks: aligned() }).pipe(noteLate([]), takeUntil(timer(3_000))),
      'is drained': ({ options, coordinator }) => {
        const checkpoints = coordinator()
        timer(3_000).subscribe(() => checkpoints.stopWithSavepoint({ drain: true }).subscribe())
        return form(builderOf('t').build(), { ...options, watermarks: aligned(), checkpoints }).pipe(noteLate([]))
      },
      'is idle': ({ options }) =>
        form(builderOf('t').build(), { ...options, watermarks: aligned(2_500) }).pipe(noteLate([])),
      'has no partition any more': ({ kafka, options }) => {
        timer(500).subscribe(() => kafka.deleteTopic('t'))
        return form(dropping(), { ...options, watermarks: aligned() }).pipe(noteLate([]))
      },
    }

    it.each(Object.keys(slow))('should read on once that one %s', (what) => {
      const readAt: number[] = []
      runMarbles({ topics: { t: 1, u: 1 }, until: 5_000 }, (helpers) => {
        const { kafka, options, scheduler, run } = helpers
        kafka.produce('t', [{ value: 't', timestamp: 0 }])
        kafka.produce('u', [{ value: 'u', timestamp: 5_000 }])
        timer(1_000).subscribe(() => {
          for (const timestamp of [6_000, 7_000, 8_000]) kafka.produce('u', [{ value: 'u', timestamp }])
        })
        const fast = builderOf('u').setProperty('max.poll.records', 1).build()
        const noteRead = tap((element: StreamElement<string>) => {
          if (element.kind === 'record' && element.timestamp === 8_000) readAt.push(scheduler.now())
        })
        run(slow[what]!(helpers))
        run(form(fast, { ...options, watermarks: aligned() }).pipe(noteRead, noteLate([])))
      })
      expect(readAt).toHaveLength(1)
      expect(readAt[0]).toBeGreaterThanOrEqual(3_000)
      expect(readAt[0]).toBeLessThanOrEqual(3_500)
    })
  })

  describe('while the source is idle', () => {
    const idleAt1600 = 'a 199ms w 1399ms I'
    const shown = { a: record('a', 0), w: watermark(-1) }
    const watermarks = ascending.withIdleness(1_000)

    it('should pass barriers, and begin active again after a restore', () => {
      runMarbles({ topics: { t: 1 } }, ({ produce, options, coordinator, expectElements, coldElements }) => {
        produce('t', '              a')
        const attempt = (checkpoints: CheckpointCoordinator): Observable<StreamElement<string>> =>
          form(builderOf().build(), { ...options, watermarks, checkpoints })
        const first = coordinator()
        coldElements('3s B').subscribe(() => first.trigger())
        expectElements(attempt(first), '^ 4s !').toBe(`${idleAt1600} 1399ms B`, shown)
        // It goes on behind the record, so it is silent from its start.
        const second = coordinator()
        expectElements(attempt(second), '5s ^ 4s !').toBe('6400ms I')
      })
    })

    it.each([
      ['drained: active first, as a watermark of an idle stream is ignored', true, '(AMD|)'],
      ['suspended: with nothing more', false, '(S|)'],
    ])(
      'should end when it is %s: active for the final watermark, which counts for nobody otherwise',
      (_, drain, end) => {
        runMarbles({ topics: { t: 1 } }, ({ produce, options, scheduler, coordinator, expectElements }) => {
          produce('t', '              a')
          const checkpoints = coordinator()
          scheduler.schedule(() => checkpoints.stopWithSavepoint({ drain }), 3_000)
          expectElements(form(builderOf().build(), { ...options, watermarks, checkpoints })).toBe(
            `${idleAt1600} 1399ms ${end}`,
            shown,
          )
        })
      },
    )
  })

  describe('the clock', () => {
    // Two splits, one of which waits for the other, beside one that has had nothing yet; it would tick for ever.
    const watermarks = ascending.withIdleness(1_000).withWatermarkAlignment('over', 50, 100)
    const written = {
      a: { partition: 0, value: 'a', timestamp: 500 },
      b: { partition: 1, value: 'b', timestamp: 0 },
    }
    const endings: Readonly<
      Record<string, (stream: Observable<StreamElement<string>>, stop: () => void) => Observable<unknown>>
    > = {
      'is left': (stream$) => stream$.pipe(takeUntil(timer(3_000))),
      fails: (stream$) =>
        stream$.pipe(
          map(({ kind }) => {
            if (kind === 'watermarkStatus') throw new Error('no more')
          }),
          catchError(() => EMPTY),
        ),
      'is drained': (stream$, stop) => stream$.pipe(tap({ subscribe: () => timer(3_000).subscribe(stop) })),
    }

    it.each(Object.keys(endings))('should stand still once the stream %s', (ending) => {
      let last = 0
      runMarbles({ topics: { t: 3 } }, ({ produce, options, coordinator, scheduler, run, flush }) => {
        produce('t', '(ab)', written)
        const checkpoints = coordinator()
        const stream$ = form(builderOf().build(), { ...options, watermarks, checkpoints }).pipe(noteLate([]))
        run(endings[ending]!(stream$, () => checkpoints.stopWithSavepoint({ drain: true }).subscribe()))
        flush()
        last = scheduler.frame
      })
      expect(last).toBeLessThanOrEqual(3_010)
    })

    it('should stand still once a bounded source has ended', () => {
      let last = 0
      runMarbles({ topics: { t: 3 } }, ({ kafka, options, scheduler, run, flush }) => {
        kafka.produce('t', Object.values(written))
        const bounded = builderOf().setBounded(OffsetsInitializer.latest()).build()
        run(form(bounded, { ...options, watermarks }).pipe(noteLate([])))
        flush()
        last = scheduler.frame
      })
      expect(last).toBeLessThanOrEqual(10)
    })
  })
})
