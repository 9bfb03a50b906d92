import { describe, expect, it } from '@jest/globals'
import { TickClock } from '../../lib/eventtime/TickClock.js'

/** What a clock with ticks every 10 ms shows at these times of day; a time with an apostrophe is one of a tick. */
const shown = (times: string): readonly number[] => {
  let time = 0
  const clock = new TickClock({ now: () => time }, 10)
  return times.split(' ').map((text) => {
    time = parseInt(text)
    if (text.endsWith("'")) clock.tick()
    return clock.now()
  })
}

describe('TickClock', () => {
  it.each([
    ['go as time does while ticks are in time', "3 10' 14 20' 30'", [3, 10, 14, 20, 30]],
    [
      'count two intervals when a tick is late, and go on from there',
      "10' 29 31 500 1000' 1005",
      [10, 29, 30, 30, 30, 35],
    ],
    ['stand still while the time of day is set back', "10' 4 -90 -80' -75", [10, 10, 10, 10, 15]],
  ])('should %s', (_, times, expected) => {
    expect(shown(times)).toEqual(expected)
  })
})
