import { describe, expect, it } from '@jest/globals'
import { WatermarkStrategy } from '../../lib/eventtime/WatermarkStrategy.js'

describe('WatermarkStrategy', () => {
  it('should refuse a negative out-of-orderness and an idle timeout that is not positive', () => {
    expect(() => WatermarkStrategy.forBoundedOutOfOrderness(-1)).toThrow('maxOutOfOrderness cannot be negative')
    expect(() => WatermarkStrategy.noWatermarks().withIdleness(0)).toThrow('idleTimeout must be greater than zero')
    expect(() => WatermarkStrategy.noWatermarks().withIdleness(-1)).toThrow('idleTimeout must be greater than zero')
  })

  it('should be a value that each setting leaves as it was', () => {
    const plain = WatermarkStrategy.forMonotonousTimestamps<{ readonly at: number }>()
    const full = plain
      .withTimestampAssigner(({ at }) => at)
      .withIdleness(1000)
      .withWatermarkAlignment('group', 500)
    expect(full.timestampAssigner({ at: 7 }, 1)).toBe(7)
    expect(full.idleTimeout).toBe(1000)
    expect(full.alignment).toEqual({ group: 'group', maxDrift: 500, updateInterval: 1000 })
    expect(plain.timestampAssigner({ at: 7 }, 1)).toBe(1)
    expect(plain.idleTimeout).toBeUndefined()
    expect(plain.alignment).toBeUndefined()
  })

  it('should make a generator of its own for each split', () => {
    const strategy = WatermarkStrategy.forBoundedOutOfOrderness(0)
    const seen: number[] = []
    const output = {
      emitWatermark: (timestamp: number) => seen.push(timestamp),
      markIdle: () => {},
      markActive: () => {},
    }
    const [one, two] = [strategy.createWatermarkGenerator(() => 0), strategy.createWatermarkGenerator(() => 0)]
    one.onEvent(null, 10, output)
    one.onPeriodicEmit(output)
    two.onPeriodicEmit(output)
    expect(seen).toEqual([9, -Infinity])
  })
})
