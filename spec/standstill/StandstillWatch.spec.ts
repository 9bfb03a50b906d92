import { describe, expect, it } from '@jest/globals'
import { delay, of } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import { type StandstillCondition, StandstillWatch } from '../../lib/standstill/StandstillWatch.js'

/** A watch in virtual time; `said` are its lines with the times when they came. */
const play = (
  conditions: (scheduler: TestScheduler) => readonly StandstillCondition[],
  script: (watch: StandstillWatch, at: (ms: number, act: () => void) => void) => void,
): { readonly said: readonly string[]; readonly end: number } => {
  const scheduler = new TestScheduler(() => undefined)
  const said: string[] = []
  return scheduler.run(({ flush }) => {
    const logger = { warn: (message: string) => void said.push(`${scheduler.now()}: ${message}`) }
    const watch = new StandstillWatch(conditions(scheduler), logger, scheduler)
    script(watch, (ms, act) => scheduler.schedule(act, ms))
    flush()
    return { said, end: scheduler.now() }
  })
}

const standing = (condition: Partial<StandstillCondition> = {}): StandstillCondition => ({
  after: 1000,
  since: () => 0,
  message: (ms) => `stands for ${ms}`,
  over: (ms) => `moves after ${ms}`,
  ...condition,
})

describe('StandstillWatch', () => {
  it('should say at the moment when it is due, though it began after the watch was woken', () => {
    const { said, end } = play(
      () => [standing({ since: () => 700 })],
      (watch, at) => at(200, () => watch.wake()),
    )
    expect(said).toEqual(['1700: stands for 1000'])
    // No timer is left behind.
    expect(end).toBe(1700)
  })

  it('should say nothing, and keep no timer, when all moves', () => {
    const { said, end } = play(
      () => [standing({ since: () => undefined })],
      (watch) => watch.wake(),
    )
    expect([said, end]).toEqual([[], 1000])
  })

  it('should say that it is over when it is woken by what moves', () => {
    let since: number | undefined = 0
    const { said } = play(
      () => [standing({ since: () => since })],
      (watch, at) => {
        watch.wake()
        at(3000, () => {
          since = undefined
          watch.wake()
        })
      },
    )
    expect(said).toEqual(['1000: stands for 1000', '4000: moves after 4000'])
  })

  it('should watch several things, each by its own time', () => {
    const { said } = play(
      () => [standing({ after: 2000 }), standing({ after: 500, longestPause: 1000, message: (ms) => `b ${ms}` })],
      (watch, at) => {
        watch.wake()
        at(2600, () => watch.close())
      },
    )
    expect(said).toEqual(['500: b 500', '1000: b 1000', '2000: stands for 2000', '2000: b 2000'])
  })

  it('should wait for a message that has to be asked for, and drop it when it is closed', () => {
    const asking = (scheduler: TestScheduler) => [
      standing({ message: (ms) => of(`asked at ${ms}`).pipe(delay(50, scheduler)) }),
    ]
    expect(play(asking, (watch) => watch.wake()).said).toEqual(['1050: asked at 1000'])
    const closed = play(asking, (watch, at) => {
      watch.wake()
      at(1020, () => watch.close())
    })
    expect(closed.said).toEqual([])
  })
})
