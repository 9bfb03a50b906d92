import { describe, expect, it } from '@jest/globals'
import { filter, map, type Observable, takeUntil, tap } from 'rxjs'
import type { TestScheduler } from 'rxjs/testing'
import { CheckpointCoordinator } from '../../lib/checkpoint/CheckpointCoordinator.js'
import { MemoryCheckpointStore } from '../../lib/checkpoint/store/MemoryCheckpointStore.js'
import { KafkaError } from '../../lib/client/KafkaError.js'
import { WatermarkStrategy } from '../../lib/eventtime/WatermarkStrategy.js'
import { Fault } from '../../lib/memory/Fault.js'
import { OffsetsInitializer } from '../../lib/source/offsets/OffsetsInitializer.js'
import type { StreamElement } from '../../lib/stream/StreamElement.js'
import { show } from '../support/elements.js'
import { all, onKafka } from './support/onKafka.js'
import { builderOf, silent, valuesFor } from './support/sourceOf.js'
import { withAdmin } from './support/withAdmin.js'

const coordinator = (scheduler: TestScheduler) =>
  CheckpointCoordinator.create({ interval: 0, store: new MemoryCheckpointStore(), scheduler })

/** Acknowledges as an end of a pipeline does, final barriers after `ms`. */
const slowToEnd = (elements$: Observable<StreamElement<string>>, scheduler: TestScheduler, ms: number) =>
  elements$.pipe(
    tap((element) => {
      if (element.kind === 'barrier' && element.end !== undefined) scheduler.schedule(() => element.acknowledge(), ms)
      else if (element.kind === 'batchEnd' || element.kind === 'barrier') element.acknowledge()
    }),
  )

