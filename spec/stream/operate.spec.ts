import { describe, expect, it } from '@jest/globals'
import { Observable, take } from 'rxjs'
import type { SourceObserver } from '../../lib/stream/operate.js'
import { operate } from '../../lib/stream/operate.js'
import { runMarbles } from '../support/runMarbles.js'

const operator =
  (observer: (emit: (value: string) => void) => SourceObserver<string>) =>
  (source: Observable<string>): Observable<string> =>
    new Observable((destination) => {
      operate(
        source,
        destination,
        observer((value) => {
          destination.next(value)
        }),
      )
    })
const fail = (): never => {
  throw 'error'
}

describe('operate', () => {
  it('should pass error and completion that are not handled', () => {
    runMarbles(({ hot, expectObservable, expectSubscriptions }) => {
      const same = operator((emit) => ({ next: emit }))
      const source = hot('a-b-|')
      expectObservable(source.pipe(same)).toBe('a-b-|')
      expectSubscriptions(source.subscriptions).toBe('^---!')
      expectObservable(hot('a-#').pipe(same)).toBe('a-#')
      expectObservable(hot('a-a').pipe(same), '-!').toBe('a')
    })
  })

  it('should turn what a handler throws into the error of the stream', () => {
    runMarbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('-a-b')
      expectObservable(source.pipe(operator(() => ({ next: fail })))).toBe('-#')
      expectSubscriptions(source.subscriptions).toBe('^!')
      expectObservable(hot('a-|').pipe(operator((next) => ({ next, complete: fail })))).toBe('a-#')
      expectObservable(hot('a-#', undefined, 'other').pipe(operator((next) => ({ next, error: fail })))).toBe('a-#')
    })
  })

  it('should let the handlers answer instead', () => {
    runMarbles(({ hot, expectObservable }) => {
      const calm = operator((emit) => ({
        next: emit,
        error: () => {
          emit('e')
        },
        complete: () => {
          emit('c')
        },
      }))
      expectObservable(hot('a-#').pipe(calm)).toBe('a-e')
      expectObservable(hot('a-|').pipe(calm)).toBe('a-c')
    })
  })

  it('should stop a source that emits while it is being subscribed to', () => {
    let produced = 0
    const source = new Observable<number>((subscriber) => {
      while (!subscriber.closed && produced < 1000) subscriber.next(produced++)
    })
    new Observable<number>((destination) => {
      operate(source, destination, {
        next: (value) => {
          destination.next(value)
        },
      })
    })
      .pipe(take(3))
      .subscribe()
    expect(produced).toBe(3)
  })
})
