import { describe, expect, it } from '@jest/globals'
import { filter, ignoreElements, map, take, tap, timer } from 'rxjs'
import { alignWatermarks } from '../../lib/eventtime/alignWatermarks.js'
import { assignTimestampsAndWatermarks } from '../../lib/eventtime/assignTimestampsAndWatermarks.js'
import { combineWatermarks } from '../../lib/eventtime/combineWatermarks.js'
import { WatermarkStrategy } from '../../lib/eventtime/WatermarkStrategy.js'
import { onKafka } from './support/onKafka.js'
import { builderOf } from './support/sourceOf.js'

describe('the splits of a KafkaSource, aligned', () => {
  it('should be read no further ahead of the slowest than the drift and two batches, and all in the end', () => {
    const at = { fast: 0, slow: 0 }
    const drifts: number[] = []
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
          tap((element) => {
            if (element.kind === 'batchEnd') element.acknowledge()
            if (element.kind !== 'record') return
            at[element.value as keyof typeof at] = element.timestamp
            drifts.push(at.fast - at.slow)
          }),
          filter(({ kind }) => kind === 'watermarkStatus'),
        )
      expectObservable(elements$, '^ 6s !').toBe('-')
      expectObservable(slow$.pipe(ignoreElements())).toBe('4900ms |')
    })
    expect(at).toEqual({ fast: 490, slow: 490 })
    expect(Math.max(...drifts)).toBeGreaterThan(30)
    expect(Math.max(...drifts)).toBeLessThanOrEqual(30 + 2 * 10)
  })
})
