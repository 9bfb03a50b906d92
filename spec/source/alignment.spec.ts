import { describe, expect, it } from '@jest/globals'
import { filter, ignoreElements, map, pipe, take, tap, timer } from 'rxjs'
import { alignWatermarks } from '../../lib/eventtime/alignWatermarks.js'
import { assignTimestampsAndWatermarks } from '../../lib/eventtime/assignTimestampsAndWatermarks.js'
import { combineWatermarks } from '../../lib/eventtime/combineWatermarks.js'
import { WatermarkStrategy } from '../../lib/eventtime/WatermarkStrategy.js'
import { MemoryMetricGroup } from '../../lib/metrics/MemoryMetricGroup.js'
import { OffsetsInitializer } from '../../lib/source/offsets/OffsetsInitializer.js'
import { recordsOnly } from '../../lib/stream/recordsOnly.js'
import type { StreamElement } from '../../lib/stream/StreamElement.js'
import { show } from '../support/elements.js'
import { onKafka } from './support/onKafka.js'
import { builderOf } from './support/sourceOf.js'

/** Takes all there is, and notes how far `fast` is ahead of `slow` at each record; lets pass what should not come. */
const watchDrift = () => {
  const at = { fast: 0, slow: 0 }
  const drifts: number[] = []
  const watched = pipe(
    tap((element: StreamElement<string>) => {
      if (element.kind === 'batchEnd') element.acknowledge()
      if (element.kind !== 'record') return
      at[element.value as keyof typeof at] = element.timestamp
      drifts.push(at.fast - at.slow)
    }),
    filter(({ kind }) => kind === 'watermarkStatus'),
  )
  return { at, drifts, watched }
}

