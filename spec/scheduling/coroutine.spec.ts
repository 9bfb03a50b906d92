import { describe, expect, it } from '@jest/globals'
import { EMPTY, mergeMap, NEVER, Observable, of, Subject, throwError, timer } from 'rxjs'
import { coroutine, result } from '../../lib/scheduling/coroutine.js'
import { emitting } from '../../lib/scheduling/emitting.js'
import { runMarbles } from '../support/runMarbles.js'

describe('coroutine', () => {
  it('should go on with each last value, and emit what the body returns', () => {
    runMarbles(({ cold, expectObservable }) => {
      const sum$ = coroutine(function* () {
        const first = Number(yield* result(cold('-1-2|')))
        const second = Number(yield* result(cold('---3|')))
        return String(first + second)
      })
      expectObservable(sum$).toBe('--------(5|)')
    })
  })

  it('should run anew with each subscription', () => {
    let runs = 0
    const run$ = coroutine(function* () {
      runs += 1
      return yield* result(of(runs))
    })
    const seen: number[] = []
    run$.subscribe((run) => seen.push(run))
    run$.subscribe((run) => seen.push(run))
    expect(seen).toEqual([1, 2])
  })

  it('should go on with undefined when an Observable completes without a value', () => {
    const seen: unknown[] = []
    coroutine(function* () {
      return yield* result(EMPTY)
    }).subscribe((value) => seen.push(value))
    expect(seen).toEqual([undefined])
  })

  it('should throw an error where the body waits, and go on when it is caught', () => {
    runMarbles(({ cold, expectObservable }) => {
      const mended$ = coroutine(function* () {
        try {
          yield* result(cold('--#'))
          return 'a'
        } catch {
          return String(yield* result(cold('--m|')))
        }
      })
      expectObservable(mended$).toBe('-----(m|)')
    })
  })

  it('should error with what the body throws', () => {
    const told: unknown[] = []
    coroutine(function* () {
      yield* result(of(1))
      throw new Error('torn')
    }).subscribe({ error: (error: Error) => told.push(error.message) })
    coroutine(function* () {
      yield* result(throwError(() => new Error('refused')))
    }).subscribe({ error: (error: Error) => told.push(error.message) })
    expect(told).toEqual(['torn', 'refused'])
  })

  it('should stop where it waits when it is unsubscribed, and run what is to be done at the end', () => {
    runMarbles(({ cold, expectObservable, expectSubscriptions }) => {
      const waited = cold('-----a|')
      let ended = false
      const run$ = coroutine(function* () {
        try {
          yield* result(waited)
          return 'never'
        } finally {
          ended = true
        }
      })
      expectObservable(run$, '--!').toBe('---')
      expectSubscriptions(waited.subscriptions).toBe('^-!')
      timer(3).subscribe(() => expect(ended).toBe(true))
    })
  })

  it('should not recurse, however many answers come at once', () => {
    const seen: number[] = []
    coroutine(function* () {
      let sum = 0
      for (let n = 0; n < 100_000; n++) sum += yield* result(of(1))
      return sum
    }).subscribe((sum) => seen.push(sum))
    expect(seen).toEqual([100_000])
  })

  it('should leave nothing subscribed when it errors', () => {
    let left = 0
    const watched = new Observable<never>(() => () => left++)
    const run = coroutine(function* () {
      yield* result(watched)
      return NEVER
    }).subscribe()
    run.unsubscribe()
    expect(left).toBe(1)
  })

  it('should end where it waits when it is unsubscribed as it begins to wait', () => {
    const done: string[] = []
    const stop = new Subject<void>()
    const run$ = coroutine(function* () {
      try {
        yield* result(new Observable(() => stop.next()))
        done.push('went on')
      } finally {
        done.push('finally')
      }
    })
    stop.subscribe(() => run.unsubscribe())
    const begin = new Subject<void>()
    const run = begin.pipe(mergeMap(() => run$)).subscribe()
    begin.next()
    expect(done).toEqual(['finally'])
  })

  it('should wait for nothing more when it is unsubscribed from within its body', () => {
    const done: string[] = []
    const stop = new Subject<void>()
    const run$ = coroutine(function* () {
      try {
        stop.next()
        yield* result(new Observable(() => void done.push('asked')))
      } finally {
        done.push('finally')
      }
    })
    stop.subscribe(() => run.unsubscribe())
    const begin = new Subject<void>()
    const run = begin.pipe(mergeMap(() => run$)).subscribe()
    begin.next()
    expect(done).toEqual(['finally'])
  })
})

describe('emitting', () => {
  it('should emit on its way, and complete with the body', () => {
    runMarbles(({ cold, expectObservable }) => {
      const told$ = emitting<string>(function* (emit) {
        emit('a')
        yield* result(cold('--x|'))
        emit('b')
        yield* result(cold('--x|'))
      })
      expectObservable(told$).toBe('a--b--|')
    })
  })

  it('should error with the body', () => {
    runMarbles(({ cold, expectObservable }) => {
      const told$ = emitting<string>(function* (emit) {
        yield* result(cold('--x|'))
        emit('b')
        throw 'error'
      })
      expectObservable(told$).toBe('---(b#)')
    })
  })
})