describe('a KafkaSource that ends', () => {
  it('should emit nothing behind the barrier of a suspension, however long that takes', () => {
    onKafka({ t: 1 }, (kafka, scheduler, { expectObservable }) => {
      kafka.produce('t', valuesFor(0, 'a', 'b'))
      const checkpoints = coordinator(scheduler)
      const watermarks = WatermarkStrategy.forMonotonousTimestamps<string>()
      scheduler.schedule(() => checkpoints.stopWithSavepoint({ drain: false }), 50)
      const elements$ = builderOf().build().elements({ connect: kafka.connect, scheduler, checkpoints, watermarks })
      expectObservable(all(slowToEnd(elements$, scheduler, 500).pipe(map(show)))).toBe('550ms (x|)', {
        x: ['R', 'a@0', 'b@1', 'end', 'B1 suspend'],
      })
    })
  })

  it('should emit no watermark behind the final one', () => {
    onKafka({ t: 1 }, (kafka, scheduler, { expectObservable }) => {
      kafka.produce('t', valuesFor(0, 'a', 'b'))
      const checkpoints = coordinator(scheduler)
      const watermarks = WatermarkStrategy.forMonotonousTimestamps<string>()
      scheduler.schedule(() => checkpoints.stopWithSavepoint({ drain: true }), 50)
      const elements$ = builderOf().build().elements({ connect: kafka.connect, scheduler, checkpoints, watermarks })
      expectObservable(all(slowToEnd(elements$, scheduler, 500).pipe(map(show)))).toBe('550ms (x|)', {
        x: ['R', 'a@0', 'b@1', 'end', 'WInfinity', 'B1 drain'],
      })
    })
  })

  it('should emit no watermark but the final one when it is drained, though its splits had not come as far', () => {
    onKafka({ t: 2 }, (kafka, scheduler, { expectObservable }) => {
      kafka.produce('t', [
        { partition: 0, value: 'a', timestamp: 50 },
        { partition: 1, value: 'b', timestamp: 100 },
      ])
      const checkpoints = coordinator(scheduler)
      const watermarks = WatermarkStrategy.forMonotonousTimestamps<string>()
      scheduler.schedule(() => checkpoints.stopWithSavepoint({ drain: true }), 250)
      const elements$ = builderOf().build().elements({ connect: kafka.connect, scheduler, checkpoints, watermarks })
      expectObservable(all(slowToEnd(elements$, scheduler, 0).pipe(map(show)))).toBe('250ms (x|)', {
        x: ['R', 'a@50', 'end', 'b@100', 'end', 'W49', 'WInfinity', 'B1 drain'],
      })
    })
  })

  it('should emit the final watermark with its last record, though the final checkpoint has to wait', () => {
    onKafka({ t: 1 }, (kafka, scheduler, { expectObservable }) => {
      kafka.produce('t', valuesFor(0, 'a'))
      const checkpoints = CheckpointCoordinator.create({ interval: 5, store: new MemoryCheckpointStore(), scheduler })
      const slowly = tap((element: StreamElement<string>) => {
        if (element.kind === 'barrier') scheduler.schedule(() => element.acknowledge(), 100)
        if (element.kind === 'batchEnd') element.acknowledge()
      })
      const elements$ = builderOf()
        .setBounded(OffsetsInitializer.latest())
        .build()
        .elements({ connect: kafka.connect, scheduler, checkpoints })
        .pipe(slowly, map(show))
      expectObservable(elements$).toBe('(RBaeW) 93ms F 99ms |', {
        R: 'R',
        B: 'B1',
        a: 'a@0',
        e: 'end',
        W: 'WInfinity',
        F: 'B2 finished',
      })
    })
  })

  for (const drain of [true, false]) {
    const what = drain ? 'drained' : 'suspended'

    it(`should look for no more partitions when it is ${what}`, () => {
      onKafka({ t: 1 }, (kafka, scheduler, { expectObservable, flush }) => {
        const checkpoints = coordinator(scheduler)
        const looked = new Set<number>()
        kafka.calls$.subscribe(({ api, moment }) => {
          if (api === 'Metadata' && moment === 'before') looked.add(scheduler.now())
        })
        scheduler.schedule(() => {
          checkpoints.stopWithSavepoint({ drain })
          const error = new KafkaError({ _tag: 'Authorization', message: 'not any more', retriable: false })
          kafka.inject({ api: 'Metadata', times: Infinity }, Fault.fail(error))
        }, 15)
        const source = silent(builderOf().setProperty('partition.discovery.interval.ms', 10).build())
        const elements$ = source.elements({ connect: kafka.connect, scheduler, checkpoints })
        expectObservable(slowToEnd(elements$, scheduler, 100).pipe(filter(() => false))).toBe('115ms |')
        flush()
        expect([...looked]).toEqual([0, 10])
      })
    })

    it(`should not fail for what it does not read any more when it is ${what}`, () => {
      onKafka({ t: 1 }, (kafka, scheduler, { expectObservable }) => {
        const checkpoints = coordinator(scheduler)
        scheduler.schedule(() => checkpoints.stopWithSavepoint({ drain }), 15)
        scheduler.schedule(() => {
          const error = new KafkaError({ _tag: 'Authorization', message: 'not any more', retriable: false })
          kafka.inject({ api: 'Fetch', times: Infinity }, Fault.fail(error))
          kafka.produce('t', valuesFor(0, 'a'))
        }, 30)
        const elements$ = builderOf().build().elements({ connect: kafka.connect, scheduler, checkpoints })
        expectObservable(slowToEnd(elements$, scheduler, 100).pipe(filter(() => false))).toBe('115ms |')
      })
    })
  }

  it('should keep in its state what it has not begun to read when it is asked to end at once', () => {
    onKafka({ t: 1 }, (kafka, scheduler, { expectObservable, hot }) => {
      kafka.produce('t', valuesFor(0, 'a', 'b'))
      const store = new MemoryCheckpointStore()
      const options = () => {
        const checkpoints = CheckpointCoordinator.create({ interval: 5, store, scheduler })
        return { connect: kafka.connect, scheduler, checkpoints }
      }
      const unbounded = () => builderOf().build().records(options())
      expectObservable(unbounded().pipe(takeUntil(hot('9ms x')))).toBe('(ab) 5ms |')
      // Restored without an end, the split waits for the first discovery.
      const ended$ = builderOf()
        .setBounded(OffsetsInitializer.latest())
        .build()
        .elements(options())
        .pipe(
          tap((element) => {
            if (element.kind === 'restored') element.requestEnd()
            if (element.kind === 'batchEnd' || element.kind === 'barrier') element.acknowledge()
          }),
          filter(({ kind }) => kind === 'record'),
        )
      expectObservable(ended$, '20ms ^').toBe('20ms |')
      scheduler.schedule(() => kafka.produce('t', valuesFor(0, 'c')), 30)
      expectObservable(unbounded(), '40ms ^ 9ms !').toBe('40ms c')
    })
  })

  it('should tell the group of a checkpoint after the sink has heard of it', () => {
    onKafka({ t: 1 }, (kafka, scheduler) => {
      kafka.produce('t', valuesFor(0, 'a'))
      const heard: string[] = []
      const connect = withAdmin(kafka, (admin) => ({
        commitOffsets: (groupId, offsets) => {
          heard.push('group')
          return admin.commitOffsets(groupId, offsets)
        },
      }))
      builderOf()
        .setBounded(OffsetsInitializer.latest())
        .build()
        .elements({ connect, scheduler, checkpoints: coordinator(scheduler) })
        .subscribe((element) => {
          if (element.kind !== 'barrier') return
          element.outcome$.subscribe(() => heard.push('sink'))
          element.acknowledge()
        })
      scheduler.flush()
      expect(heard).toEqual(['sink', 'group'])
    })
  })
})
