import { describe, expect, it } from '@jest/globals'
import { Troubles } from '../../lib/standstill/Troubles.js'

const trouble = (rule = { after: 1000 }) => {
  const clock = { ms: 0 }
  const said: string[] = []
  const troubles = new Troubles(rule, { warn: (line) => void said.push(`${clock.ms}: ${line}`) }, () => clock.ms)
  const meet = (at: number, key = 'b', began?: number): void => {
    clock.ms = at
    troubles.meet(key, (ms) => `${key} for ${ms}`, began)
  }
  const over = (at: number, key = 'b'): void => {
    clock.ms = at
    troubles.over(key, (ms) => `${key} over after ${ms}`)
  }
  return { said, meet, over }
}

describe('Troubles', () => {
  it('should say nothing of what passes, at the first try or at a later one', () => {
    const { said, meet, over } = trouble()
    over(0)
    meet(0)
    meet(900)
    over(950)
    meet(1500)
    over(2400)
    expect(said).toEqual([])
  })

  it('should say once that it lasts, and once that it is over', () => {
    const { said, meet, over } = trouble()
    ;[0, 500, 1000, 2000, 9000].forEach((at) => meet(at))
    over(9500)
    over(9600)
    expect(said).toEqual(['1000: b for 1000', '9500: b over after 9500'])
  })

  it('should say it again with growing pauses, as long as it is met', () => {
    const { said, meet } = trouble({ after: 1000, longestPause: 4000 } as never)
    for (let at = 0; at <= 20_000; at += 100) meet(at)
    expect(said).toEqual([1000, 2000, 4000, 8000, 12_000, 16_000, 20_000].map((at) => `${at}: b for ${at}`))
  })

  it('should keep several apart', () => {
    const { said, meet, over } = trouble()
    meet(0, 'a')
    meet(600, 'b')
    meet(1000, 'a')
    meet(1500, 'b')
    over(1600, 'a')
    meet(1700, 'b')
    expect(said).toEqual(['1000: a for 1000', '1600: a over after 1600', '1700: b for 1100'])
  })

  it('should count from when it began, if that took long', () => {
    const { said, meet } = trouble()
    meet(5000, 'mute', 2000)
    expect(said).toEqual(['5000: mute for 3000'])
  })

  it('should forget what nobody has met for two minutes', () => {
    const { said, meet, over } = trouble()
    meet(0)
    meet(1000)
    meet(200_000)
    meet(200_500)
    over(400_000)
    expect(said).toEqual(['1000: b for 1000'])
  })
})
