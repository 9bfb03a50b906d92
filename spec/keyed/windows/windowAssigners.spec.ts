import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { EventTimeSessionWindows } from '../../../lib/keyed/windows/EventTimeSessionWindows.js'
import { SlidingEventTimeWindows } from '../../../lib/keyed/windows/SlidingEventTimeWindows.js'
import { TumblingEventTimeWindows } from '../../../lib/keyed/windows/TumblingEventTimeWindows.js'
import type { WindowAssigner } from '../../../lib/keyed/windows/WindowAssigner.js'

const spans = (assigner: WindowAssigner, timestamp: number): [number, number][] =>
  assigner.assignWindows(timestamp).map(({ start, end }) => [start, end])

describe('TumblingEventTimeWindows', () => {
  it.each([
    [0, [0, 5000]],
    [4999, [0, 5000]],
    [5000, [5000, 10000]],
    [-1, [-5000, 0]],
    [-5000, [-5000, 0]],
  ])('should put %d into %j', (timestamp, span) => {
    expect(spans(TumblingEventTimeWindows.of(5000), timestamp)).toEqual([span])
  })

  it.each([
    [100, 0, [-4900, 100]],
    [100, 4999, [100, 5100]],
    [100, 5100, [5100, 10100]],
    [-100, 0, [-100, 4900]],
    [-100, 4899, [-100, 4900]],
    [-100, -101, [-5100, -100]],
  ])('should move windows by an offset of %d: %d is in %j', (offset, timestamp, span) => {
    expect(spans(TumblingEventTimeWindows.of(5000, offset), timestamp)).toEqual([span])
  })

  it('should refuse an offset that is not less than the size, and a size of nothing', () => {
    const message = 'TumblingEventTimeWindows parameters must satisfy abs(offset) < size'
    for (const [size, offset] of [
      [10, 10],
      [10, -10],
      [0, 0],
      [-1, 0],
      [NaN, 0],
    ] as const) {
      expect(() => TumblingEventTimeWindows.of(size, offset)).toThrow(message)
    }
  })
})

describe('SlidingEventTimeWindows', () => {
  it('should put a record into every window that covers it, the latest first', () => {
    const assigner = SlidingEventTimeWindows.of(5000, 1000)
    expect(spans(assigner, 0)).toEqual([
      [0, 5000],
      [-1000, 4000],
      [-2000, 3000],
      [-3000, 2000],
      [-4000, 1000],
    ])
    expect(spans(assigner, 4999)).toEqual([
      [4000, 9000],
      [3000, 8000],
      [2000, 7000],
      [1000, 6000],
      [0, 5000],
    ])
  })

  it('should put a record of a gap into none', () => {
    expect(spans(SlidingEventTimeWindows.of(2, 5), 1)).toEqual([[0, 2]])
    expect(spans(SlidingEventTimeWindows.of(2, 5), 2)).toEqual([])
  })

  it('should refuse an offset that is not less than the slide, and a size of nothing', () => {
    const message = 'SlidingEventTimeWindows parameters must satisfy abs(offset) < slide and size > 0'
    for (const [size, slide, offset] of [
      [10, 5, 5],
      [10, 5, -5],
      [0, 5, 0],
      [10, 0, 0],
    ] as const) {
      expect(() => SlidingEventTimeWindows.of(size, slide, offset)).toThrow(message)
    }
  })

  it('should assign exactly the windows start + k * slide that hold the timestamp', () => {
    const whole = (max: number) => fc.integer({ min: 1, max })
    fc.assert(
      fc.property(
        whole(50),
        whole(20),
        fc.integer({ min: -200, max: 200 }),
        fc.nat(),
        (size, slide, timestamp, seed) => {
          const offset = (seed % (2 * slide - 1)) - (slide - 1)
          const wanted: [number, number][] = []
          for (let k = 500; k >= -500; k--) {
            const start = offset + k * slide
            if (start <= timestamp && timestamp < start + size) wanted.push([start, start + size])
          }
          expect(spans(SlidingEventTimeWindows.of(size, slide, offset), timestamp)).toEqual(wanted)
        },
      ),
    )
  })
})

describe('EventTimeSessionWindows', () => {
  it('should begin a session with each record, to be merged', () => {
    const assigner = EventTimeSessionWindows.withGap(5000)
    expect(assigner.merging).toBe(true)
    expect(spans(assigner, 4999)).toEqual([[4999, 9999]])
  })

  it('should refuse a gap that is not positive', () => {
    for (const gap of [0, -1]) {
      expect(() => EventTimeSessionWindows.withGap(gap)).toThrow(
        'EventTimeSessionWindows parameters must satisfy 0 < size',
      )
    }
  })
})
