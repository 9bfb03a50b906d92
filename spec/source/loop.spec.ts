import { describe, expect, it } from '@jest/globals'
import { map, mergeMap, Subject, takeUntil, tap } from 'rxjs'
import type { TestScheduler } from 'rxjs/testing'
import type { BatchEnd } from '../../lib/stream/BatchEnd.js'
import type { MemoryKafka } from '../../lib/memory/MemoryKafka.js'
import { show } from '../support/elements.js'
import { onKafka } from './support/onKafka.js'
import { builderOf } from './support/sourceOf.js'
import { withFetched } from './support/withFetched.js'
import { OffsetsInitializer } from '../../lib/source/offsets/OffsetsInitializer.js'

describe('the loop of KafkaSource', () => {
  it('should send 100,000 batches that are acknowledged at once without recursion', () => {
    onKafka({ t: 1 }, (kafka, scheduler) => {
      kafka.produce(
        't',
        Array.from({ length: 100_000 }, (_, index) => ({ value: String(index) })),
      )
      const source = builderOf().setProperty('max.poll.records', 1).setBounded(OffsetsInitializer.latest()).build()
      let records = 0
      let batches = 0
      let depth = 0
      let deepest = 0
      source.elements({ connect: kafka.connect, scheduler }).subscribe((element) => {
        deepest = Math.max(deepest, ++depth)
        if (element.kind === 'record') records++
        if (element.kind === 'batchEnd') {
          batches++
          element.acknowledge()
        }
        depth--
      })
      scheduler.flush()
      expect({ records, batches, deepest }).toEqual({ records: 100_000, batches: 100_000, deepest: 1 })
    })
  })

  it('should go on with a paused split where it stood, when its batches are acknowledged later', () => {
    onKafka({ t: 1 }, (kafka, scheduler, { expectObservable }) => {
      kafka.produce(
        't',
        Array.from('abcdef', (value) => ({ value, timestamp: 0 })),
      )
      const source = builderOf().setProperty('max.poll.records', 1).setBounded(OffsetsInitializer.latest()).build()
      const slowly = (end: BatchEnd): unknown => scheduler.schedule(() => end.acknowledge(), 10)
      const elements$ = source.elements({ connect: kafka.connect, scheduler }).pipe(
        tap((element) => {
          if (element.kind === 'batchEnd') slowly(element)
        }),
        map((element) => show(element)[0]!),
      )
      expectObservable(elements$).toBe('(Raebe) 3ms (cede) 4ms (eefeW|)')
    })
  })

  it('should let other splits flow while one is paused', () => {
    onKafka({ t: 2 }, (kafka, scheduler) => {
      kafka.produce(
        't',
        ['a', 'b', 'c', 'd'].map((value) => ({ value, partition: 0 })),
      )
      kafka.produce(
        't',
        ['w', 'x', 'y', 'z'].map((value) => ({ value, partition: 1 })),
      )
      const source = builderOf().setProperty('max.poll.records', 2).build()
      const values: string[] = []
      let last = ''
      const running = source.elements({ connect: kafka.connect, scheduler }).subscribe((element) => {
        if (element.kind === 'record') values.push((last = element.value))
        if (element.kind === 'batchEnd' && last > 'm') element.acknowledge()
      })
      scheduler.schedule(() => running.unsubscribe(), 10)
      scheduler.flush()
      expect(values.filter((value) => value < 'm')).toEqual(['a', 'b'])
      expect(values.filter((value) => value > 'm')).toEqual(['w', 'x', 'y', 'z'])
    })
  })

  /** 16 splits of a hundred records each. */
  const many = (use: (kafka: MemoryKafka, scheduler: TestScheduler) => void): void => {
    onKafka({ t: 16 }, (kafka, scheduler) => {
      const records = Array.from({ length: 1_600 }, (_, n) => ({ value: String(n), partition: n % 16 }))
      kafka.produce('t', records)
      use(kafka, scheduler)
    })
  }

  it('should bound what a pipeline has in flight that takes over nothing, however many splits there are', () => {
    many((kafka, scheduler) => {
      let records = 0
      const running = builderOf()
        .setProperty('max.poll.records', 16)
        .build()
        .elements({ connect: kafka.connect, scheduler })
        .subscribe(({ kind }) => {
          if (kind === 'record') records += 1
        })
      scheduler.schedule(() => running.unsubscribe(), 100)
      scheduler.flush()
      // Two rounds, the batch with which they are full, and two batches of each split.
      expect(records).toBeLessThanOrEqual(2 * 16 + 4 + 2 * 16)
      expect(records).toBeGreaterThanOrEqual(2 * 16)
    })
  })

  it('should not wait for what splits had in flight that are left', () => {
    many((kafka, scheduler) => {
      const sizes: number[] = []
      const left = new Subject<void>()
      const running = builderOf()
        .setProperty('max.poll.records', 16)
        .build()
        .splits({ connect: kafka.connect, scheduler })
        .pipe(
          mergeMap(({ topicPartition: { partition }, elements }) => {
            if (partition > 0) return elements.pipe(takeUntil(left))
            let records = 0
            return elements.pipe(
              tap((element) => {
                if (element.kind === 'record') records += 1
                if (element.kind !== 'batchEnd') return
                if (scheduler.now() > 50) sizes.push(records)
                records = 0
                scheduler.schedule(() => element.acknowledge(), 1)
              }),
            )
          }),
        )
        .subscribe()
      scheduler.schedule(() => left.next(), 50)
      scheduler.schedule(
        () =>
          kafka.produce(
            't',
            Array.from({ length: 100 }, () => ({ value: 'x', partition: 0 })),
          ),
        60,
      )
      scheduler.schedule(() => running.unsubscribe(), 500)
      scheduler.flush()
      expect(Math.max(...sizes)).toBe(4)
    })
  })

  it('should look again from time to time for what had no room to be decompressed, and read the others meanwhile', () => {
    onKafka({ t: 2 }, (kafka, scheduler) => {
      kafka.produce(
        't',
        ['a', 'b', 'w', 'x'].map((value) => ({ value, partition: value < 'm' ? 0 : 1 })),
      )
      const source = builderOf().setProperty('max.poll.records', 2).setBounded(OffsetsInitializer.latest()).build()
      const asked: number[] = []
      const connect = withFetched(kafka, (fetched) =>
        fetched.topicPartition.partition === 1
          ? fetched
          : Object.setPrototypeOf(
              {
                take: (max: number) => {
                  asked.push(scheduler.now())
                  return scheduler.now() < 45 ? [] : fetched.take(max)
                },
              },
              fetched,
            ),
      )
      const values: string[] = []
      source.records({ connect, scheduler }).subscribe((value) => values.push(`${scheduler.now()} ${value}`))
      scheduler.flush()
      const [began = NaN] = asked

      expect(values).toEqual([`${began} w`, `${began} x`, `${began + 50} a`, `${began + 50} b`])
      expect(asked.map((at) => at - began)).toEqual([0, 10, 20, 30, 40, 50, 50])
    })
  })

  it('should let others have their turn when its time budget is spent', () => {
    onKafka({ t: 1 }, (kafka, scheduler) => {
      kafka.produce(
        't',
        Array.from('abcd', (value) => ({ value })),
      )
      const source = builderOf().setProperty('max.poll.records', 1).setBounded(OffsetsInitializer.latest()).build()
      const happened: string[] = []
      // Each record takes 6 ms of this clock.
      let late = 0
      const now = scheduler.now.bind(scheduler)
      scheduler.now = () => now() + late
      source.records({ connect: kafka.connect, scheduler }).subscribe((value) => {
        happened.push(value)
        late += 6
        if (value === 'a') scheduler.schedule(() => happened.push('timer'))
      })
      scheduler.flush()
      expect(happened).toEqual(['a', 'b', 'timer', 'c', 'd'])
    })
  })

  it('should leave no timer behind when it is unsubscribed', () => {
    onKafka({ t: 1 }, (kafka, scheduler) => {
      const source = builderOf()
        .setProperty('partition.discovery.interval.ms', 5)
        .setProperty('enable.auto.commit', true)
        .build()
      const running = source.records({ connect: kafka.connect, scheduler }).subscribe()
      scheduler.schedule(() => running.unsubscribe(), 12)
      // Would never return.
      scheduler.flush()
      expect(scheduler.now()).toBeLessThan(100)
    })
  })
})
