import { describe, expect, it } from '@jest/globals'
import { isLeft } from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { Subject, defer, filter, map } from 'rxjs'
import type { MonoTypeOperatorFunction, OperatorFunction } from 'rxjs'
import { stateCodec } from '../../lib/checkpoint/StateCodec.js'
import { keyedScan } from '../../lib/keyed/keyedScan.js'
import type { StreamElement } from '../../lib/stream/StreamElement.js'
import { Upstream, active, idle, record, show, watermark } from '../support/elements.js'
import { runMarbles } from '../support/runMarbles.js'
import { Checkpointed } from '../eventtime/support/Checkpointed.js'

/** Counts by the first letter; `-` forgets. */
const counts = keyedScan({
  uid: 'counts',
  keyBy: (value: string) => value[0]!,
  seed: () => 0,
  accumulate: (count, value) => (value.endsWith('-') ? undefined : count + 1),
  state: t.number,
})

const shown = (element: StreamElement<{ key: string; value: number }>): string =>
  element.kind === 'record' ? `${element.value.key}${element.value.value}@${element.timestamp}` : show(element)

/** One attempt of a pipeline: what goes in, and all that came out. */
const attempt = <R>(operator: OperatorFunction<StreamElement<string>, StreamElement<R>>) => {
  const source = new Subject<StreamElement<string>>()
  const seen: StreamElement<R>[] = []
  const errors: unknown[] = []
  source.pipe(operator).subscribe({ next: (element) => seen.push(element), error: (error) => errors.push(error) })
  return (...elements: StreamElement<string>[]) => {
    for (const element of elements) source.next(element)
    return { seen, errors }
  }
}

describe('keyedScan', () => {
  it('should give every record the next state of its key, in its place and with its timestamp', () => {
    const up = new Upstream()
    const elements = { R: up.restored(), a: record('a', 1), b: record('b', 2), W: watermark(2), i: idle, j: active }
    const words = { R: 'R', a: 'a1@1', b: 'b1@2', c: 'a2@1', W: 'W2', i: 'idle', j: 'active' }
    runMarbles(({ hot, expectObservable }) => {
      expectObservable(hot('R-ab-a-Wij|', elements).pipe(counts, map(shown))).toBe('R-ab-c-Wij|', words)
      expectObservable(hot('a-#', elements).pipe(counts, map(shown))).toBe('a-#', words)
    })
  })

  it('should refuse a key that is no number, as no checkpoint could hold it', () => {
    const byLength = keyedScan({ uid: 'n', keyBy: Number, seed: () => 0, accumulate: (n) => n + 1, state: t.number })
    const { errors } = attempt(byLength)(record('1'), record('one'))
    expect(errors).toEqual([expect.objectContaining({ _tag: 'InvalidKey' })])
  })

  it.each([[undefined], [null], [NaN], [Infinity], [1n], [true], [{ origin: 'AMS' }], [['AMS']], [Symbol('AMS')]])(
    'should refuse %p as a key',
    (key) => {
      const scan = keyedScan({
        uid: 'n',
        keyBy: () => key as unknown as string,
        seed: () => 0,
        accumulate: (n) => n + 1,
        state: t.number,
      })
      const { seen, errors } = attempt(scan)(record('1'))
      expect(seen).toEqual([])
      expect(errors).toEqual([
        expect.objectContaining({
          _tag: 'InvalidKey',
          message: expect.stringMatching(/^keyBy of "n" gave .*, which is no key: a key is a text or a finite number/),
        }),
      ])
    },
  )

  it('should forget a key whose state is undefined, and emit nothing', () => {
    const { seen } = attempt(counts)(record('a'), record('a-'), record('a'))
    expect(seen.map(shown)).toEqual(['a1@0', 'a1@0'])
  })

  it('should go on from a checkpoint, and not from what came after it', () => {
    const checkpoint = new Checkpointed()
    attempt(counts)(record('a'), record('b'), record('a'), checkpoint.barrier(), record('a'))
    const { seen } = attempt(counts)(checkpoint.restored, record('a'), record('b'), record('c'))
    expect(seen.map(shown)).toEqual(['R', 'a3@0', 'b2@0', 'c1@0'])
    expect(checkpoint.stateOf('counts')).toMatchObject({
      version: 1,
      state: {
        state: [
          ['a', 2],
          ['b', 1],
        ],
      },
    })
  })

  it('should copy what it hands over, so that a state may be changed in place', () => {
    const lists = keyedScan({
      uid: 'lists',
      keyBy: () => 0,
      seed: (): string[] => [],
      accumulate: (list, value: string) => {
        list.push(value)
        return list
      },
      state: t.array(t.string),
    })
    const handed: unknown[] = []
    const barrier = { ...new Upstream().barrier(1), snapshot: (_: string, state: unknown) => handed.push(state) }
    attempt(lists)(record('a'), barrier, record('b'))
    expect(handed).toEqual([expect.objectContaining({ state: expect.objectContaining({ state: [[0, ['a']]] }) })])
  })

  it('should begin anew at every subscription', () => {
    expect(attempt(counts)(record('a')).seen.map(shown)).toEqual(['a1@0'])
    expect(attempt(counts)(record('a')).seen.map(shown)).toEqual(['a1@0'])
  })

  it('should refuse a state that it cannot read, and keys of another parallelism', () => {
    const checkpoint = new Checkpointed()
    const restored = { ...new Upstream().restored(1), statesOf: () => [{ version: 9 }] }
    expect(attempt(counts)(restored).errors).toEqual([expect.objectContaining({ _tag: 'UnknownVersion' })])
    attempt(counts)(checkpoint.by(0, 2).restored, record('a'), checkpoint.barrier())
    expect(attempt(counts)(checkpoint.by(0, 3).restored).errors).toEqual([
      expect.objectContaining({ _tag: 'RescaledKeyedState' }),
    ])
  })
})

describe("a user's own operator with state", () => {
  const Seen = stateCodec('seen', 1, t.array(t.string))

  /** Drops values that were there before: as in the documentation of `Restored`. */
  const deduplicate =
    (uid: string): MonoTypeOperatorFunction<StreamElement<string>> =>
    (elements$) =>
      defer(() => {
        let seen = new Set<string>()
        return elements$.pipe(
          filter((element) => {
            if (element.kind === 'restored' && element.stateOf(uid) !== undefined) {
              const decoded = Seen.decode(element.stateOf(uid))
              if (isLeft(decoded)) throw decoded.left
              seen = new Set(decoded.right)
            }
            if (element.kind === 'barrier') element.snapshot(uid, Seen.encode([...seen]))
            if (element.kind !== 'record') return true
            const isNew = !seen.has(element.value)
            seen.add(element.value)
            return isNew
          }),
        )
      })

  it('should go on from a checkpoint with nothing but Restored and snapshot', () => {
    const checkpoint = new Checkpointed()
    attempt(deduplicate('orders'))(record('a'), checkpoint.barrier(), record('b'))
    const { seen, errors } = attempt(deduplicate('orders'))(checkpoint.restored, record('b'), record('a'), record('b'))
    expect(seen.map(show)).toEqual(['R', 'b@0'])
    expect(errors).toEqual([])
  })
})
