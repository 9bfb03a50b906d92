import { describe, expect, it } from '@jest/globals'
import {
  EMPTY,
  Subject,
  catchError,
  concatMap,
  defaultIfEmpty,
  delay,
  filter,
  map,
  mergeMap,
  of,
  reduce,
  retry,
  scan,
  startWith,
  take,
  tap,
  timer,
  toArray,
} from 'rxjs'
import type { Observable } from 'rxjs'
import { onRecords } from '../../lib/stream/onRecords.js'
import { processBatches } from '../../lib/stream/processBatches.js'
import type { StreamElement } from '../../lib/stream/StreamElement.js'
import { StreamError } from '../../lib/stream/StreamError.js'
import { Upstream, idle, record, show, watermark } from '../support/elements.js'
import { runMarbles } from '../support/runMarbles.js'

const upper = map((value: string) => value.toUpperCase())

describe('onRecords', () => {
  const up = new Upstream()
  const elements = {
    r: up.restored(),
    a: record('a', 1),
    b: record('b', 2),
    c: record('c', 3),
    w: watermark(2),
    i: idle,
    e: up.end(),
    n: up.barrier(7),
    F: watermark(Infinity),
    f: up.barrier(8, 'finished'),
    d: up.barrier(8, 'drain'),
    s: up.barrier(8, 'suspend'),
  }
  const shown = {
    r: 'R',
    a: 'a@1',
    b: 'b@2',
    c: 'c@3',
    A: 'A@1',
    B: 'B@2',
    C: 'C@3',
    w: 'W2',
    i: 'idle',
    e: 'end',
    n: 'B7',
    F: 'WInfinity',
    f: 'B8 finished',
    d: 'B8 drain',
    s: 'B8 suspend',
  }

  it('should apply the operators to the values and give each output the timestamp of its record', () => {
    runMarbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('  r-a-b-c-|', elements)
      const subscription = '^-------!'
      const expected = '    r-A---C-|'
      const result = source.pipe(
        onRecords(
          upper,
          filter((value) => value !== 'B'),
        ),
        map(show),
      )
      expectObservable(result).toBe(expected, shown)
      expectSubscriptions(source.subscriptions).toBe(subscription)
    })
  })

  it('should keep every control element in its place between the records', () => {
    runMarbles(({ hot, expectObservable }) => {
      const source = hot(' r(aw)(bi)e-(cn)-|', elements)
      const expected = '   r(Aw)(Bi)e-(Cn)-|'
      expectObservable(source.pipe(onRecords(upper), map(show))).toBe(expected, shown)
    })
  })

  it('should emit all outputs of a synchronous concatMap before the next element', () => {
    runMarbles(({ hot, expectObservable }) => {
      const source = hot(' r(aw)-|', elements)
      const expected = '   r(AAw)|'
      expectObservable(
        source.pipe(
          onRecords(
            concatMap((value) => of(value, value)),
            upper,
          ),
          map(show),
        ),
      ).toBe(expected, shown)
    })
  })

  it('should subscribe its operators once, so that scan keeps its state over barriers', () => {
    runMarbles(({ hot, expectObservable }) => {
      const source = hot(' rae-n-be-|', elements)
      const expected = '   rxe-n-ye-|'
      expectObservable(source.pipe(onRecords(scan((all, value: string) => all + value, '')), map(show))).toBe(
        expected,
        { ...shown, x: 'a@1', y: 'ab@2' },
      )
    })
  })

  it('should subscribe its operators anew for each subscription', () => {
    const input = new Subject<StreamElement<string>>()
    const result = input.pipe(onRecords(scan((all, value: string) => all + value, '')), map(show))
    const seen: string[] = []
    const first = result.subscribe((element) => seen.push(`1 ${element}`))
    input.next(record('a'))
    first.unsubscribe()
    result.subscribe((element) => seen.push(`2 ${element}`))
    input.next(record('b'))
    expect(seen).toEqual(['1 a@0', '2 b@0'])
  })

  it('should serve operators that subscribe their source again or twice', () => {
    runMarbles(({ hot, expectObservable }) => {
      const source = hot(' ra-b-c-|', elements)
      const expected = '   rA---C-|'
      let failures = 0
      expectObservable(
        source.pipe(
          onRecords(
            tap((value) => {
              if (value === 'b' && failures++ === 0) throw new Error('b')
            }),
            upper,
            retry(1),
          ),
          map(show),
        ),
      ).toBe(expected, shown)
    })
  })

  describe('a late output', () => {
    const late: readonly [string, (values: Observable<string>) => Observable<string>][] = [
      ['delay', delay(1)],
      ['mergeMap of a timer', mergeMap((value) => timer(1).pipe(map(() => value)))],
    ]
    it.each(late)('should be an error that names the ways out: %s', (_, operator) => {
      runMarbles(({ hot, expectObservable }) => {
        const source = hot('ra--', elements)
        const expected = '  r-#'
        expectObservable(
          source.pipe(
            onRecords(operator),
            map(show),
            catchError((error: unknown) => {
              expect(error).toBeInstanceOf(StreamError)
              expect(error).toMatchObject({
                _tag: 'LateOutput',
                retriable: false,
                message: expect.stringMatching(/mapAsync.*processBatches/s),
              })
              throw 'error'
            }),
          ),
        ).toBe(expected, shown)
      })
    })

    it.each<[string, PromiseLike<unknown>]>([
      ['resolves', Promise.resolve('A')],
      ['rejects', Promise.reject(new Error('of nobody'))],
      ['is no Promise of this realm', { then: () => undefined } as unknown as PromiseLike<unknown>],
    ])('should be an error when it is a promise, as of an async function: %s', (_, promise) => {
      for (const [operator, expected] of [
        [onRecords<string, unknown>(map(() => promise)), 'r#'],
        [processBatches<string, unknown>((values$) => values$.pipe(map(() => promise))), 'r-#'],
      ] as const)
        runMarbles(({ hot, expectObservable }) => {
          expectObservable(
            hot('rae-', elements).pipe(
              operator,
              map(show),
              catchError((error: unknown) => {
                expect(error).toMatchObject({
                  _tag: 'LateOutput',
                  message: expect.stringMatching(/a promise.*mapAsync/),
                })
                throw 'error'
              }),
            ),
          ).toBe(expected, shown)
        })
    })

    it('should be an error also before the first record (startWith)', () => {
      runMarbles(({ hot, expectObservable }) => {
        const source = hot('ra--', elements)
        expectObservable(
          source.pipe(
            onRecords(startWith('x')),
            catchError((error: StreamError) => of(error._tag)),
          ),
        ).toBe('(x|)', { x: 'LateOutput' })
      })
    })

    it('should be an error when the stream ends while the operators still hold a record, rather than a lost record', () => {
      runMarbles(({ hot, expectObservable }) => {
        const source = hot('ra(Ff)|', elements)
        expectObservable(
          source.pipe(
            onRecords(delay(100)),
            map(show),
            catchError((error: StreamError) => of(error._tag)),
          ),
        ).toBe('            r-(x|)', { ...shown, x: 'LateOutput' })
      })
    })
  })

  describe('operators that complete early', () => {
    it('should drop further records, let control elements pass and ask the source to end, so that the tail is committed', () => {
      const asked = new Upstream()
      runMarbles(({ hot, expectObservable, expectSubscriptions }) => {
        const source = hot(' ra-b-c-en-(Ff)|', { ...elements, r: asked.restored() })
        const subs = '       ^-------------!'
        const expected = '   rA-B---en-(Ff)|'
        expectObservable(source.pipe(onRecords(upper, take(2)), map(show))).toBe(expected, shown)
        expectSubscriptions(source.subscriptions).toBe(subs)
      })
      expect(asked.calls).toEqual(['end requested'])
    })

    it('should do so for an error turned into an end', () => {
      const asked = new Upstream()
      runMarbles(({ hot, expectObservable }) => {
        const source = hot(' ra-b-c-n|', { ...elements, r: asked.restored() })
        const expected = '   rA-----n|'
        expectObservable(
          source.pipe(
            onRecords(
              tap((value) => {
                if (value === 'b') throw new Error('b')
              }),
              catchError(() => EMPTY),
              upper,
            ),
            map(show),
          ),
        ).toBe(expected, shown)
      })
      expect(asked.calls).toEqual(['end requested'])
    })

    it('should ask as soon as there is someone to ask: take(0)', () => {
      const asked = new Upstream()
      runMarbles(({ hot, expectObservable }) => {
        const source = hot(' --ra-n|', { ...elements, r: asked.restored() })
        const expected = '   --r--n|'
        expectObservable(source.pipe(onRecords(take(0)), map(show))).toBe(expected, shown)
      })
      expect(asked.calls).toEqual(['end requested'])
    })
  })

  describe('at the end of the stream', () => {
    it('should emit what the operators emit at completion before the final watermark and barrier, with the highest timestamp', () => {
      const asked = new Upstream()
      runMarbles(({ hot, expectObservable }) => {
        const source = hot(' rc-a--(Ff)-|', { ...elements, r: asked.restored() })
        const expected = '   r-----(xFf)|'
        expectObservable(source.pipe(onRecords(reduce((all, value: string) => all + value, '')), map(show))).toBe(
          expected,
          { ...shown, x: 'ca@3' },
        )
      })
      expect(asked.calls).toEqual([])
    })

    it.each(['f', 'd'])('should do so before an end barrier without a final watermark: %s', (end) => {
      runMarbles(({ hot, expectObservable }) => {
        const source = hot(` ra-b--${end}---|`, elements)
        const expected = `   r-----(x${end})|`
        expectObservable(
          source.pipe(
            onRecords(
              toArray(),
              map((all) => all.join('')),
            ),
            map(show),
          ),
        ).toBe(expected, { ...shown, x: 'ab@2' })
      })
    })

    it('should do so at completion without a barrier, once', () => {
      runMarbles(({ hot, expectObservable }) => {
        const source = hot(' r--|', elements)
        const expected = '   r--(x|)'
        expectObservable(source.pipe(onRecords(defaultIfEmpty('none')), map(show))).toBe(expected, {
          ...shown,
          x: 'none@-Infinity',
        })
      })
    })

    it('should emit nothing more after a suspend barrier, from operators that still hold records neither', () => {
      runMarbles(({ hot, expectObservable }) => {
        const source = hot(' ra-b--s---|', elements)
        const expected = '   r-----s---|'
        expectObservable(
          source.pipe(
            onRecords(
              toArray(),
              map((all) => all.join('')),
              delay(1),
            ),
            map(show),
          ),
        ).toBe(expected, shown)
      })
    })
  })

  it('should pass never, empty, one control element and endless streams', () => {
    runMarbles(({ cold, hot, expectObservable, expectSubscriptions }) => {
      const never = cold<StreamElement<string>>('-')
      expectObservable(never.pipe(onRecords(upper))).toBe('-')
      const empty = cold<StreamElement<string>>('|')
      expectObservable(empty.pipe(onRecords(upper))).toBe('|')
      expectSubscriptions(empty.subscriptions).toBe('(^!)')
      expectObservable(hot('r|', elements).pipe(onRecords(upper), map(show))).toBe('r|', shown)
      expectObservable(hot('rabc', elements).pipe(onRecords(upper), map(show))).toBe('rABC', shown)
    })
  })

  it('should pass an error of the source', () => {
    runMarbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot(' ra-#', elements)
      expectObservable(source.pipe(onRecords(upper), map(show))).toBe('rA-#', shown)
      expectSubscriptions(source.subscriptions).toBe('^--!')
    })
  })

  it('should fail with an error of the operators and unsubscribe from the source', () => {
    runMarbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot(' ra-b', elements)
      const failing = map((value: string) => {
        if (value === 'b') throw 'error'
        return value
      })
      expectObservable(source.pipe(onRecords(failing), map(show))).toBe('ra-#', shown)
      expectSubscriptions(source.subscriptions).toBe('^--!')
    })
  })

  it('should unsubscribe from source and operators when it is unsubscribed from', () => {
    runMarbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const source = hot('  ra-b--', elements)
      const inner = cold('  -')
      const unsubscribed = '----!'
      expectObservable(
        source.pipe(onRecords(mergeMap((value) => (value === 'a' ? inner : of(value)))), map(show)),
        unsubscribed,
      ).toBe('              r--b', shown)
      expectSubscriptions(source.subscriptions).toBe('^---!')
      expectSubscriptions(inner.subscriptions).toBe(' -^--!')
    })
  })

  it('should stop at once when an operator behind it has enough', () => {
    runMarbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot(' ra-b-c', elements)
      expectObservable(source.pipe(onRecords(upper), map(show), take(2))).toBe('r(A|)', shown)
      expectSubscriptions(source.subscriptions).toBe('^!')
    })
  })
})
