import { runInNewContext } from 'node:vm'
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { of } from 'rxjs'
import { MemoryCheckpointStore } from '../../lib/checkpoint/store/MemoryCheckpointStore.js'
import { RestoredState } from '../../lib/checkpoint/recovery/RestoredState.js'
import { fromStored, toStored } from '../../lib/checkpoint/storedState.js'
import type { CheckpointBarrier } from '../../lib/stream/CheckpointBarrier.js'
import { runMarbles } from '../../lib/testing/runMarbles.js'
import { restoredOf } from './support/begun.js'
import { jobOf, letters, tagged } from './support/job.js'

const throughJson = (state: unknown): unknown => fromStored(JSON.parse(JSON.stringify(toStored('uid', state))))

const cyclic = (): unknown => {
  const list: unknown[] = []
  list.push({ list })
  return list
}

const never = (): never => {
  throw new Error('not to be read')
}

class Tally {
  constructor(readonly count: number) {}
}

/** What JSON would change without a word, and where it is. */
const unstorable: readonly (readonly [string, unknown, string])[] = [
  ['a Map', { by: new Map([['a', 1]]) }, 'a value of the class Map at by'],
  ['a Set', { all: [new Set([1])] }, 'a value of the class Set at all.0'],
  ['a Date', new Date(0), 'a value of the class Date in its place'],
  ['bytes', [Buffer.from('a')], 'a value of the class Buffer at 0'],
  ['an instance of a class', { tally: new Tally(1) }, 'a value of the class Tally at tally'],
  ['a number object', [new Number(1)], 'a value of the class Number at 0'],
  ['a promise', [Promise.resolve(1)], 'a value of the class Promise at 0'],
  ['a function', { f: () => 1 }, 'a function at f'],
  ['a symbol', { s: Symbol('s') }, 'a symbol at s'],
  ['undefined', undefined, 'undefined in its place'],
  ['undefined in an array', { a: [1, undefined] }, 'undefined at a.1'],
  // eslint-disable-next-line no-sparse-arrays
  ['a hole in an array', { a: [1, , 3] }, 'undefined at a.1'],
  ['a cycle', cyclic(), 'nested too deep, or refers to itself'],
]

const prototypeKey: unknown = JSON.parse('{"__proto__": {"count": 1}, "a": 2}')

/** What JSON has a form for, and what it would change and gets one. */
const storable: readonly (readonly [string, unknown])[] = [
  ['numbers that JSON has no form for', { numbers: [NaN, Infinity, -Infinity, -0, 0, 1.5] }],
  ['bigints', [2n ** 70n, -1n]],
  ['null', null],
  ['halves of surrogate pairs', '\ud800 and \udfff'],
  ['keys that are names of Object', prototypeKey],
  ['what looks like a form', { $number: 'NaN' }],
  ['what looks like a form, again and again', [{ $value: { $value: { $bigint: '1' } } }, { $number: -0 }]],
  ['what begins like a form', { $number: 'NaN', b: 1 }],
]

