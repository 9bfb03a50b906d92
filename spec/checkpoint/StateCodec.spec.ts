import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { right } from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { extendedNumber, stateCodec, upgrade } from '../../lib/checkpoint/StateCodec.js'

const Counter = stateCodec('counter', 2, t.type({ counts: t.record(t.string, t.number), watermark: extendedNumber }), {
  1: upgrade(t.type({ count: t.number }), ({ count }) => ({ counts: { all: count }, watermark: -Infinity })),
})

describe('stateCodec', () => {
  it('should write the newest version', () => {
    expect(Counter.encode({ counts: { a: 1 }, watermark: -Infinity })).toEqual({
      version: 2,
      state: { counts: { a: 1 }, watermark: '-Infinity' },
    })
  })

  it('should read an older version', () => {
    expect(Counter.decode({ version: 1, state: { count: 3 } })).toEqual(
      right({ counts: { all: 3 }, watermark: -Infinity }),
    )
  })

  it('should name a version that it cannot read', () => {
    expect(Counter.decode({ version: 3, state: {} })).toMatchObject({
      left: {
        _tag: 'UnknownVersion',
        retriable: false,
        message: expect.stringMatching(/"counter" has version 3; this release reads 1, 2\./),
      },
    })
  })

  it('should report all faults', () => {
    expect(Counter.decode({ version: 2, state: { counts: { a: 'x' } } })).toMatchObject({
      left: { message: expect.stringMatching(/"counter".*counts.*a.*; .*watermark/) },
    })
    expect(Counter.decode(undefined)).toMatchObject({ left: { _tag: 'Corrupt' } })
  })

  it('should bring back any state through JSON', () => {
    const number = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => n + 0),
      fc.constantFrom(Infinity, -Infinity),
    )
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.string({ minLength: 1 }).filter((key) => key !== '__proto__'),
          fc.integer(),
          { noNullPrototype: true },
        ),
        number,
        (counts, watermark) => {
          expect(Counter.decode(JSON.parse(JSON.stringify(Counter.encode({ counts, watermark }))))).toEqual(
            right({ counts, watermark: watermark === 0 ? 0 : watermark }),
          )
        },
      ),
    )
  })
})

describe('extendedNumber', () => {
  it.each([[NaN], [null], ['1'], ['NaN'], [Infinity]])('should refuse %p as JSON', (value) => {
    expect(extendedNumber.decode(value)._tag).toBe('Left')
  })
})
