import { describe, expect, it } from '@jest/globals'
import { map, merge, throwError } from 'rxjs'
import { record, watermark } from '../../lib/testing/marbleElements.js'
import { MarbleMismatch } from '../../lib/testing/MarbleMismatch.js'
import { type MarbleHelpers, runMarbles } from '../../lib/testing/runMarbles.js'

const mismatchOf = (picture: (helpers: MarbleHelpers) => void): MarbleMismatch => {
  try {
    runMarbles(picture)
  } catch (error) {
    if (error instanceof MarbleMismatch) return error
    throw error
  }
  throw new Error('The picture is true.')
}

const text = ([first, ...lines]: TemplateStringsArray): string => {
  expect(lines).toEqual([])
  return first!.replaceAll(/^ {6}/gm, '').trim()
}

describe('MarbleMismatch', () => {
  it('should show what was drawn, what came, what letters mean, and what differs', () => {
    const { message } = mismatchOf(({ coldElements, expectElements }) => {
      const table = { x: record({ origin: 'AMS' }, 100), w: watermark(99) }
      expectElements(coldElements('x 199ms w 1s a|', table)).toBe('x 99ms w 1099ms b|', table)
    })
    expect(message).toBe(text`
      expectElements: what came is not what is drawn.

        expected  x 99ms w 1099ms b|
        received  x 199ms w 1s a|
        where x = { origin: 'AMS' }@100, w = W99, b = b@2, a = a@1

               0 ms  { origin: 'AMS' }@100
        -    100 ms  W99
        -   1200 ms  b@2
        -   1201 ms  completed
        +    200 ms  W99
        +   1201 ms  a@1
        +   1202 ms  completed
    `)
  })

  it('should be one of all pictures that are not true, those of RxJS too', () => {
    const { message, checks } = mismatchOf(
      ({ coldElements, cold, expectElements, expectObservable, expectSubscriptions }) => {
        const numbers = cold('1-2|')
        expectElements(coldElements('RaEBI')).toBe('RaEBA')
        expectElements(coldElements('ab')).toBe('ab')
        expectObservable(numbers.pipe(map(Number))).toBe('1-3|', { 1: 1, 3: 3 })
        expectSubscriptions(numbers.subscriptions).toBe('^--!')
      },
    )
    expect(checks.map(({ title }) => title)).toEqual(['expectElements', 'expectObservable'])
    expect(message).toContain('received  RaEBb\n  where a = a@1, E = end, B = B1, A = active, b = idle\n')
    expect(message).toContain('received  1-2|')
  })

  it('should take what a matcher of the test framework accepts, for a value and for an error', () => {
    const failing = (at: string) => (helpers: MarbleHelpers) => {
      const sink$ = helpers.cold('a-b-#', { a: { kind: 'prepared', records: 3 }, b: 2 }, new TypeError('torn'))
      const table = { a: expect.objectContaining({ kind: 'prepared' }), b: expect.any(Number) }
      helpers.expectObservable(sink$).toBe(at, table, expect.objectContaining({ message: 'torn' }))
    }
    runMarbles(failing('a-b-#'))
    const { message } = mismatchOf(failing('a--b#'))
    expect(message).toContain('received  a-b-#\n')
    expect(message).toContain('  -      3 ms  Any')
    expect(message).toContain('  +      2 ms  2')
    expect(message).not.toMatch(/[+-] +[04] ms/)
    expect(mismatchOf(failing('a-b-|')).message).toContain('+      4 ms  failed: torn')
    expect(mismatchOf(failing('a-#-b')).checks).toHaveLength(1)
    expect(mismatchOf(failing('b-b-#')).checks).toHaveLength(1)
  })

  it('should tell subscriptions', () => {
    const { message } = mismatchOf(({ cold, expectObservable, expectSubscriptions }) => {
      const letters = cold('a---')
      expectObservable(letters, '^--!').toBe('a')
      expectSubscriptions(letters.subscriptions).toBe('^---!')
    })
    expect(message).toBe(text`
      expectSubscriptions: what came is not what is drawn.

        expected  ^---!
        received  ^--!

               0 ms  ^
        -      4 ms  !
        +      3 ms  !
    `)
  })

  it('should list what cannot be drawn: brackets take time', () => {
    const { message } = mismatchOf(({ coldElements, expectElements }) => {
      expectElements(merge(coldElements('(ab)'), coldElements('-c'))).toBe('(ab)c')
    })
    expect(message).toBe(text`
      expectElements: what came is not what is drawn.

        expected  (ab)c
        received  see below: something happens within the time that brackets take
        where a = a@1, b = b@2, c = c@3

               0 ms  a@1
               0 ms  b@2
        -      4 ms  c@3
        +      1 ms  c@3
    `)
  })

  it('should be silent about long stretches that are true', () => {
    const { message } = mismatchOf(({ coldElements, expectElements }) => {
      expectElements(coldElements('abcdefghijklmnopqrst')).toBe('abcdefghijklmnopqrsu')
    })
    expect(message.split('\n').slice(6)).toEqual([
      '    …',
      '        16 ms  q@17',
      '        17 ms  r@18',
      '        18 ms  s@19',
      '  -     19 ms  u@21',
      '  +     19 ms  t@20',
    ])
  })

  it('should have the error that nobody expected as its cause, with its stack', () => {
    const torn = new Error('torn')
    const mismatch = mismatchOf(({ expectElements }) => {
      expectElements(throwError(() => torn)).toBe('|')
    })
    expect(mismatch.cause).toBe(torn)
    expect(mismatch.message).toContain('failed: torn')
  })

  it('should point to the spec', () => {
    const { stack } = mismatchOf(({ coldElements, expectElements }) => {
      expectElements(coldElements('a')).toBe('b')
    })
    const [first] = stack!.split('\n').filter((line) => line.trimStart().startsWith('at '))
    expect(first).toContain('MarbleMismatch.spec.ts')
  })

  it('should tell of a picture that is longer than the run, instead', () => {
    expect(() =>
      runMarbles({ until: 100 }, ({ coldElements, expectElements }) => {
        expectElements(coldElements('200ms a')).toBe('200ms a')
      }),
    ).toThrow('expectElements: the picture ends at 200 ms, the run at 100 ms. Give the run { until: 200 }.')
  })
})
