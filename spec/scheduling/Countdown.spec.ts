import { describe, expect, it, jest } from '@jest/globals'
import { asyncScheduler, type SchedulerLike } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import { Countdown } from '../../lib/scheduling/Countdown.js'
import { monotonicClock } from '../../lib/scheduling/monotonicClock.js'

/** A scheduler whose clock is set by `skew` ms; its timers are right. */
const skewed = (base: SchedulerLike, clock: { skew: number }): SchedulerLike => ({
  now: () => base.now() + clock.skew,
  schedule: (...args: Parameters<SchedulerLike['schedule']>) => base.schedule(...args),
})

const play = (ms: number, script: (scheduler: TestScheduler) => void): void => {
  const scheduler = new TestScheduler(() => undefined)
  scheduler.run(({ flush }) => {
    script(scheduler)
    scheduler.schedule(() => undefined, ms)
    flush()
  })
}

describe('Countdown', () => {
  it('should be over after its time, whatever the clock says', () => {
    const seen: string[] = []
    play(10_000, (base) => {
      const clock = { skew: 0 }
      const countdown = new Countdown(skewed(base, clock), () => seen.push(`over at ${base.now()}`))
      seen.push(`over before: ${countdown.over}`)
      countdown.start(1000)
      base.schedule(() => (clock.skew = -3_600_000), 500)
      base.schedule(() => seen.push(`over at 999: ${countdown.over}`), 999)
      base.schedule(() => seen.push(`over at 1001: ${countdown.over}`), 1001)
    })
    expect(seen).toEqual(['over before: true', 'over at 999: false', 'over at 1000', 'over at 1001: true'])
  })

  it('should begin anew, be over at once without a time, and stop without a word', () => {
    const seen: number[] = []
    play(10_000, (scheduler) => {
      const countdown = new Countdown(scheduler, () => seen.push(scheduler.now()))
      countdown.start(1000)
      scheduler.schedule(() => countdown.start(1000), 600)
      scheduler.schedule(() => {
        countdown.start(500)
        countdown.start(0)
        expect(countdown.over).toBe(true)
      }, 2000)
      scheduler.schedule(() => countdown.start(500), 3000)
      scheduler.schedule(() => {
        countdown.stop()
      }, 3100)
    })
    expect(seen).toEqual([1600])
  })
})

describe('monotonicClock', () => {
  it('should not go back, and lose nothing but the step, when a clock is set back', () => {
    const seen: number[] = []
    play(1000, (base) => {
      const clock = { skew: 0 }
      const now = monotonicClock(skewed(base, clock))
      const begun = now()
      base.schedule(() => seen.push(now() - begun), 100)
      base.schedule(() => (clock.skew = -3_600_000), 150)
      base.schedule(() => seen.push(now() - begun), 200)
      base.schedule(() => seen.push(now() - begun), 300)
    })
    expect(seen).toEqual([100, 100, 200])
  })

  it('should not follow the time of day', () => {
    const now = monotonicClock(asyncScheduler)
    const before = now()
    const set = jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 3_600_000)
    try {
      expect(now() - before).toBeLessThan(60_000)
    } finally {
      set.mockRestore()
    }
  })
})
