import { describe, expect, it } from '@jest/globals'
import { defer, EMPTY, type Observable, of, Subject, throwError } from 'rxjs'
import { ReservedIds } from '../../../lib/checkpoint/attempt/ReservedIds.js'
import type { AttemptLedger, IdBlock } from '../../../lib/checkpoint/store/AttemptLedger.js'

/** Only `reserve` is asked. */
const ledgerOf = (reserve: () => Observable<IdBlock>): AttemptLedger => ({
  ...{ mayReplace: false, first: true, reserve },
  takeOver: () => of([]),
  release: () => EMPTY,
  confirm: () => EMPTY,
  otherSinks: () => of([]),
  recordSinks: () => EMPTY,
  settled: () => EMPTY,
  newestBefore: () => of(undefined),
  goBack: () => of(false),
})

const blocks = (...firsts: readonly number[]) => {
  let asked = 0
  const reserve = () => defer(() => of({ first: firsts[asked]!, last: firsts[asked++]! + 15 }))
  return { ledger: ledgerOf(reserve), asked: () => asked }
}

describe('ReservedIds', () => {
  it('should count up where nothing is reserved', () => {
    const seen: number[] = []
    const ids = new ReservedIds(undefined)
    ids.next(7).subscribe((id) => seen.push(id))
    expect([ids.above(7), seen]).toEqual([8, [8]])
  })

  it('should jump from the end of a block to the next one that it got', () => {
    const { ledger, asked } = blocks(17, 65)
    const ids = new ReservedIds(ledger)
    const seen: number[] = []
    const next = (after: number) => ids.next(after).subscribe((id) => seen.push(id))
    expect(ids.above(0)).toBeUndefined()
    next(0)
    next(17)
    next(31)
    expect([seen, asked()]).toEqual([[17, 18, 32], 1])
    next(32)
    expect([seen, asked()]).toEqual([[17, 18, 32, 65], 2])
    expect([ids.above(31), ids.above(32), ids.above(64), ids.above(80)]).toEqual([32, 65, 65, undefined])
  })

  it('should give out none of a block that was dropped, and drop the newest never', () => {
    const { ledger } = blocks(1, 17, 33)
    const ids = new ReservedIds(ledger)
    ids.ensure(0, 48).subscribe()
    expect(ids.dropNeedless(({ first }) => first !== 17)).toEqual([{ first: 17, last: 32 }])
    expect([ids.above(3), ids.above(16), ids.above(20)]).toEqual([4, 33, 33])
    expect(ids.dropNeedless(() => false)).toEqual([{ first: 1, last: 16 }])
    expect(ids.dropNeedless(() => false)).toEqual([])
    expect(ids.above(0)).toBe(33)
  })

  it('should have as many ahead as it is asked for', () => {
    const { ledger, asked } = blocks(1, 17, 33)
    const ids = new ReservedIds(ledger)
    ids.ensure(0, 16).subscribe()
    expect(asked()).toBe(1)
    ids.ensure(14, 2).subscribe()
    expect(asked()).toBe(1)
    ids.ensure(14, 3).subscribe()
    expect(asked()).toBe(2)
    ids.ensure(16, 17).subscribe()
    expect(asked()).toBe(3)
  })

  it('should ask the store once for all who wait, also when the first of them no longer does', () => {
    const answer = new Subject<IdBlock>()
    let asked = 0
    const ids = new ReservedIds(
      ledgerOf(() =>
        defer(() => {
          asked++
          return answer
        }),
      ),
    )
    const seen: number[] = []
    ids
      .next(0)
      .subscribe((id) => seen.push(id))
      .unsubscribe()
    ids.next(0).subscribe((id) => seen.push(id))
    ids.next(3).subscribe((id) => seen.push(id))
    answer.next({ first: 1, last: 16 })
    answer.complete()
    expect([asked, seen]).toEqual([1, [1, 4]])
  })

  it('should tell all who wait that the store failed, and ask again when it is asked again', () => {
    let fails = true
    const ids = new ReservedIds(
      ledgerOf(() => defer(() => (fails ? throwError(() => new Error('EIO')) : of({ first: 1, last: 16 })))),
    )
    const seen: unknown[] = []
    ids.next(0).subscribe({ error: (error: Error) => seen.push(error.message) })
    fails = false
    ids.next(0).subscribe((id) => seen.push(id))
    expect(seen).toEqual(['EIO', 1])
  })
})
