import { describe, expect, it } from '@jest/globals'
import { Subject, catchError, of, take, tap } from 'rxjs'
import { recordsOnly } from '../../lib/stream/recordsOnly.js'
import type { StreamElement } from '../../lib/stream/StreamElement.js'
import type { StreamError } from '../../lib/stream/StreamError.js'
import { Upstream, idle, record, watermark } from '../support/elements.js'
import { runMarbles } from '../support/runMarbles.js'

describe('recordsOnly', () => {
  it('should emit the plain values', () => {
    runMarbles(({ hot, expectObservable, expectSubscriptions }) => {
      const up = new Upstream()
      const elements = {
        r: up.restored(),
        a: record('a'),
        b: record('b'),
        w: watermark(1),
        i: idle,
        e: up.end(),
        n: up.barrier(1),
      }
      const source = hot(' r-a-w-i-b-e-n-|', elements)
      const expected = '   --a-----b-----|'
      expectObservable(source.pipe(recordsOnly())).toBe(expected)
      expectSubscriptions(source.subscriptions).toBe('^-------------!')
    })
  })

  it('should acknowledge batch ends and barriers at once, after the records before have been emitted', () => {
    const up = new Upstream()
    const source = new Subject<StreamElement<string>>()
    source
      .pipe(
        recordsOnly(),
        tap((value) => up.calls.push(value)),
      )
      .subscribe()
    for (const element of [up.restored(), record('a'), up.end('A'), record('b'), up.barrier(7), record('c')])
      source.next(element)
    expect(up.calls).toEqual(['a', 'ack A', 'b', 'ack B7', 'c'])
  })

  it('should fail with an error that names branch when an element is acknowledged twice', () => {
    runMarbles(({ hot, expectObservable }) => {
      const barrier = new Upstream().barrier(7)
      const source = hot('-n-', { n: barrier })
      barrier.acknowledge()
      const told = recordsOnly<string>()(source).pipe(
        catchError((error: StreamError) => of(`${error._tag}: ${String(/branch/.test(error.message))}`)),
      )
      expectObservable(told).toBe('-(t|)', { t: 'AcknowledgedTwice: true' })
    })
  })

  it('should not acknowledge a batch that was not emitted whole', () => {
    const up = new Upstream()
    const source = new Subject<StreamElement<string>>()
    source.pipe(recordsOnly(), take(1)).subscribe()
    for (const element of [record('a'), record('b'), up.end('A')]) source.next(element)
    expect(up.calls).toEqual([])
    expect(source.observed).toBe(false)
  })

  it('should pass never, empty, endless, error, and unsubscribe early', () => {
    runMarbles(({ cold, hot, expectObservable, expectSubscriptions }) => {
      expectObservable(cold<StreamElement<string>>('-').pipe(recordsOnly())).toBe('-')
      expectObservable(cold<StreamElement<string>>('|').pipe(recordsOnly())).toBe('|')
      expectObservable(hot('a-#', { a: record('a') }).pipe(recordsOnly())).toBe('a-#')
      const endless = hot('a-a-a-a', { a: record('a') })
      expectObservable(endless.pipe(recordsOnly()), '---!').toBe('a-a-')
      expectSubscriptions(endless.subscriptions).toBe('^--!')
    })
  })
})
