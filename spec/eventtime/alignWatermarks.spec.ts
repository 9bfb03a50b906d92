import { describe, expect, it } from '@jest/globals'
import { Observable, Subject, VirtualTimeScheduler, ignoreElements, map, merge, tap, timer } from 'rxjs'
import type { Subscription } from 'rxjs'
import type { RunHelpers } from 'rxjs/testing'
import { alignWatermarks } from '../../lib/eventtime/alignWatermarks.js'
import { batchEnd } from '../../lib/stream/BatchEnd.js'
import type { StreamElement } from '../../lib/stream/StreamElement.js'
import { Upstream, active, idle, record, show, watermark } from '../support/elements.js'
import { runMarbles } from '../support/runMarbles.js'

type Elements = StreamElement<string>

const up = new Upstream()
const elements = {
  r: up.restored(),
  a: record('a', 1),
  0: watermark(0),
  3: watermark(3),
  5: watermark(5),
  6: watermark(6),
  9: watermark(9),
  M: watermark(Infinity),
  i: idle,
  j: active,
  b: up.barrier(7),
  s: up.barrier(8, 'suspend'),
}
const shown = {
  ...Object.fromEntries(Object.entries(elements).map(([letter, element]) => [letter, show(element)])),
  e: 'end',
}

/** 5 ms of drift, compared every 10 ms. */
const aligning = alignWatermarks<string>({ group: 'group', maxDrift: 5, updateInterval: 10 })

/** An aligned stream whose end acknowledges all as it comes, and what of that reaches its source; `e` is a batch end. */
function aligned({ hot }: RunHelpers, marbles: string): { out$: Observable<string>; demand$: Observable<string> } {
  const demand$ = new Subject<string>()
  const end = (): Elements =>
    batchEnd(() => {
      demand$.next('end')
    })
  const out$ = hot<Elements | 'end'>(marbles, { ...elements, e: 'end' }).pipe(
    map((element) => (element === 'end' ? end() : element)),
    aligning,
    tap((element) => {
      if (element.kind === 'batchEnd') element.acknowledge()
    }),
    map(show),
  )
  return { out$, demand$ }
}

/** A source that sends a batch of one record every `period` ms while fewer than two are unacknowledged. */
const batches = (step: number, period: number): Observable<Elements> =>
  new Observable((subscriber) => {
    let demand = 2
    let timestamp = 0
    subscriber.add(
      timer(0, period).subscribe(() => {
        if (demand === 0) return
        demand -= 1
        timestamp += step
        subscriber.next(record('a', timestamp))
        subscriber.next(watermark(timestamp))
        subscriber.next(batchEnd(() => (demand += 1)))
      }),
    )
  })

/** The first stream is beside the second: what the second is asked for. All its elements pass as they come. */
function expectDemand(slow: string, fast: string, demand: string, until = '60ms !', slowUntil = until): void {
  runMarbles((helpers) => {
    const { expectObservable } = helpers
    const slow$ = aligned(helpers, slow).out$
    const { out$, demand$ } = aligned(helpers, fast)
    expectObservable(demand$, until).toBe(demand, shown)
    expectObservable(slow$, slowUntil).toBe(slow, shown)
    expectObservable(out$, until).toBe(fast, shown)
  })
}