describe('the splits of a KafkaSource, aligned', () => {
  it('should be read no further ahead of the slowest than the drift and two batches, and all in the end', () => {
    const { at, drifts, watched } = watchDrift()
    const everyRecord = WatermarkStrategy.forGenerator<string>(() => ({
      onEvent: (_, timestamp, output) => {
        output.emitWatermark(timestamp)
      },
      onPeriodicEmit: () => undefined,
    }))
    onKafka({ t: 2 }, (kafka, scheduler, { expectObservable }) => {
      const fast = Array.from({ length: 50 }, (_, n) => ({ partition: 0, value: 'fast', timestamp: 10 * n }))
      kafka.produce('t', [...fast, { partition: 1, value: 'slow', timestamp: 0 }])
      const slow$ = timer(100, 100, scheduler).pipe(
        take(49),
        map((n) => kafka.produce('t', [{ partition: 1, value: 'slow', timestamp: 10 * (n + 1) }])),
      )
      const elements$ = builderOf()
        .setProperty('max.poll.records', 2)
        .build()
        .splits({ connect: kafka.connect, scheduler })
        .pipe(
          map(({ id, elements }) => ({
            id,
            elements: elements.pipe(
              assignTimestampsAndWatermarks(everyRecord, { scheduler }),
              alignWatermarks({ group: 'splits', maxDrift: 30, updateInterval: 50 }, { scheduler }),
            ),
          })),
          combineWatermarks(),
          watched,
        )
      expectObservable(elements$, '^ 6s !').toBe('-')
      expectObservable(slow$.pipe(ignoreElements())).toBe('4900ms |')
    })
    expect(at).toEqual({ fast: 490, slow: 490 })
    expect(Math.max(...drifts)).toBeGreaterThan(30)
    expect(Math.max(...drifts)).toBeLessThanOrEqual(30 + 2 * 10)
  })

  /** Emits the timestamp of every record as a watermark, at once. */
  const everyRecord = <T>() =>
    WatermarkStrategy.forGenerator<T>(() => ({
      onEvent: (_, timestamp, output) => {
        output.emitWatermark(timestamp)
      },
      onPeriodicEmit: () => undefined,
    }))

  it('should be so in elements() too, with two batches fetched ahead of a split that waits', () => {
    const { at, drifts, watched } = watchDrift()
    const fetched: number[] = []
    onKafka({ t: 2 }, (kafka, scheduler, { expectObservable }) => {
      kafka.produce('t', [{ partition: 0, value: 'slow', timestamp: 0 }])
      for (let n = 0; n < 50; n++) kafka.produce('t', [{ partition: 1, value: 'fast', timestamp: 10 * n }])
      const slow$ = timer(100, 100, scheduler).pipe(
        take(49),
        map((n) => kafka.produce('t', [{ partition: 0, value: 'slow', timestamp: 10 * (n + 1) }])),
      )
      const metrics = new MemoryMetricGroup()
      for (const time of [90, 5_900])
        scheduler.schedule(() => fetched.push(metrics.read('operator.source.numBytesIn') as number), time)
      const elements$ = builderOf()
        .setProperty('max.partition.fetch.bytes', 1)
        .build()
        .elements({
          connect: kafka.connect,
          scheduler,
          metrics,
          watermarks: everyRecord<string>().withWatermarkAlignment('elements', 30, 50),
        })
        .pipe(watched)
      expectObservable(elements$, '^ 6s !').toBe('-')
      expectObservable(slow$.pipe(ignoreElements())).toBe('4900ms |')
    })
    expect(at).toEqual({ fast: 490, slow: 490 })
    expect(Math.max(...drifts)).toBeGreaterThan(30)
    // The one that is ahead has been read; then its split waits.
    expect(Math.max(...drifts)).toBeLessThanOrEqual(30 + 10)
    // All records are of one size: one of the slow split, five of the fast one, two fetched ahead of it.
    const [waiting, all] = fetched as [number, number]
    expect((100 * waiting) / all).toBeLessThanOrEqual(1 + 5 + 2)
  })

  it('should hold whole sources of a group within the drift, until the slow one ends', () => {
    const at = { fast: 0, slow: 0 }
    const drifts: number[] = []
    const completed: string[] = []
    onKafka({ fast: 1, slow: 1 }, (kafka, scheduler) => {
      for (const [topic, count] of [
        ['fast', 50],
        ['slow', 20],
      ] as const) {
        const records = Array.from({ length: count }, (_, n) => ({ value: topic, timestamp: 10 * n }))
        kafka.produce(topic, records)
      }
      const read = (topic: 'fast' | 'slow', delayMs: number): void => {
        builderOf(topic)
          .setBounded(OffsetsInitializer.latest())
          .setProperty('max.poll.records', 1)
          .build()
          .elements({
            connect: kafka.connect,
            scheduler,
            watermarks: everyRecord<string>().withWatermarkAlignment('sources', 30, 50),
          })
          .subscribe({
            next: (element) => {
              if (element.kind === 'batchEnd') scheduler.schedule(() => element.acknowledge(), delayMs)
              if (element.kind !== 'record') return
              at[topic] = element.timestamp
              if (!completed.includes('slow')) drifts.push(at.fast - at.slow)
            },
            complete: () => completed.push(topic),
          })
      }
      read('slow', 200)
      read('fast', 0)
    })
    expect(at).toEqual({ fast: 490, slow: 190 })
    expect(completed).toEqual(['slow', 'fast'])
    expect(Math.max(...drifts)).toBeGreaterThan(30)
    expect(Math.max(...drifts)).toBeLessThanOrEqual(30 + 10)
  })

  it('should be read on when the others have reported that they caught up, and not with the next tick', () => {
    onKafka({ fast: 1, slow: 1 }, (kafka, scheduler, { expectObservable }) => {
      const fast = [0, 50, 60].map((timestamp) => ({ value: `${timestamp}`, timestamp }))
      kafka.produce('fast', fast)
      kafka.produce('slow', [{ value: '0', timestamp: 0 }])
      scheduler.schedule(() => kafka.produce('slow', [{ value: '100', timestamp: 100 }]), 110)
      const read = (topic: string) =>
        builderOf(topic)
          .setProperty('max.poll.records', 1)
          .build()
          .elements({
            connect: kafka.connect,
            scheduler,
            watermarks: everyRecord<string>().withWatermarkAlignment('reported', 30, 50),
          })
          .pipe(recordsOnly())
      expectObservable(read('slow'), '^ 300ms !').toBe('a 109ms b', { a: '0', b: '100' })
      expectObservable(read('fast'), '^ 300ms !').toBe('(ab) 146ms c', { a: '0', b: '50', c: '60' })
    })
  })

  it('should not be called idle for the time in which a split waits', () => {
    onKafka({ t: 2 }, (kafka, scheduler, { expectObservable }) => {
      const fast = Array.from({ length: 50 }, (_, n) => ({ partition: 0, value: 'fast', timestamp: 10 * n }))
      kafka.produce('t', [...fast, { partition: 1, value: 'slow', timestamp: 0 }])
      scheduler.schedule(() => kafka.produce('t', [{ partition: 1, value: 'slow', timestamp: 5 }]), 800)
      scheduler.schedule(() => kafka.produce('t', [{ partition: 1, value: 'slow', timestamp: 7 }]), 1_600)
      const watermarks$ = builderOf()
        .setProperty('max.poll.records', 2)
        .build()
        .elements({
          connect: kafka.connect,
          scheduler,
          watermarks: everyRecord<string>().withIdleness(1_000).withWatermarkAlignment('idle', 30, 50),
        })
        .pipe(
          tap((element) => {
            if (element.kind === 'batchEnd') element.acknowledge()
          }),
          filter(({ kind }) => kind === 'watermark' || kind === 'watermarkStatus'),
          map(show),
        )
      // With the waiting split called idle, the slow one alone would decide, and idleness of all would be told.
      expectObservable(watermarks$, '^ 2s !').toBe('a 799ms b 799ms c', { a: 'W0', b: 'W5', c: 'W7' })
    })
  })
})
