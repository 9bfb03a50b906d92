import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { isLeft, isRight } from 'fp-ts/lib/Either.js'
import {
  acknowledged,
  announced,
  delivered,
  deliveredStates,
  isComplete,
  missing,
  type PendingCheckpoint,
  pendingCheckpoint,
  sent,
} from '../../../lib/checkpoint/attempt/PendingCheckpoint.js'
import { keyOf } from '../../../lib/checkpoint/SubtaskKey.js'

const source = (uid: string, subtaskIndex = 0) => ({ uid, subtaskIndex })

const must = (step: ReturnType<typeof sent>): PendingCheckpoint => {
  if (isLeft(step)) throw step.left
  return step.right
}

describe('PendingCheckpoint', () => {
  it('should be complete at once without sources', () => {
    expect(isComplete(pendingCheckpoint([]))).toBe(true)
  })

  it('should name what is missing', () => {
    let pending = pendingCheckpoint([source('a'), source('b', 2), source('c')])
    pending = must(sent(pending, source('b', 2), 1))
    pending = must(sent(pending, source('c'), 3))
    pending = must(announced(pending, source('window')))

    expect(missing(pending)).toEqual([
      'the source "a" (subtask 0) has not sent its barrier',
      'the barrier of the source "b" (subtask 2) not acknowledged',
      '3 barriers of the source "c" (subtask 0) not acknowledged',
      'the state of "window" (subtask 0) announced but not handed over',
    ])
  })

  it('should count a source without splits as acknowledged when it has sent its barriers: none', () => {
    expect(isComplete(must(sent(pendingCheckpoint([source('a')]), source('a'), 0)))).toBe(true)
  })

  it('should refuse a barrier of a source that is not asked, and a second one', () => {
    const pending = must(sent(pendingCheckpoint([source('a')]), source('a'), 1))

    expect(sent(pending, source('a'), 1)).toMatchObject({ left: { _tag: 'IllegalState' } })
    expect(sent(pending, source('b'), 1)).toMatchObject({ left: { _tag: 'IllegalState' } })
  })

  it('should refuse a second acknowledgement, and one of a part that there is not', () => {
    const pending = must(acknowledged(must(sent(pendingCheckpoint([source('a')]), source('a'), 2)), source('a'), 1))

    expect(acknowledged(pending, source('a'), 1)).toMatchObject({
      left: { _tag: 'AcknowledgedTwice', retriable: false },
    })
    expect(acknowledged(pending, source('a'), 2)).toMatchObject({ left: { _tag: 'AcknowledgedTwice' } })
    expect(isRight(acknowledged(pending, source('a'), 0))).toBe(true)
  })

  it('should refuse two states of one uid and subtask', () => {
    const pending = must(announced(pendingCheckpoint([]), source('window')))

    expect(announced(pending, source('window'))).toMatchObject({ left: { _tag: 'DuplicateUid', retriable: false } })
    expect(isRight(announced(pending, source('window', 1)))).toBe(true)
  })

  it('should be complete exactly when every part is acknowledged and every state is in, in any order', () => {
    const keys = fc.uniqueArray(
      fc.record({ uid: fc.constantFrom('a', 'b', '0:a', '__proto__'), subtaskIndex: fc.nat(2) }),
      {
        selector: keyOf,
        maxLength: 4,
      },
    )
    fc.assert(
      fc.property(
        keys,
        keys,
        fc.array(fc.nat(3), { minLength: 4, maxLength: 4 }),
        fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
        (sources, owners, parts, random) => {
          type Step = (pending: PendingCheckpoint) => PendingCheckpoint
          const chains: Step[][] = [
            ...sources.map((it, index): Step[] => [(pending) => must(sent(pending, it, parts[index]!))]),
            ...owners.map((it): Step[] => [
              (pending) => must(announced(pending, it)),
              (pending) => delivered(pending, it, `state of ${keyOf(it)}`),
            ]),
          ]
          sources.forEach((it, index) => {
            for (let part = 0; part < parts[index]!; part++)
              chains[index]!.push((pending) => must(acknowledged(pending, it, part)))
          })
          let pending = pendingCheckpoint(sources)
          const announcedYet = () => chains.slice(sources.length).every((chain) => chain.length !== 1)
          for (;;) {
            const open = chains.filter((chain) => chain.length > 0)
            const sourcesDone = chains.slice(0, sources.length).every((chain) => chain.length === 0)
            expect(isComplete(pending)).toBe(sourcesDone && announcedYet())
            expect(missing(pending).length === 0).toBe(isComplete(pending))
            if (open.length === 0) break
            pending = open[Math.floor(random.next().value * (open.length - 0.001))]!.shift()!(pending)
          }
          expect(deliveredStates(pending).map(keyOf).sort()).toEqual(owners.map(keyOf).sort())
        },
      ),
    )
  })
})
