import { describe, expect, it } from '@jest/globals'
import { eventTimeOf, watermarkOf } from '../../lib/eventtime/eventTime.js'

const message = (ask: () => unknown): string => {
  try {
    return `no error: ${String(ask())}`
  } catch (error) {
    return (error as Error).message
  }
}

describe('eventTimeOf', () => {
  it('should be whole ms, on both sides of 1970, or none', () => {
    expect([5, -5, 5.9, -5.1, 0, Number.MAX_SAFE_INTEGER, -Infinity].map(eventTimeOf)).toEqual([
      ...[5, -5, 5, -6, 0],
      ...[Number.MAX_SAFE_INTEGER, -Infinity],
    ])
  })

  it('should be refused with what it is, and what it may have come from', () => {
    expect(message(() => eventTimeOf(NaN))).toContain('Most likely a date of the record did not parse')
    expect(message(() => eventTimeOf(Infinity))).toContain('Most likely a date')
    expect(message(() => eventTimeOf('7' as never))).toContain('Most likely a date')
    expect(message(() => eventTimeOf(2 ** 53))).toContain('So many ms are µs or ns')
    expect(message(() => eventTimeOf(-(2 ** 53)))).toContain('So many ms are µs or ns')
  })
})

describe('watermarkOf', () => {
  it('should be any time but the end of it', () => {
    expect([5, -5.5, -Infinity].map(watermarkOf)).toEqual([5, -5.5, -Infinity])
  })

  it('should be refused with what it is, and what it may have come from', () => {
    expect(message(() => watermarkOf(Infinity))).toContain('Infinity is the end of event time')
    for (const given of [NaN, undefined, null, '7', 7n])
      expect(message(() => watermarkOf(given as never))).toContain('computed from an event without a time')
  })
})