describe('a stored state', () => {
  it.each(storable)('should bring back %s', (_, state) => {
    expect(throughJson(state)).toEqual(state)
  })

  it('should bring back every value that is made of plain objects, arrays, texts, numbers and bigints', () => {
    const text = fc.string({ unit: 'binary', maxLength: 4 })
    const key = fc.oneof(text, fc.constantFrom('$number', '$bigint', '$value', '__proto__'))
    const leaf = fc.oneof(text, fc.double(), fc.bigInt(), fc.boolean(), fc.constant(null))
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        leaf,
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(key, tie('value'), { maxKeys: 3 }),
      ),
    }))
    const named = (found: unknown): unknown => JSON.parse(JSON.stringify(found, namedNumbers)) as unknown
    fc.assert(fc.property(value, (state) => expect(named(throughJson(state))).toEqual(named(state))))
  })

  it('should leave out properties that are undefined, which reads the same', () => {
    expect(throughJson({ a: undefined, b: { c: undefined } })).toStrictEqual({ b: {} })
  })

  it('should be a copy, before it is stored and after', () => {
    const state = { list: [{ n: 1 }] }
    const stored = toStored('uid', state)
    state.list[0]!.n = 2
    expect(stored).toEqual({ list: [{ n: 1 }] })
    const restored = fromStored(stored) as typeof state
    restored.list[0]!.n = 3
    expect(stored).toEqual({ list: [{ n: 1 }] })
  })

  it('should take plain objects of another realm for what they are', () => {
    expect(throughJson(runInNewContext('({ a: [1, { b: NaN }] })'))).toEqual({ a: [1, { b: NaN }] })
    expect(() => toStored('uid', runInNewContext('({ a: new Date(0) })'))).toThrow('Date at a')
  })

  it.each(unstorable)('should refuse %s, and say where it is', (_, state, what) => {
    expect(() => toStored('totals', state)).toThrow(
      expect.objectContaining({
        name: 'CheckpointError',
        _tag: 'InvalidState',
        retriable: false,
        message: expect.stringContaining('The state "totals" cannot be written so that it can be read again: there is'),
      }),
    )
    expect(() => toStored('totals', state)).toThrow(what)
  })

  it('should be what an attempt is restored with', () => {
    const states = { nothing: [toStored('nothing', null)], sum: [toStored('sum', { total: NaN }), null] }
    const stored = { checkpointId: 1, timestamp: 0, savepoint: false, parallelism: 2, states, committed: {} }
    const restored = new RestoredState(stored, 2)
    expect(restored.stateOf('nothing', 0)).toBeNull()
    expect(restored.stateOf('nothing', 1)).toBeUndefined()
    expect(restored.statesOf('sum', 0)).toEqual([{ total: NaN }])
  })
})

const namedNumbers = (_: string, value: unknown): unknown =>
  typeof value === 'bigint' || typeof value === 'number'
    ? `${typeof value} ${Object.is(value, -0) ? '-0' : value}`
    : value

describe('a state that is handed over', () => {
  it.each([
    ['at once', new Map()],
    ['later', of(new Map())],
    ['it throws when it is read', new Proxy({}, { ownKeys: () => never() })],
  ])('should fail the job when it cannot be restored: %s', (_, state) => {
    runMarbles({ until: 250 }, ({ expectObservable, flush, ...helpers }) => {
      const store = new MemoryCheckpointStore()
      const { pipeline } = jobOf(helpers, { store, tolerableFailures: 5 })
      const snapshot = (barrier: CheckpointBarrier) => barrier.snapshot('mine', barrier.checkpointId === 1 ? {} : state)
      expectObservable(pipeline({}, { snapshot })).toBe('(R1a) 95ms (2B#)', letters, tagged('InvalidState'))
      flush()
      expect(restoredOf(store)?.checkpointId).toBe(1)
    })
  })

  it('should be stored as it was when it was handed over', () => {
    runMarbles({ until: 250 }, ({ expectObservable, flush, ...helpers }) => {
      const store = new MemoryCheckpointStore()
      const { pipeline } = jobOf(helpers, { store, tolerableFailures: 5 })
      const state = { seen: 0 }
      const snapshot = (barrier: CheckpointBarrier) => {
        state.seen = barrier.checkpointId
        barrier.snapshot('mine', state)
        state.seen = -1
      }
      expectObservable(pipeline({}, { snapshot })).toBe('(R1a) 95ms (2b) 96ms (3c)', letters)
      flush()
      expect(restoredOf(store)).toMatchObject({ checkpointId: 3, states: { mine: [{ seen: 3 }] } })
    })
  })

  it.each([[undefined], [7], ['__proto__']])('should have a uid that can be found again, which %p cannot', (uid) => {
    runMarbles({ until: 50 }, ({ expectObservable, flush, ...helpers }) => {
      const store = new MemoryCheckpointStore()
      const { pipeline } = jobOf(helpers, { store })
      const snapshot = (barrier: CheckpointBarrier) => barrier.snapshot(uid as string, {})
      expectObservable(pipeline({}, { snapshot })).toBe('(R1A#)', letters, tagged('IllegalState'))
      flush()
      expect(restoredOf(store)).toBeUndefined()
    })
  })
})