describe('alignWatermarks', () => {
  it('should keep the demand of a stream that is ahead, until an interval finds that the slow one has followed', () => {
    const slow = '  r0----3'
    const fast = '  r3ae5ae6ae'
    const demand = '---e--e 3ms e'
    expectDemand(slow, fast, demand)
  })

  it('should pause a stream that is ahead from its first watermark', () => {
    const slow = '  r0----------5'
    const fast = '  r-6e'
    const demand = '20ms e'
    expectDemand(slow, fast, demand)
  })

  it('should pass barriers and records at once while it is paused, and give all demand back together', () => {
    const slow = '  r0----------6'
    const fast = '  r-6aebae-b'
    const demand = '20ms (ee)'
    expectDemand(slow, fast, demand)
  })

  it('should not wait for a stream without a watermark, and move by the drift in an interval when it is alone', () => {
    const slow = '  r'
    const fast = '  r3e9e'
    const demand = '--e 7ms e'
    expectDemand(slow, fast, demand)
  })

  it('should not wait for an idle stream, and wait again when it is active', () => {
    const slow = '  r0----i--------------j 19ms 9'
    const fast = '  r-9e---------e 20ms e'
    const demand = '10ms e--e 36ms e'
    expectDemand(slow, fast, demand)
  })

  it('should not wait for a stream that has sent its final watermark', () => {
    expectDemand('r0-M', 'r-9e', '10ms e')
  })

  it('should not wait for a suspended stream', () => {
    expectDemand('r0-s', 'r-9e', '10ms e')
  })

  it.each([
    ['completed', 'r0---|', undefined],
    ['been left', 'r0', '-----!'],
  ])('should not wait for a stream that has %s', (_, slow, slowUntil) => {
    expectDemand(slow, 'r-9e', '10ms e', '60ms !', slowUntil)
  })

  it('should not wait for a stream that has failed', () => {
    expectDemand('r0---#', 'r-9e', '10ms e')
  })

  it('should give the demand back to a paused stream that ends', () => {
    expectDemand('r0', 'r-9e--M', '------e')
    expectDemand('r0', 'r-9e--s', '------e')
    expectDemand('r0', 'r-9e--|', '------e')
  })

  it('should hold a fast source within the drift and two of its batches, without slowing down the slow one', () => {
    const step = 2
    const at = { fast: 0, slow: 0 }
    const drifts: number[] = []
    const source = (name: keyof typeof at, period: number): Observable<Elements> =>
      batches(step, period).pipe(
        aligning,
        tap((element) => {
          if (element.kind === 'batchEnd') element.acknowledge()
          if (element.kind !== 'watermark') return
          at[name] = element.timestamp
          drifts.push(at.fast - at.slow)
        }),
      )
    runMarbles(({ expectObservable }) => {
      expectObservable(merge(source('slow', 20), source('fast', 1)).pipe(ignoreElements()), '1001ms !').toBe('-')
    })
    expect(at.slow).toBe(102)
    expect(at.fast).toBeGreaterThan(at.slow)
    expect(Math.max(...drifts)).toBeGreaterThan(5)
    expect(Math.max(...drifts)).toBeLessThanOrEqual(5 + 2 * step)
  })

  it('should keep groups apart, and compare every second when nothing else is said', () => {
    runMarbles(({ hot, expectObservable }) => {
      const demand$ = new Subject<string>()
      const end = batchEnd(() => {
        demand$.next('end')
      })
      const member = (group: string, marbles: string): Observable<string> =>
        hot<Elements>(marbles, { ...elements, e: end }).pipe(
          alignWatermarks({ group, maxDrift: 5 }),
          tap((element) => {
            if (element.kind === 'batchEnd') element.acknowledge()
          }),
          map(show),
        )
      const until = '3s !'
      expectObservable(demand$, until).toBe('1s e', shown)
      expectObservable(member('one', 'r0-3'), until).toBe('r0-3', shown)
      expectObservable(member('two', 'r0'), until).toBe('r0', shown)
      expectObservable(member('one', 'r-6e'), until).toBe('r-6e', shown)
    })
  })

  it.each<[string, (source: Subject<Elements>, subscription: Subscription) => void]>([
    ['completed', (source) => source.complete()],
    ['failed', (source) => source.error('no')],
    ['sent the final watermark', (source) => source.next(elements.M)],
    ['been suspended', (source) => source.next(elements.s)],
    ['been left', (_, subscription) => subscription.unsubscribe()],
  ])('should leave no timer behind when it has %s', (_, end) => {
    const scheduler = new VirtualTimeScheduler()
    const source = new Subject<Elements>()
    const run = source.pipe(alignWatermarks({ group: 'group', maxDrift: 5 }, { scheduler }))
    const subscription = run.subscribe({ error: () => undefined })
    source.next(elements[0])
    expect(scheduler.actions).toHaveLength(1)
    end(source, subscription)
    expect(scheduler.actions).toHaveLength(0)
  })

  it('should pass never, empty, error, and unsubscribe early', () => {
    runMarbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      expectObservable(cold<Elements>('-').pipe(aligning), '^ 1s !').toBe('-')
      expectObservable(cold<Elements>('|').pipe(aligning)).toBe('|')
      expectObservable(hot('ra-#', elements).pipe(aligning, map(show))).toBe('ra-#', shown)
      const endless = hot('ra-a', elements)
      expectObservable(endless.pipe(aligning, map(show)), '--!').toBe('ra', shown)
      expectSubscriptions(endless.subscriptions).toBe('^-!')
    })
  })

  it('should refuse a drift that is negative and an interval that is not positive', () => {
    expect(() => alignWatermarks({ group: 'group', maxDrift: -1 })).toThrow('maxDrift cannot be negative')
    expect(() => alignWatermarks({ group: 'group', maxDrift: 1, updateInterval: 0 })).toThrow(
      'updateInterval must be greater than zero',
    )
    expect(() => alignWatermarks({ group: 'group', maxDrift: 0, updateInterval: 0.5 })).not.toThrow()
  })
})
