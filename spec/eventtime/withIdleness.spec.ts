import { describe, expect, it } from '@jest/globals'
import { map } from 'rxjs'
import { withIdleness } from '../../lib/eventtime/withIdleness.js'
import type { StreamElement } from '../../lib/stream/StreamElement.js'
import { Upstream, active, idle, record, show, watermark } from '../support/elements.js'
import { runMarbles } from '../support/runMarbles.js'

type Elements = StreamElement<string>

describe('withIdleness', () => {
  const up = new Upstream()
  const elements = {
    r: up.restored(),
    a: record('a', 10),
    w: watermark(9),
    v: watermark(19),
    e: up.end(),
    i: idle,
    j: active,
    M: watermark(Infinity),
    s: up.barrier(8, 'suspend'),
  }
  const shown = {
    r: 'R',
    a: 'a@10',
    w: 'W9',
    v: 'W19',
    e: 'end',
    i: 'idle',
    j: 'active',
    M: 'WInfinity',
    s: 'B8 suspend',
  }
  const idling = withIdleness<string>(10, { autoWatermarkInterval: 5 })

  it('should mark the stream idle after the timeout, and active with the next record', () => {
    runMarbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('  raw---------------------------a---|', elements)
      const expected = '    raw----------------------i----(ja)|'
      const subscription = '^---------------------------------!'
      expectObservable(source.pipe(idling, map(show))).toBe(expected, shown)
      expectSubscriptions(source.subscriptions).toBe(subscription)
    })
  })

  it('should be active with a watermark that grows, and drop statuses that come in', () => {
    runMarbles(({ hot, expectObservable }) => {
      const source = hot(' rawij--------------------------wv---|', elements)
      const expected = '   raw----------------------i------(jv)|'
      expectObservable(source.pipe(idling, map(show))).toBe(expected, shown)
    })
  })

  it('should not be idle while records come, nor after the end', () => {
    runMarbles(({ hot, expectObservable }) => {
      const busy = '       r---a----a----a----a----a----a---M 50ms |'
      expectObservable(hot(busy, elements).pipe(idling, map(show))).toBe(busy, shown)
      const suspended = '  ras 50ms |'
      expectObservable(hot(suspended, elements).pipe(idling, map(show))).toBe(suspended, shown)
    })
  })

  it('should not be idle while the end asks for nothing', () => {
    runMarbles(({ hot, expectObservable }) => {
      const source = '     raee 100ms |'
      expectObservable(hot(source, elements).pipe(idling, map(show))).toBe(source, shown)
    })
  })

  it('should pass never, empty, error, and unsubscribe early', () => {
    runMarbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      expectObservable(cold<Elements>('-').pipe(idling), '^ 1s !').toBe('-')
      expectObservable(cold<Elements>('|').pipe(idling)).toBe('|')
      expectObservable(hot('ra-#', elements).pipe(idling, map(show))).toBe('ra-#', shown)
      const endless = hot('ra-a', elements)
      expectObservable(endless.pipe(idling, map(show)), '--!').toBe('ra', shown)
      expectSubscriptions(endless.subscriptions).toBe('^-!')
    })
  })

  it('should refuse a timeout that is not positive', () => {
    expect(() => withIdleness(0)).toThrow('idleTimeout must be greater than zero')
  })
})
