import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { expectTypeOf } from 'expect-type'
import { EMPTY, NEVER, Subject, map, of } from 'rxjs'
import type { Observable } from 'rxjs'
import { combineWatermarks } from '../../lib/eventtime/combineWatermarks.js'
import { unionElements } from '../../lib/eventtime/unionElements.js'
import type { StreamElement } from '../../lib/stream/StreamElement.js'
import { Upstream, active, idle, record, show, watermark } from '../support/elements.js'
import { runMarbles } from '../support/runMarbles.js'

type Elements = StreamElement<string>

describe('unionElements', () => {
  const up = new Upstream()
  const elements = {
    r: up.restored(3),
    a: record('a', 1),
    b: record('b', 2),
    e: up.end(),
    1: watermark(1),
    2: watermark(2),
    3: watermark(3),
    M: watermark(Infinity),
    i: idle,
    j: active,
    x: up.barrier(7),
    f: up.barrier(8, 'finished'),
    d: up.barrier(8, 'drain'),
    s: up.barrier(8, 'suspend'),
  }
  const shown = {
    r: 'R',
    a: 'a@1',
    b: 'b@2',
    e: 'end',
    1: 'W1',
    2: 'W2',
    3: 'W3',
    M: 'WInfinity',
    i: 'idle',
    j: 'active',
    x: 'B7',
    f: 'B8 finished',
    d: 'B8 drain',
    s: 'B8 suspend',
    y: 'B8',
  }

  it('should merge all elements, with one Restored and one barrier of all inputs', () => {
    runMarbles(({ hot, expectObservable, expectSubscriptions }) => {
      const one = hot('     ra-e-xa-----|', elements)
      const two = hot('     r-b----ex---|', elements)
      const expected = '    rabe---e(xa)|'
      const subscription = '^-----------!'
      expectObservable(unionElements(one, two).pipe(map(show))).toBe(expected, shown)
      expectSubscriptions(one.subscriptions).toBe(subscription)
      expectSubscriptions(two.subscriptions).toBe(subscription)
    })
  })

  it('should emit the least watermark; an input back from idleness counts when it has caught up', () => {
    runMarbles(({ hot, expectObservable }) => {
      const one = hot(' 1-i---j-2-----3', elements)
      const two = hot(' -1-2-3-----i---', elements)
      const expected = '-1-2-3-----'
      expectObservable(unionElements(one, two).pipe(map(show)), '^----------!').toBe(expected, shown)
    })
  })

  it('should be idle when all inputs are, after the latest watermark of all, and active with the first', () => {
    runMarbles(({ hot, expectObservable }) => {
      const one = hot(' 2-----i----', elements)
      const two = hot(' --1-i----j3', elements)
      const expected = '--1-2-i--j3'
      expectObservable(unionElements(one, two).pipe(map(show))).toBe(expected, shown)
    })
  })

  it('should end when all inputs end, with one final watermark; one that ended before is not waited for', () => {
    runMarbles(({ hot, expectObservable }) => {
      const one = hot(' r--Mf-|         ', elements)
      const two = hot(' ra---y--2-Mz---|', { ...elements, y: up.barrier(8), z: up.barrier(9, 'finished') })
      const expected = 'ra---y--2-Mz---|'
      expectObservable(unionElements(one, two).pipe(map(show))).toBe(expected, { ...shown, z: 'B9 finished' })
    })
  })

  it('should not let the watermark jump to the end when one has ended and the others are idle', () => {
    runMarbles(({ hot, expectObservable }) => {
      const one = hot(' 2---M---', elements)
      const two = hot(' -1i---j3', elements)
      const expected = '-12-i-j3'
      expectObservable(unionElements(one, two).pipe(map(show))).toBe(expected, shown)
    })
  })

  it.each([
    ['f', 'd', 'drain'],
    ['d', 's', 'suspend'],
    ['f', 's', 'suspend'],
    ['f', 'f', 'finished'],
  ] as const)('should end as the input that lets the least follow: %s, %s', (first, second, end) => {
    const seen: unknown[] = []
    const [one, two] = [new Subject<Elements>(), new Subject<Elements>()]
    const make = { f: 'finished', d: 'drain', s: 'suspend' } as const
    unionElements(one, two).subscribe((element) => {
      if (element.kind === 'barrier') seen.push(element.end)
    })
    one.next(up.barrier(8, make[first]))
    two.next(up.barrier(8, make[second]))
    expect(seen).toEqual([end])
  })

  it('should pass never, empty and no input, an error, and unsubscribe from all', () => {
    runMarbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      expectObservable(unionElements(NEVER, EMPTY)).toBe('-')
      expectObservable(unionElements(EMPTY, EMPTY)).toBe('|')
      expectObservable(unionElements()).toBe('|')
      const one = hot('a-#', elements)
      const two = cold<Elements>('-')
      expectObservable(unionElements(one, two).pipe(map(show))).toBe('a-#', shown)
      expectSubscriptions(two.subscriptions).toBe('^-!')
      const three = hot('ab-', elements)
      expectObservable(unionElements(three).pipe(map(show)), '-!').toBe('a', shown)
      expectSubscriptions(three.subscriptions).toBe('^!')
    })
  })

  it('should have the union of their types', () => {
    const union$ = unionElements(NEVER as Observable<StreamElement<string>>, NEVER as Observable<StreamElement<number>>)
    expectTypeOf(union$).toEqualTypeOf<Observable<StreamElement<string | number>>>()
  })
})

