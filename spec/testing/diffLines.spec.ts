import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { diffLines } from '../../lib/testing/diffLines.js'

const letters = (text: string): readonly string[] => Array.from(text)

describe('diffLines', () => {
  it.each([
    ['abc', 'abc', '  …'],
    ['', 'a', '+ a'],
    ['a', '', '- a'],
    ['abc', 'axc', '  a|- b|+ x|  c'],
    ['abab', 'ab', '  a|  b|- a|- b'],
    ['aab', 'ab', '  a|- a|  b'],
    ['abcdefgh', 'abcdefgx', '  …|  e|  f|  g|- h|+ x'],
    ['xbcdefghi', 'abcdefghy', '- x|+ a|  b|  c|  d|  …|  f|  g|  h|- i|+ y'],
  ])('should tell %j from %j', (expected, received, lines) => {
    expect(diffLines(letters(expected), letters(received)).join('|')).toBe(lines)
  })

  it('should hold both lists, where they are short', () => {
    const list = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 3 })
    fc.assert(
      fc.property(list, list, (expected, received) => {
        fc.pre(expected.join() !== received.join())
        const lines = diffLines(expected, received)
        const without = (sign: string) => lines.filter((line) => !line.startsWith(sign)).map((line) => line.slice(2))
        expect(without('+')).toEqual(expected)
        expect(without('-')).toEqual(received)
      }),
    )
  })

  it('should not take long over lists that have nothing in common', () => {
    const many = (prefix: string) => Array.from({ length: 20_000 }, (_, n) => `${prefix}${n}`)
    expect(diffLines(many('a'), many('b'))).toHaveLength(2_000)
  })
})
