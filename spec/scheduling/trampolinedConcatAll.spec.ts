import { describe, expect, it } from '@jest/globals'
import { concatAll, map, type Observable, of, Subject } from 'rxjs'
import { trampolinedConcatAll } from '../../lib/scheduling/trampolinedConcatAll.js'
import { runMarbles } from '../support/runMarbles.js'

describe('trampolinedConcatAll', () => {
  it.each([
    ['one after another', 'a-b-c|', 'x--|'],
    ['what waits when the source completes', 'abc|', 'x-y|'],
    ['nothing of nothing', '|', 'x|'],
    ['without an end', 'a--b-', 'x|'],
    ['the error of the source at once', 'a-#', 'x----|'],
    ['the error of an inner one', 'ab|', 'x-#'],
  ])('should emit as concatAll does: %s', (_, outer, inner) => {
    runMarbles(({ cold, expectObservable }) => {
      const sources$ = cold(outer).pipe(map((): Observable<string> => cold(inner)))
      expectObservable(sources$.pipe(trampolinedConcatAll())).toEqual(sources$.pipe(concatAll()))
    })
  })

  it('should stop when it is unsubscribed', () => {
    runMarbles(({ cold, expectObservable, expectSubscriptions }) => {
      const [first, second] = [cold('-x-y|'), cold('-z|')]
      const sources$ = cold<Observable<string>>('ab-c', { a: first, b: second, c: first })
      expectObservable(sources$.pipe(trampolinedConcatAll()), '-----!').toBe('-x-y-')
      expectSubscriptions(first.subscriptions).toBe('^---!')
      expectSubscriptions(second.subscriptions).toBe('----^!')
    })
  })

  it('should not overflow the stack when very many that wait complete at once', () => {
    const sources = new Subject<Observable<number>>()
    const gate = new Subject<number>()
    let sum = 0
    sources.pipe(trampolinedConcatAll()).subscribe((n) => (sum += n))
    sources.next(gate)
    for (let n = 0; n < 100_000; n++) sources.next(of(1))
    gate.complete()
    expect(sum).toBe(100_000)
  })

  it('should take what arrives while one completes', () => {
    const sources = new Subject<Observable<string>>()
    const seen: string[] = []
    sources.pipe(trampolinedConcatAll()).subscribe((value) => {
      seen.push(value)
      if (value === 'a') sources.next(of('b'))
    })
    sources.next(of('a'))
    expect(seen).toEqual(['a', 'b'])
  })
})
