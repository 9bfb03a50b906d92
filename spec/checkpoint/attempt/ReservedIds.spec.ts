import { describe, expect, it } from '@jest/globals'
import { defer, EMPTY, map, type Observable, of, Subject, timer } from 'rxjs'
import { ReservedIds } from '../../../lib/checkpoint/attempt/ReservedIds.js'
import type { AttemptLedger, IdBlock } from '../../../lib/checkpoint/store/AttemptLedger.js'
import { runMarbles } from '../../../lib/testing/runMarbles.js'
import { steps } from '../support/steps.js'

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

/** A store that takes 10 ms to reserve a block, and tells when it is asked. */
const blocks = (...firsts: readonly number[]) => {
  const asked$ = new Subject<string>()
  let next = 0
  const reserve = () =>
    defer(() => {
      asked$.next('a')
      const first = firsts[next++]!
      return timer(10).pipe(map(() => ({ first, last: first + 15 })))
    })
  return { ledger: ledgerOf(reserve), asked$ }
}

describe('ReservedIds', () => {
  it('should count up where nothing is reserved', () => {
    runMarbles(({ expectObservable }) => {
      const ids = new ReservedIds(undefined)
      expectObservable(ids.next(7)).toBe('(i|)', { i: 8 })
      expect(ids.above(7)).toBe(8)
    })
  })

  it('should jump from the end of a block to the next one that it got', () => {
    runMarbles(({ expectObservable, flush }) => {
      const { ledger, asked$ } = blocks(17, 65)
      const ids = new ReservedIds(ledger)
      expect(ids.above(0)).toBeUndefined()
      expectObservable(asked$).toBe('               a 49ms a')
      expectObservable(ids.next(0)).toBe('           10ms (i|)', { i: 17 })
      expectObservable(ids.next(17), '20ms ^').toBe('20ms (i|)', { i: 18 })
      expectObservable(ids.next(31), '30ms ^').toBe('30ms (i|)', { i: 32 })
      expectObservable(ids.next(32), '50ms ^').toBe('60ms (i|)', { i: 65 })
      flush()
      expect([ids.above(31), ids.above(32), ids.above(64), ids.above(80)]).toEqual([32, 65, 65, undefined])
    })
  })

  it('should give out none of a block that was dropped, and drop the newest never', () => {
    runMarbles(({ expectObservable, flush }) => {
      const { ledger, asked$ } = blocks(1, 17, 33)
      const ids = new ReservedIds(ledger)
      expectObservable(asked$).toBe('            a---------a---------a')
      expectObservable(ids.ensure(0, 48)).toBe('30ms (e|)', { e: undefined })
      flush()
      expect(ids.dropNeedless(({ first }) => first !== 17)).toEqual([{ first: 17, last: 32 }])
      expect([ids.above(3), ids.above(16), ids.above(20)]).toEqual([4, 33, 33])
      expect(ids.dropNeedless(() => false)).toEqual([{ first: 1, last: 16 }])
      expect(ids.dropNeedless(() => false)).toEqual([])
      expect(ids.above(0)).toBe(33)
    })
  })

  it('should have as many ahead as it is asked for', () => {
    runMarbles(({ expectObservable, ...helpers }) => {
      const { ledger, asked$ } = blocks(1, 17, 33)
      const ids = new ReservedIds(ledger)
      steps(helpers, '               -b 19ms c 9ms d 19ms e', {
        b: () => ids.ensure(0, 16),
        c: () => ids.ensure(14, 2),
        d: () => ids.ensure(14, 3),
        e: () => ids.ensure(16, 17),
      })
      expectObservable(asked$).toBe('-a    29ms     a 19ms a')
    })
  })

  it('should ask the store once for all who wait, also when the first of them no longer does', () => {
    runMarbles(({ expectObservable }) => {
      const { ledger, asked$ } = blocks(1)
      const ids = new ReservedIds(ledger)
      expectObservable(asked$).toBe('          a')
      expectObservable(ids.next(0), '^----!').toBe('-')
      expectObservable(ids.next(0), '-^').toBe('10ms (i|)', { i: 1 })
      expectObservable(ids.next(3), '--^').toBe('10ms (i|)', { i: 4 })
    })
  })

  it('should tell all who wait that the store failed, and ask again when it is asked again', () => {
    runMarbles(({ scheduler, cold, expectObservable }) => {
      const failure = new Error('EIO')
      const block = { b: { first: 1, last: 16 } }
      const ids = new ReservedIds(
        ledgerOf(() =>
          defer(() => (scheduler.now() < 20 ? cold<IdBlock>('10ms #', {}, failure) : cold('10ms (b|)', block))),
        ),
      )
      expectObservable(ids.next(0), '^').toBe('           10ms #', {}, failure)
      expectObservable(ids.next(0), '--^').toBe('         10ms #', {}, failure)
      expectObservable(ids.next(0), '20ms ^').toBe('30ms (i|)', { i: 1 })
    })
  })
})
