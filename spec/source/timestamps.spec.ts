import { describe, expect, it } from '@jest/globals'
import * as t from 'io-ts'
import { catchError, map, type Observable, throwError } from 'rxjs'
import { assignTimestampsAndWatermarks } from '../../lib/eventtime/assignTimestampsAndWatermarks.js'
import { combineWatermarks } from '../../lib/eventtime/combineWatermarks.js'
import { WatermarkStrategy } from '../../lib/eventtime/WatermarkStrategy.js'
import { EventTimeSessionWindows } from '../../lib/keyed/windows/EventTimeSessionWindows.js'
import { SlidingEventTimeWindows } from '../../lib/keyed/windows/SlidingEventTimeWindows.js'
import { TumblingEventTimeWindows } from '../../lib/keyed/windows/TumblingEventTimeWindows.js'
import { windowByEventTime } from '../../lib/keyed/windows/windowByEventTime.js'
import { OffsetsInitializer } from '../../lib/source/offsets/OffsetsInitializer.js'
import { recordsOnly } from '../../lib/stream/recordsOnly.js'
import { record } from '../../lib/testing/marbleElements.js'
import { runMarbles } from '../../lib/testing/runMarbles.js'
import { builderOf } from './support/sourceOf.js'

/** What an assigner may give that is no event time. */
const none: readonly unknown[] = [
  NaN,
  undefined,
  null,
  '2024-01-01',
  new Date(0),
  5n,
  Infinity,
  true,
  {},
  1.7e18,
  -1.7e18,
]

const moonLanding = Date.UTC(1969, 6, 20)

const written = {
  a: { value: 'one', timestamp: 10 },
  b: { value: 'no date', timestamp: 20 },
  c: { value: 'three', timestamp: 30 },
}

const assigning = (given: unknown): WatermarkStrategy<string> =>
  WatermarkStrategy.forMonotonousTimestamps<string>().withTimestampAssigner((value, timestamp) =>
    value === 'no date' ? (given as number) : timestamp,
  )

/** What a stream says when it ends: which error, and where. */
const told = <T>(source: Observable<T>): Observable<T> =>
  source.pipe(
    catchError((error: Error & { readonly _tag?: string }) => {
      const [, message] = /(is no event time|which is no watermark): ms since the epoch/.exec(error.message) ?? []
      const [where] = /( \(.*\))?$/.exec(error.message)!
      return throwError(() => `${error._tag}: ${message}${where}`)
    }),
  )

const atTheRecord = 'InvalidTimestamp: is no event time (record at offset 1 of t-0)'

