import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { attemptName, attemptNamed, byAge, rivalsOf, supersedes } from '../../lib/checkpoint/store/AttemptOrder.js'
import { conflict, type JobShare, nameOfShare, shareNamed, shareOf } from '../../lib/checkpoint/JobShare.js'

const share: fc.Arbitrary<JobShare> = fc
  .integer({ min: 1, max: 12 })
  .chain((parallelism) =>
    fc
      .uniqueArray(fc.nat(parallelism - 1), { minLength: 1 })
      .map((subtasks) => ({ parallelism, subtasks: subtasks.sort((a, b) => a - b) })),
  )
const claim = fc.record({ number: fc.nat(5), share })

describe('JobShare', () => {
  it('should have a name that people and programs can read', () => {
    expect(nameOfShare({ parallelism: 9, subtasks: [0, 1, 2, 5, 7, 8] })).toBe('subtasks-0-2,5,7-8-of-9')
    fc.assert(fc.property(share, (one) => expect(shareNamed(nameOfShare(one))).toEqual(one)))
  })

  it('should conflict where a subtask is in both, or the parallelism is another', () => {
    expect(conflict({ parallelism: 3, subtasks: [0, 1] }, { parallelism: 3, subtasks: [1, 2] })).toBe(true)
    expect(conflict({ parallelism: 3, subtasks: [0] }, { parallelism: 2, subtasks: [1] })).toBe(true)
    expect(conflict({ parallelism: 3, subtasks: [0, 1] }, { parallelism: 3, subtasks: [2] })).toBe(false)
  })

  it.each([
    ['subtaskIndex 2 and parallelism 2', [{ uid: 'a', subtaskIndex: 2, parallelism: 2 }]],
    ['subtaskIndex -1 and', [{ uid: 'a', subtaskIndex: -1, parallelism: 2 }]],
    ['subtaskIndex 0.5 and', [{ uid: 'a', subtaskIndex: 0.5, parallelism: 2 }]],
    [
      '"b" has 3, another one 2',
      [
        { uid: 'a', subtaskIndex: 0, parallelism: 2 },
        { uid: 'b', subtaskIndex: 0, parallelism: 3 },
      ],
    ],
  ])('should be refused: %s', (message, parts) => {
    expect(() => shareOf(parts)).toThrow(
      expect.objectContaining({ _tag: 'Config', message: expect.stringContaining(message) }),
    )
  })
})

describe('AttemptOrder', () => {
  it('should read the names it gives, those of undivided jobs too', () => {
    expect(attemptName({ number: 7, share: { parallelism: 1, subtasks: [0] } })).toBe('attempt-000007')
    expect(attemptNamed('savepoints')).toBeUndefined()
    fc.assert(fc.property(claim, (one) => expect(attemptNamed(attemptName(one))).toEqual(one)))
  })

  it('should be one order for everybody, in which of two that conflict one supersedes the other', () => {
    fc.assert(
      fc.property(claim, claim, (a, b) => {
        const same = attemptName(a) === attemptName(b)
        expect(Math.sign(byAge(a, b))).toBe(-Math.sign(byAge(b, a)) + 0)
        expect(byAge(a, b) === 0).toBe(same)
        expect(Number(supersedes(a, b)) + Number(supersedes(b, a))).toBe(!same && conflict(a.share, b.share) ? 1 : 0)
      }),
    )
  })

  it('should ask the newest to be silent when their parallelism is another', () => {
    const of = (number: number, parallelism: number) => ({ number, share: { parallelism, subtasks: [0] } })
    const all = [of(4, 2), of(3, 2), of(2, 3), of(1, 2)]
    expect(rivalsOf(of(5, 3).share, all)).toEqual([of(4, 2), of(3, 2)])
    expect(rivalsOf(of(5, 2).share, all)).toEqual([])
    expect(rivalsOf(of(5, 2).share, [])).toEqual([])
  })
})
