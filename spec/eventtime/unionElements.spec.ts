import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { expectTypeOf } from 'expect-type'
import { EMPTY, NEVER, Subject, map, of } from 'rxjs'
import type { Observable } from 'rxjs'
import { combineWatermarks } from '../../lib/eventtime/combineWatermarks.js'
import { unionElements } from '../../lib/eventtime/unionElements.js'
import type { CheckpointOutcome } from '../../lib/stream/CheckpointBarrier.js'
import type { StreamElement } from '../../lib/stream/StreamElement.js'
import { runMarbles } from '../../lib/testing/runMarbles.js'
import { Upstream, record, show, watermark } from '../support/elements.js'

type Elements = StreamElement<string>

describe('unionElements', () => {
  const up = new Upstream()

  it('should merge all elements, with one Restored and one barrier of all inputs', () => {
    runMarbles(({ hotElements, expectElements, expectSubscriptions }) => {
      const one = hotElements('Ra-E-Ba-----|')
      const two = hotElements('R-b----EB---|')
      const expected = '       RabE---E(Ba)|'
      const subscription = '   ^-----------!'
      expectElements(unionElements(one, two)).toBe(expected)
      expectSubscriptions(one.subscriptions).toBe(subscription)
      expectSubscriptions(two.subscriptions).toBe(subscription)
    })
  })

  it('should emit the least watermark; an input back from idleness counts when it has caught up', () => {
    runMarbles(({ hotElements, expectElements }) => {
      const one = hotElements('1-I---A-2-----3')
      const two = hotElements('-1-2-3-----I---')
      const expected = '       -1-2-3-----'
      expectElements(unionElements(one, two), '^----------!').toBe(expected)
    })
  })

  it('should wait again for an input back from idleness that is as far as what was emitted, or has caught up exactly', () => {
    runMarbles(({ hotElements, expectElements }) => {
      const as = hotElements('   2---I-A-----4')
      const far = hotElements('  -2-----3--4--')
      const expected = '         -2----------4'
      expectElements(unionElements(as, far)).toBe(expected)
      const behind = hotElements('1--I-A-2----3')
      const ahead = hotElements(' -1--2-----3--')
      const caught = '           -1--2-------3'
      expectElements(unionElements(behind, ahead)).toBe(caught)
    })
  })

  it('should emit the watermark of an input back from idleness at once when no other counts', () => {
    runMarbles(({ hotElements, expectElements }) => {
      const one = hotElements('  3-----I-A---')
      const two = hotElements('  -2-----I----')
      const three = hotElements('--1I-A-----I')
      const expected = '         --12----3---'
      expectElements(unionElements(one, two, three)).toBe(expected)
    })
  })

  it('should emit the latest watermark of all when all are idle, though the last to go was catching up', () => {
    runMarbles(({ hotElements, expectElements }) => {
      const one = hotElements('  9-------I---')
      const two = hotElements('  -5--I-A6---I')
      const three = hotElements('--7------I--')
      const expected = '         --5-7------(9I)'
      expectElements(unionElements(one, two, three)).toBe(expected)
    })
  })

  it('should wait for those that have caught up with what was emitted, also when the one that was furthest has ended', () => {
    runMarbles(({ hotElements, expectElements }) => {
      const one = hotElements('  6--I|')
      const two = hotElements('  -2-I----A5--')
      const three = hotElements('--4I------A9')
      const expected = '         --2(46I)A--9'
      expectElements(unionElements(one, two, three)).toBe(expected)
    })
  })

  it('should be idle when all inputs are, after the latest watermark of all, and active with the first', () => {
    runMarbles(({ hotElements, expectElements }) => {
      const one = hotElements('2-----I----')
      const two = hotElements('--1-I----A3')
      const expected = '       --1-2-I--A3'
      expectElements(unionElements(one, two)).toBe(expected)
    })
  })

  it('should end when all inputs end, with one final watermark; one that ended before is not waited for', () => {
    runMarbles(({ hotElements, expectElements }) => {
      const one = hotElements('R--MF-|         ')
      const two = hotElements('Ra---B--2-MF---|')
      const expected = '       Ra---B--2-MF---|'
      expectElements(unionElements(one, two)).toBe(expected)
    })
  })

  it('should not let the watermark jump to the end when one has ended and the others are idle', () => {
    runMarbles(({ hotElements, expectElements }) => {
      const one = hotElements('2---M---')
      const two = hotElements('-1I---A3')
      const expected = '       -12-I-A3'
      expectElements(unionElements(one, two)).toBe(expected)
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
    runMarbles(({ hotElements, expectElements, expectSubscriptions }) => {
      expectElements(unionElements(NEVER, EMPTY)).toBe('-')
      expectElements(unionElements(EMPTY, EMPTY)).toBe('|')
      expectElements(unionElements()).toBe('|')
      const two = hotElements('-')
      expectElements(unionElements(hotElements('a-#'), two)).toBe('a-#')
      expectSubscriptions(two.subscriptions).toBe('^-!')
      const three = hotElements('ab-')
      expectElements(unionElements(three), '-!').toBe('a')
      expectSubscriptions(three.subscriptions).toBe('^!')
    })
  })

  it('should listen to what becomes of a checkpoint until all barriers have come, or it is left', () => {
    runMarbles(({ hot, expectObservable, expectSubscriptions }) => {
      const outcomes = [1, 2].map(() => hot<CheckpointOutcome>('-'))
      const barriers = outcomes.map((outcome$, index) => up.barrier(index + 1, undefined, outcome$))
      const elements = { a: barriers[0]!, b: barriers[1]! }
      const one = hot<Elements>(' -a----b--', elements)
      const two = hot<Elements>(' ---a-----', elements)
      const expected = '          ---a-----'
      const subscription = '      ^-------!'
      expectObservable(unionElements(one, two).pipe(map(show)), subscription).toBe(expected, { a: 'B1' })
      expectSubscriptions(outcomes[0]!.subscriptions).toBe('-^-!')
      expectSubscriptions(outcomes[1]!.subscriptions).toBe('------^-!')
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
