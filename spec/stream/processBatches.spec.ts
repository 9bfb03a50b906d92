import { describe, expect, it } from '@jest/globals'
import { Subject, bufferCount, concatMap, delay, map, mergeMap, reduce, retry, tap, throwError, timer } from 'rxjs'
import type { Observable } from 'rxjs'
import { processBatches } from '../../lib/stream/processBatches.js'
import { recordsOnly } from '../../lib/stream/recordsOnly.js'
import type { StreamElement } from '../../lib/stream/StreamElement.js'
import { Upstream, idle, record, show, watermark } from '../support/elements.js'
import { runMarbles } from '../support/runMarbles.js'

const joined = (records$: Observable<string>): Observable<string> =>
  records$.pipe(reduce((all, value) => all + value, ''))
/** One output for a span, 3 ms after it has begun. */
const slowly = (records$: Observable<string>): Observable<string> => joined(records$).pipe(delay(3))

describe('processBatches', () => {
  const up = new Upstream()
  const elements = {
    r: up.restored(),
    a: record('a', 4),
    b: record('b', 2),
    c: record('c', 3),
    d: record('d', 5),
    w: watermark(2),
    i: idle,
    e: up.end(),
    n: up.barrier(7),
    s: up.barrier(7, 'suspend'),
    F: watermark(Infinity),
    f: up.barrier(8, 'finished'),
  }
  const control = { r: 'R', w: 'W2', i: 'idle', e: 'end', n: 'B7', s: 'B7 suspend', F: 'WInfinity', f: 'B8 finished' }

  it('should project each batch as an Observable that completes, with the highest timestamp received so far', () => {
    runMarbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot(' rbce---ae---ce---|', elements)
      const expected = '   r--(xe)-(ye)-(ze)|'
      const subscription = '^----------------!'
      expectObservable(source.pipe(processBatches(joined), map(show))).toBe(expected, {
        ...control,
        x: 'bc@3',
        y: 'a@4',
        z: 'c@4',
      })
      expectSubscriptions(source.subscriptions).toBe(subscription)
    })
  })

  it.each(['w', 'i', 'n', 's'])('should hold what comes while a span is processed until it is done: %s', (element) => {
    runMarbles(({ hot, expectObservable }) => {
      const source = hot(` rabe${element}------|`, elements)
      const expected = `   r-----(xe${element})|`
      expectObservable(source.pipe(processBatches(slowly), map(show))).toBe(expected, { ...control, x: 'ab@4' })
    })
  })

  it('should make the watermarks of a batch wait for the end of its span', () => {
    runMarbles(({ hot, expectObservable }) => {
      const source = hot(' awbie--------|', elements)
      const expected = '   -------(xwie)|'
      expectObservable(source.pipe(processBatches(slowly), map(show))).toBe(expected, { ...control, x: 'ab@4' })
    })
  })

  it('should process what has been queued as one span, up to the next barrier', () => {
    runMarbles(({ hot, expectObservable }) => {
      // The first span is done at 11. All before the barrier is the second one, all behind it the third.
      const project = (records$: Observable<string>): Observable<string> => joined(records$).pipe(delay(10))
      const source = hot(' aebecendeae|', elements)
      const expected = '   11ms (xe) 6ms (yeen) 4ms (zee|)'
      expectObservable(source.pipe(processBatches(project), map(show))).toBe(expected, {
        ...control,
        x: 'a@4',
        y: 'bc@4',
        z: 'da@5',
      })
    })
  })

  it('should leave the records of a batch that has not ended to the next span', () => {
    runMarbles(({ hot, expectObservable }) => {
      const project = (records$: Observable<string>): Observable<string> => joined(records$).pipe(delay(10))
      const source = hot(' aebec 20ms e 20ms |', elements)
      const expected = '   11ms (xe) 6ms (ye) 10ms (ze) 7ms |'
      expectObservable(source.pipe(processBatches(project), map(show))).toBe(expected, {
        ...control,
        x: 'a@4',
        y: 'b@4',
        z: 'c@4',
      })
    })
  })

  it('should not wait for the end of a batch at a barrier: what came before belongs to its checkpoint', () => {
    runMarbles(({ hot, expectObservable }) => {
      const source = hot(' abn---ce---|', elements)
      const expected = '   --(xn)-(ye)|'
      expectObservable(source.pipe(processBatches(joined), map(show))).toBe(expected, {
        ...control,
        x: 'ab@4',
        y: 'c@4',
      })
    })
  })

  it('should serve the interleaved batches of several splits', () => {
    const calls = new Upstream()
    runMarbles(({ hot, expectObservable }) => {
      // a, c of one split, b, d of another; the second batch end finds only d left.
      const values = { ...elements, x: calls.end('A'), y: calls.end('B') }
      const source = hot(' abcx--dy------|', values)
      const expected = '   ------(pe)(qe)|'
      expectObservable(source.pipe(processBatches(slowly), map(show))).toBe(expected, {
        ...control,
        p: 'abc@4',
        q: 'd@5',
      })
    })
  })

  it('should let control elements pass at once when there are no records, without a projection', () => {
    runMarbles(({ hot, expectObservable }) => {
      const source = hot(' rwiewn|', elements)
      const expected = '   rwiewn|'
      expectObservable(
        source.pipe(
          processBatches(() => throwError(() => 'projected')),
          map(show),
        ),
      ).toBe(expected, control)
    })
  })

  it('should emit outputs as they come, several of a span too', () => {
    runMarbles(({ hot, expectObservable }) => {
      const source = hot('                     abce--------|', elements)
      const expected = '                       -----xy-(ze)|'
      const durations: Record<string, number> = { a: 2, b: 3, c: 5 }
      const project = (records$: Observable<string>): Observable<string> =>
        records$.pipe(mergeMap((value) => timer(durations[value]!).pipe(map(() => value))))
      expectObservable(source.pipe(processBatches(project), map(show))).toBe(expected, {
        ...control,
        x: 'a@4',
        y: 'b@4',
        z: 'c@4',
      })
    })
  })

  it('should give records that can be subscribed to again, so that a span can be retried', () => {
    runMarbles(({ hot, expectObservable }) => {
      let attempts = 0
      const project = (records$: Observable<string>): Observable<string> =>
        joined(records$).pipe(
          tap(() => {
            if (++attempts < 3) throw new Error('again')
          }),
          retry(2),
        )
      const source = hot(' abe---|', elements)
      const expected = '   --(xe)|'
      expectObservable(source.pipe(processBatches(project), map(show))).toBe(expected, {
        ...control,
        x: 'ab@4',
      })
    })
  })

  it('should finish the records before the final watermark and barrier, and complete after them', () => {
    runMarbles(({ hot, expectObservable }) => {
      const source = hot(' ab(Ff)----|', elements)
      const expected = '   -----(xFf)|'
      expectObservable(source.pipe(processBatches(slowly), map(show))).toBe(expected, { ...control, x: 'ab@4' })
    })
  })

  it('should process the records of a stream that ends without a barrier', () => {
    runMarbles(({ hot, expectObservable }) => {
      expectObservable(hot('ab|', elements).pipe(processBatches(slowly), map(show))).toBe('-----(x|)', { x: 'ab@4' })
    })
  })

  it('should fail with an error of the projection, thrown or sent, and unsubscribe from the source', () => {
    runMarbles(({ hot, expectObservable, expectSubscriptions }) => {
      const thrown = (): Observable<string> => {
        throw 'error'
      }
      for (const project of [thrown, () => throwError(() => 'error')]) {
        const source = hot('ae-', elements)
        expectObservable(source.pipe(processBatches(project))).toBe('-#')
        expectSubscriptions(source.subscriptions).toBe('^!')
      }
    })
  })

  it('should pass an error of the source at once, and unsubscribe from the span', () => {
    runMarbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const span = cold('------x|')
      expectObservable(hot('ae-#', elements).pipe(processBatches(() => span))).toBe('---#')
      expectSubscriptions(span.subscriptions).toBe('-^-!')
    })
  })

  it('should unsubscribe from source and span when it is unsubscribed from', () => {
    runMarbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const source = hot('        ae--', elements)
      const span = cold('  ------x|')
      expectObservable(source.pipe(processBatches(() => span)), '---!').toBe('----')
      expectSubscriptions(source.subscriptions).toBe('^--!')
      expectSubscriptions(span.subscriptions).toBe('  -^-!')
    })
  })

  it('should pass never, empty and endless streams', () => {
    runMarbles(({ hot, cold, expectObservable }) => {
      expectObservable(cold<StreamElement<string>>('-').pipe(processBatches(joined))).toBe('-')
      expectObservable(cold<StreamElement<string>>('|').pipe(processBatches(joined))).toBe('|')
      expectObservable(hot('r-w-i-', elements).pipe(processBatches(joined), map(show))).toBe('r-w-i-', control)
    })
  })

  it('should acknowledge nothing itself: the end asks for the next batch when the span is done', () => {
    const calls = new Upstream()
    runMarbles(({ hot }) => {
      const source = hot('abxn', { ...elements, x: calls.end('A'), n: calls.barrier(7) })
      const project = (records$: Observable<string>): Observable<string> =>
        records$.pipe(
          bufferCount(1),
          concatMap(([value]) => timer(5).pipe(map(() => value!))),
        )
      source.pipe(processBatches(project), recordsOnly()).subscribe((value) => calls.calls.push(value))
    })
    expect(calls.calls).toEqual(['a', 'b', 'ack A', 'ack B7'])
  })

  it('should not grow the stack, however many spans are done at once', () => {
    const source = new Subject<StreamElement<string>>()
    const gate = new Subject<string>()
    let count = 0
    const project = (records$: Observable<string>): Observable<string> => (count === 0 ? gate : records$)
    source.pipe(processBatches(project), recordsOnly()).subscribe(() => count++)
    for (const element of [record('a'), up.end()]) source.next(element)
    for (let i = 0; i < 10_000; i++) for (const element of [record('b'), up.barrier(i)]) source.next(element)
    gate.next('first')
    gate.complete()
    expect(count).toBe(10_001)
  })
})
