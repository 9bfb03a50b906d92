import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { AlignmentGroup } from '../../lib/eventtime/AlignmentGroup.js'

describe('AlignmentGroup', () => {
  it('should pause a member strictly above the least report + drift, and resume it at the bound', () => {
    const group = new AlignmentGroup()
    const slow = group.join(10)
    const fast = group.join(10)
    slow.emitWatermark(0)
    fast.emitWatermark(10)
    expect(fast.paused).toBe(false)
    fast.emitWatermark(11)
    expect(fast.paused).toBe(true)
    slow.emitWatermark(1)
    slow.report()
    fast.report()
    expect(fast.paused).toBe(false)
  })

  it('should take each drift for its own member', () => {
    const group = new AlignmentGroup()
    group.join(0).emitWatermark(0)
    const [narrow, wide] = [group.join(1), group.join(Infinity)]
    for (const member of [narrow, wide]) member.emitWatermark(2)
    expect([narrow.paused, wide.paused]).toEqual([true, false])
  })

  it('should not wait for members without a watermark, idle or gone', () => {
    const group = new AlignmentGroup()
    group.join(10)
    const [slow, fast] = [group.join(10), group.join(10)]
    const fastPaused = (): boolean => {
      fast.report()
      return fast.paused
    }
    fast.emitWatermark(100)
    expect(fastPaused()).toBe(false)
    slow.emitWatermark(0)
    expect(fastPaused()).toBe(true)
    slow.setIdle(true)
    expect(fastPaused()).toBe(false)
    slow.setIdle(false)
    expect(fastPaused()).toBe(true)
    slow.setIdle(true)
    slow.emitWatermark(1)
    expect(fastPaused()).toBe(true)
    slow.leave()
    expect(fastPaused()).toBe(false)
  })

  it('should hear at once of what begins to count, and of what goes on with the next report', () => {
    const group = new AlignmentGroup()
    const [slow, fast] = [group.join(10), group.join(10)]
    slow.emitWatermark(0)
    expect(slow.reported).toBe(0)
    slow.emitWatermark(5)
    slow.setIdle(false)
    expect(slow.reported).toBe(0)
    slow.report()
    expect(slow.reported).toBe(5)
    slow.setIdle(true)
    slow.setIdle(false)
    fast.emitWatermark(16)
    expect([slow.reported, fast.paused]).toEqual([5, true])
  })

  it('should say once that it is empty', () => {
    let empty = 0
    const group = new AlignmentGroup(() => empty++)
    const [one, two] = [group.join(1), group.join(1)]
    one.leave()
    expect(empty).toBe(0)
    two.leave()
    two.leave()
    expect(empty).toBe(1)
  })

  it('should keep all within the drift and one step, and never pause all, however they report and advance', () => {
    const drift = 20
    const act = fc.record({ who: fc.nat(3), step: fc.nat(7), report: fc.boolean() })
    fc.assert(
      fc.property(fc.array(act, { maxLength: 200 }), (acts) => {
        const group = new AlignmentGroup()
        const members = [0, 0, 0, 0].map((watermark) => ({ watermark, member: group.join(drift) }))
        for (const { watermark, member } of members) member.emitWatermark(watermark)
        for (const { who, step, report } of acts) {
          const one = members[who]!
          if (report) one.member.report()
          if (!one.member.paused) one.member.emitWatermark((one.watermark += step))
          const watermarks = members.map(({ watermark }) => watermark)
          expect(Math.max(...watermarks) - Math.min(...watermarks)).toBeLessThanOrEqual(drift + 7)
        }
        for (const { member } of members) member.report()
        for (const { member } of members) member.report()
        expect(members.some(({ member }) => !member.paused)).toBe(true)
      }),
    )
  })
})