describe('several inputs', () => {
  const inputs = fc.array(
    fc.array(fc.oneof(fc.constant('record' as const), fc.constant('end' as const), fc.nat({ max: 20 })), {
      maxLength: 12,
    }),
    { minLength: 1, maxLength: 4 },
  )
  const merges = {
    combineWatermarks: (splits: readonly Observable<Elements>[]) =>
      of(...splits.map((one, index) => ({ id: `${index}`, elements: one }))).pipe(combineWatermarks()),
    unionElements: (splits: readonly Observable<Elements>[]) => unionElements(...splits),
  }

  it.each(Object.keys(merges) as (keyof typeof merges)[])(
    'should put every element on its side of the barriers, in the order of its input, in any interleaving: %s',
    (merge) => {
      fc.assert(
        fc.property(inputs, fc.infiniteStream(fc.nat()), fc.nat({ max: 4 }), (scripts, choices, barriers) => {
          const up = new Upstream()
          // Every input sends the same barriers, each at a place of its own, and completes.
          const queues = scripts.map((script, input) => {
            const elements = script.map((kind, index): Elements =>
              kind === 'record' ? record(`${input}.${index}`) : kind === 'end' ? up.end() : watermark(kind),
            )
            for (let id = barriers; id > 0; id--)
              elements.splice((id * 7 + input * 3) % (elements.length + 1), 0, up.barrier(0))
            let next = 0
            return elements.map((element) =>
              element.kind === 'barrier' ? up.barrier(++next, undefined, undefined, ` of ${input}`) : element,
            )
          })
          const sources = queues.map(() => new Subject<Elements>())
          const seen: string[] = []
          let completed = false
          merges[merge](sources).subscribe({
            next: (element) => {
              seen.push(show(element))
              if (element.kind === 'barrier') element.acknowledge()
            },
            complete: () => (completed = true),
          })
          const left = queues.map((queue) => [...queue])
          const open = new Set(queues.keys())
          while (open.size > 0) {
            const input = [...open][choices.next().value % open.size]!
            const element = left[input]!.shift()
            if (element === undefined) {
              open.delete(input)
              sources[input]!.complete()
            } else sources[input]!.next(element)
          }
          expect(completed).toBe(true)
          const isRecord = (text: string): boolean => text.includes('.') || text.startsWith('B')
          queues.forEach((queue, input) => {
            const mine = seen.filter((text) => text.startsWith('B') || text.startsWith(`${input}.`))
            expect(mine).toEqual(queue.map(show).filter(isRecord))
          })
          expect(seen.filter((text) => text === 'end')).toHaveLength(
            queues.flat().filter(({ kind }) => kind === 'batchEnd').length,
          )
          expect(up.calls).toHaveLength(barriers * queues.length)
          const watermarks = seen.filter((text) => text.startsWith('W')).map((text) => Number(text.slice(1)))
          expect(watermarks).toEqual([...new Set(watermarks)].sort((a, b) => a - b))
        }),
      )
    },
  )
})
