import { describe, it } from '@jest/globals'
import { filter } from 'rxjs'
import { SimpleStringSchema } from '../../lib/client/schema/SimpleStringSchema.js'
import { WatermarkStrategy } from '../../lib/eventtime/WatermarkStrategy.js'
import { KafkaSource } from '../../lib/source/KafkaSource.js'
import { record, watermark } from '../../lib/testing/marbleElements.js'
import { runMarbles } from '../../lib/testing/runMarbles.js'
import { OffsetsInitializer } from '../../lib/source/offsets/OffsetsInitializer.js'
import { builderOf } from './support/sourceOf.js'

describe('the watermarks of KafkaSource.elements', () => {
  it('should be the least of all splits, at each tick', () => {
    runMarbles({ topics: { t: 2 } }, ({ produce, options, expectElements }) => {
      const written = {
        a: { partition: 0, value: 'a', timestamp: 100 },
        b: { partition: 1, value: 'b', timestamp: 50 },
        c: { partition: 1, value: 'c', timestamp: 90 },
      }
      produce('t', '           (ab) 246ms c', written)
      const expected = '(ab) 196ms w 49ms c 149ms x'
      const watermarks = WatermarkStrategy.forMonotonousTimestamps<string>()
      expectElements(
        builderOf()
          .build()
          .elements({ ...options, watermarks }),
        '^ 450ms !',
      ).toBe(expected, {
        a: record('a', 100),
        b: record('b', 50),
        w: watermark(49),
        c: record('c', 90),
        x: watermark(89),
      })
    })
  })

  it('should not wait for a split that has come to its end', () => {
    runMarbles({ topics: { t: 2 } }, ({ produce, options, expectElements }) => {
      produce('t', '(ab)', {
        a: { partition: 0, value: 'a', timestamp: 50 },
        b: { partition: 1, value: 'b', timestamp: 100 },
      })
      expectElements(
        builderOf()
          .setBounded(OffsetsInitializer.offsets({ 't-0': 1, 't-1': 2 }))
          .build()
          .elements({ ...options, watermarks: WatermarkStrategy.forMonotonousTimestamps<string>() }),
        '^ 250ms !',
      ).toBe('(ab) 196ms w', { a: record('a', 50), b: record('b', 100), w: watermark(99) })
    })
  })

  it('should not call a split idle that may not send, because nobody asks for more of it', () => {
    runMarbles({ topics: { t: 1 } }, ({ produce, options, expectObservable }) => {
      produce('t', '(abc)')
      const watermarks = WatermarkStrategy.forMonotonousTimestamps<string>().withIdleness(300)
      const statuses$ = builderOf()
        .setProperty('max.poll.records', 1)
        .build()
        .elements({ ...options, watermarks })
        .pipe(filter(({ kind }) => kind === 'watermarkStatus'))
      // Its two batches are never acknowledged; the third record waits.
      expectObservable(statuses$, '^ 5s !').toBe('-')
    })
  })

  it('should go by timestamps that are taken from the values', () => {
    runMarbles({ topics: { t: 1 } }, ({ produce, options, expectElements }) => {
      produce('t', '7', { 7: { value: '7', timestamp: 100 } })
      const watermarks = WatermarkStrategy.forBoundedOutOfOrderness<string>(2).withTimestampAssigner(Number)
      expectElements(
        builderOf()
          .build()
          .elements({ ...options, watermarks }),
        '^ 250ms !',
      ).toBe('a 199ms 4', {
        a: record('7', 7),
      })
    })
  })

  it('should say once that it has no splits, with idleness too, and once of each split that comes and is silent', () => {
    runMarbles({ topics: { u: 1 } }, ({ kafka, options, scheduler, expectElements }) => {
      const source = KafkaSource.builder()
        .setBootstrapServers('localhost:9092')
        .setTopicPattern(/t.*/)
        .setProperty('partition.discovery.interval.ms', 1_000)
        .setValueOnlyDeserializer(new SimpleStringSchema())
        .build()
      const watermarks = WatermarkStrategy.forMonotonousTimestamps<string>().withIdleness(1_000)
      for (const [topic, at] of [
        ['t0', 2_500],
        ['t1', 7_500],
      ] as const)
        scheduler.schedule(() => kafka.createTopic(topic, 1), at)
      const expected = '(RI) 2996ms A 1399ms I 3599ms A 1399ms I'
      expectElements(source.elements({ ...options, watermarks }), '^ 20s !').toBe(expected)
    })
  })

  it('should call a source idle whose first discovery takes longer than the timeout, as Flink does', () => {
    runMarbles({ topics: { t: 1 }, latencyMs: 3_000 }, ({ options, expectElements }) => {
      const watermarks = WatermarkStrategy.forMonotonousTimestamps<string>().withIdleness(1_000)
      const elements$ = builderOf()
        .build()
        .elements({ ...options, watermarks })
      expectElements(elements$, '^ 5s !').toBe('R 1399ms I')
    })
  })

  it('should not be held back by a subtask without splits', () => {
    runMarbles({ topics: { t: 1 } }, ({ options, expectElements }) => {
      const watermarks = WatermarkStrategy.forMonotonousTimestamps<string>()
      const elements$ = builderOf()
        .build()
        .elements({ ...options, watermarks, parallelism: 2, subtaskIndex: 1 })
      expectElements(elements$, '^ 250ms !').toBe('(RI)')
    })
  })
})