describe('an event time', () => {
  it.each(none.map((given) => [given]))('should be one, or the stream ends at its record: %p', (given) => {
    runMarbles({ topics: { t: 1 } }, ({ produce, options, expectElements }) => {
      produce('t', '(abc)', written)
      const elements$ = builderOf()
        .build()
        .elements({ ...options, watermarks: assigning(given) })
      expectElements(elements$.pipe(told)).toBe('(a#)', { a: record('one', 10) }, atTheRecord)
    })
  })

  it.each(none.map((given) => [given]))('should be one in an operator of a split too: %p', (given) => {
    runMarbles({ topics: { t: 1 } }, ({ produce, options, expectElements }) => {
      produce('t', '(abc)', written)
      const elements$ = builderOf()
        .build()
        .splits(options)
        .pipe(
          map(({ id, elements }) => ({
            id,
            elements: elements.pipe(assignTimestampsAndWatermarks(assigning(given), options)),
          })),
          combineWatermarks(),
        )
      expectElements(elements$.pipe(told)).toBe('(a#)', { a: record('one', 10) }, atTheRecord)
    })
  })

  it.each([
    ['tumbling', TumblingEventTimeWindows.of(60_000)],
    ['sliding', SlidingEventTimeWindows.of(60_000, 20_000)],
    ['session', EventTimeSessionWindows.withGap(60_000)],
  ])('should not break %s windows when a date does not parse', (_, windows) => {
    const dates = ['2024-01-01T00:00:10Z', 'no date', '2024-01-01T00:05:00Z']
    runMarbles({ topics: { t: 1 } }, ({ kafka, options, expectObservable }) => {
      kafka.produce(
        't',
        dates.map((value) => ({ value })),
      )
      const watermarks = WatermarkStrategy.forBoundedOutOfOrderness<string>(0).withTimestampAssigner((date) =>
        Date.parse(date),
      )
      const texts$ = builderOf()
        .setBounded(OffsetsInitializer.latest())
        .build()
        .elements({ ...options, watermarks })
        .pipe(
          windowByEventTime({
            uid: 'w',
            keyBy: () => 'k',
            windows,
            merge: (one, other) => [...one, ...other],
            seed: (): string[] => [],
            accumulate: (texts, text) => [...texts, text],
            state: t.array(t.string),
          }),
          recordsOnly(),
        )
      expectObservable(texts$.pipe(told)).toBe('#', undefined, atTheRecord)
    })
  })

  it('should be before 1970 too, as Kafka has it; only -1 says that there is none', () => {
    const early = {
      a: { value: 'moon landing', timestamp: moonLanding },
      b: { value: 'just before', timestamp: -2 },
      c: { value: 'none', timestamp: -1 },
    }
    const expected = {
      a: record('moon landing', moonLanding),
      b: record('just before', -2),
      c: record('none', -Infinity),
    }
    runMarbles({ topics: { t: 1 } }, ({ kafka, options, expectElements }) => {
      kafka.produce('t', Object.values(early))
      expectElements(builderOf().build().elements(options), '^ 9ms !').toBe('(abc)', expected)
    })
    const given: number[] = []
    const watermarks = WatermarkStrategy.noWatermarks<string>().withTimestampAssigner((_, timestamp) => {
      given.push(timestamp)
      return timestamp
    })
    runMarbles({ topics: { t: 1 } }, ({ kafka, options, expectElements }) => {
      kafka.produce('t', Object.values(early))
      expectElements(
        builderOf()
          .build()
          .elements({ ...options, watermarks }),
        '^ 9ms !',
      ).toBe('(abc)', expected)
    })
    expect(given).toEqual([moonLanding, -2, -Infinity])
  })

  it('should be in the window of its day, before 1970 too', () => {
    const day = 86_400_000
    runMarbles({ topics: { t: 1 } }, ({ kafka, options, expectObservable }) => {
      kafka.produce('t', [
        { value: 'moon landing', timestamp: moonLanding + 5 },
        { value: 'later', timestamp: 5000 },
      ])
      const days$ = builderOf()
        .setBounded(OffsetsInitializer.latest())
        .build()
        .elements({ ...options, watermarks: WatermarkStrategy.forMonotonousTimestamps() })
        .pipe(
          windowByEventTime({
            uid: 'days',
            keyBy: () => 'k',
            windows: TumblingEventTimeWindows.of(day),
            seed: () => 0,
            accumulate: (count) => count + 1,
            state: t.number,
          }),
          recordsOnly(),
          map(({ window: { start }, value }) => [start, value]),
        )
      expectObservable(days$).toBe('(ab|)', { a: [moonLanding, 1], b: [0, 1] })
    })
  })

  it('should be a whole number of ms: parts of one are cut off', () => {
    runMarbles({ topics: { t: 1 } }, ({ produce, options, expectElements }) => {
      produce('t', '(ab)', { a: { value: '1.9' }, b: { value: '-1.1' } })
      const watermarks = WatermarkStrategy.noWatermarks<string>().withTimestampAssigner(Number)
      expectElements(
        builderOf()
          .build()
          .elements({ ...options, watermarks }),
        '^ 9ms !',
      ).toBe('(ab)', { a: record('1.9', 1), b: record('-1.1', -2) })
    })
  })
})

describe('a watermark', () => {
  it.each([[NaN], [undefined], ['5'], [new Date(0)], [5n], [Infinity]])(
    'should be one, or the stream ends: %p of a generator',
    (given) => {
      const generating = (at: 'event' | 'tick') =>
        WatermarkStrategy.forGenerator<string>(() => ({
          onEvent: (_, __, output) => {
            if (at === 'event') output.emitWatermark(given as number)
          },
          onPeriodicEmit: (output) => {
            if (at === 'tick') output.emitWatermark(given as number)
          },
        }))
      runMarbles({ topics: { t: 1 } }, ({ produce, options, expectElements }) => {
        produce('t', '(ac)', written)
        const source = builderOf().build()
        const elements = (at: 'event' | 'tick') => source.elements({ ...options, watermarks: generating(at) })
        const merged = (at: 'event' | 'tick') =>
          source.splits(options).pipe(
            map(({ id, elements }) => ({
              id,
              elements: elements.pipe(assignTimestampsAndWatermarks(generating(at), options)),
            })),
            combineWatermarks(),
          )
        for (const ofSource of [elements, merged]) {
          expectElements(ofSource('event').pipe(told)).toBe(
            '(a#)',
            { a: record('one', 10) },
            'InvalidWatermark: which is no watermark (record at offset 0 of t-0)',
          )
          expectElements(ofSource('tick').pipe(told)).toBe(
            '(ac) 196ms #',
            { a: record('one', 10), c: record('three', 30) },
            'InvalidWatermark: which is no watermark',
          )
        }
      })
    },
  )
})
