import { describe, expect, it } from '@jest/globals'
import { BehaviorSubject, ignoreElements, tap } from 'rxjs'
import type { WatermarkHolder } from '../../lib/eventtime/WatermarkHolder.js'
import { WatermarkStrategy } from '../../lib/eventtime/WatermarkStrategy.js'
import { MemoryMetricGroup } from '../../lib/metrics/MemoryMetricGroup.js'
import { onKafka } from './support/onKafka.js'
import { builderOf } from './support/sourceOf.js'

describe('the split that holds the watermark of a KafkaSource', () => {
  it('should be told with since when, and what the watermark would be without it', () => {
    onKafka({ t: 2 }, (kafka, scheduler, { expectObservable }) => {
      kafka.produce('t', [{ partition: 0, value: 'a', timestamp: 100 }])
      scheduler.schedule(() => kafka.produce('t', [{ partition: 1, value: 'b', timestamp: 300 }]), 450)
      const watermarkHolder$ = new BehaviorSubject<WatermarkHolder | undefined>(undefined)
      const metrics = new MemoryMetricGroup()
      const read = (...names: readonly string[]) => names.map((name) => metrics.read(`operator.source.${name}`))
      const held: unknown[] = []
      for (const at of [350, 650])
        scheduler.schedule(() => {
          held.push(
            read(
              'watermarkHolder',
              'watermarkWithoutHolder',
              'KafkaSourceReader.topic.t.partition.0.watermarkHoldTime',
              'KafkaSourceReader.topic.t.partition.1.watermarkHoldTime',
            ),
          )
        }, at)
      const elements$ = builderOf()
        .build()
        .elements({
          connect: kafka.connect,
          scheduler,
          metrics,
          watermarkHolder$,
          watermarks: WatermarkStrategy.forMonotonousTimestamps(),
        })
        .pipe(
          tap((element) => {
            if (element.kind === 'batchEnd') element.acknowledge()
          }),
          ignoreElements(),
        )
      expectObservable(elements$, '^ 900ms !').toBe('-')
      expectObservable(watermarkHolder$, '^ 1s !').toBe('n 199ms a 399ms b 300ms n', {
        n: undefined,
        a: { id: 't-1', watermark: -Infinity, since: 200, watermarkWithout: 99 },
        b: { id: 't-0', watermark: 99, since: 600, watermarkWithout: 299 },
      })
      scheduler.schedule(() => {
        expect(held).toEqual([
          ['t-1', 99, 0, 150],
          ['t-0', 299, 50, 0],
        ])
      }, 950)
    })
  })
})
