import { describe, expect, it } from '@jest/globals'
import * as fc from 'fast-check'
import { look, moving, type StandstillRule } from '../../lib/standstill/Standstill.js'

/** What is said when it is looked at, at these times with these answers: `8:stands 5`. */
const said = (rule: StandstillRule, looks: readonly (readonly [now: number, since: number | undefined])[]) => {
  let standstill = moving(rule)
  return looks.flatMap(([now, since]) => {
    const { next, news } = look(rule, standstill, since, now)
    standstill = next
    return news === undefined ? [] : [`${now}:${news._tag} ${news.ms}`]
  })
}

/** A look each ms from 0 on; `#` where it stands. */
const each = (picture: string): readonly (readonly [number, number | undefined])[] =>
  Array.from({ length: picture.length }, (_, now) => {
    const since = picture.slice(0, now).lastIndexOf('.') + 1
    return [now, picture[now] === '#' ? since : undefined] as const
  })

describe('look', () => {
  it('should say nothing of what moves, or stands for a short while', () => {
    expect(said({ after: 5 }, each('..........'))).toEqual([])
    expect(said({ after: 5 }, each('#####.####.#.'))).toEqual([])
  })

  it('should say once that it stands, and once that it moves again', () => {
    expect(said({ after: 3 }, each('..#########....'))).toEqual(['5:stands 3', '11:moves 9'])
  })

  it('should say it again after pauses that double, up to the longest', () => {
    expect(said({ after: 2, longestPause: 5 }, each('#'.repeat(25)))).toEqual(
      [2, 4, 8, 13, 18, 23].map((now) => `${now}:stands ${now}`),
    )
  })

  it('should begin anew with each standstill', () => {
    expect(said({ after: 2 }, each('####..####..'))).toEqual(['2:stands 2', '4:moves 4', '8:stands 2', '10:moves 4'])
  })

  it('should be patient with what has gone on by itself, when it learns', () => {
    const rule = { after: 2, learns: true }
    expect(said(rule, each('####..#######..###############'))).toEqual(['2:stands 2', '4:moves 4', '23:stands 8'])
  })

  it('should see by another beginning that it moved between two looks', () => {
    expect(
      said({ after: 5 }, [
        [6, 0],
        [9, 8],
        [12, 8],
        [13, 8],
      ]),
    ).toEqual(['6:stands 6', '9:moves 8', '13:stands 5'])
    expect(said({ after: 5 }, [[20, 3]])).toEqual(['20:stands 17'])
  })

  it('should never say that it moves before it said that it stands, whatever happens', () => {
    const rule = fc.record({
      after: fc.integer({ min: 1, max: 5 }),
      learns: fc.boolean(),
      longestPause: fc.constantFrom(3, 9),
    })
    const pictures = fc.array(fc.constantFrom('.', '#'), { maxLength: 60 }).map((at) => at.join(''))
    fc.assert(
      fc.property(rule, pictures, (settings, picture) => {
        const kinds = said(settings, each(picture)).map((text) => text.replace(/.*:(\w+) .*/, '$1'))
        const stretches = kinds
          .join(' ')
          .replace(/(stands ?)+/g, 'stands ')
          .trim()
        expect(stretches).toMatch(/^((stands moves ?)*(stands)?)$/)
      }),
    )
  })
})
