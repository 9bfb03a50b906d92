import { describe, expect, it } from '@jest/globals'
import { NEVER, Observable, Subject, catchError, map, merge, of } from 'rxjs'
import { combineWatermarks } from '../../lib/eventtime/combineWatermarks.js'
import type { SplitElements } from '../../lib/eventtime/combineWatermarks.js'
import { mapAsync } from '../../lib/stream/mapAsync.js'
import { recordsOnly } from '../../lib/stream/recordsOnly.js'
import type { CheckpointBarrier, CheckpointOutcome } from '../../lib/stream/CheckpointBarrier.js'
import { controlReceiverOf } from '../../lib/stream/controlReceiver.js'
import type { StreamElement } from '../../lib/stream/StreamElement.js'
import type { StreamError } from '../../lib/stream/StreamError.js'
import { Upstream, active, idle, record, show, watermark } from '../support/elements.js'
import { runMarbles } from '../support/runMarbles.js'

type Elements = StreamElement<string>

const split = (id: string, elements: Observable<Elements>): SplitElements<string> => ({ id, elements })

describe('combineWatermarks', () => {
  const up = new Upstream()
  const elements = {
    r: up.restored(3),
    a: record('a', 1),
    b: record('b', 2),
    c: record('c', 3),
    d: record('d', 4),
    e: up.end(),
    1: watermark(1),
    2: watermark(2),
    3: watermark(3),
    4: watermark(4),
    M: watermark(Infinity),
    i: idle,
    j: active,
    x: up.barrier(7),
    y: up.barrier(8),
    f: up.barrier(9, 'finished'),
    s: up.barrier(9, 'suspend'),
  }
  const shown = {
    r: 'R',
    a: 'a@1',
    b: 'b@2',
    c: 'c@3',
    d: 'd@4',
    e: 'end',
    1: 'W1',
    2: 'W2',
    3: 'W3',
    4: 'W4',
    M: 'WInfinity',
    i: 'idle',
    j: 'active',
    x: 'B7',
    y: 'B8',
    f: 'B9 finished',
    s: 'B9 suspend',
  }

  /** Splits that are there from the start, merged; the outer stream stays open for `outer`. */
  const merged = (...splits: Observable<Elements>[]): Observable<string> =>
    of(...splits.map((one, index) => split(`flights-${index}`, one))).pipe(combineWatermarks(), map(show))

  it('should merge the records and batch ends of the splits, with one Restored', () => {
    runMarbles(({ hot, expectObservable, expectSubscriptions }) => {
      const one = hot('  r-a-e---|', elements)
      const two = hot('  -r-b-e-c-|', elements)
      const subscription = ['^-------!', '^--------!']
      const expected = ' r-abee-c-|'
      expectObservable(merged(one, two)).toBe(expected, shown)
      expectSubscriptions(one.subscriptions).toBe(subscription[0]!)
      expectSubscriptions(two.subscriptions).toBe(subscription[1]!)
    })
  })

  it('should ask all splits to end, those that come later too', () => {
    const asked = new Upstream()
    const splits = new Subject<SplitElements<string>>()
    splits.pipe(combineWatermarks()).subscribe((element) => {
      if (element.kind === 'restored') element.requestEnd()
    })
    const [one, two] = [new Subject<Elements>(), new Subject<Elements>()]
    splits.next(split('one', one))
    one.next(asked.restored())
    splits.next(split('two', two))
    two.next(asked.restored())
    expect(asked.calls).toEqual(['end requested', 'end requested'])
  })

  it('should pass the restored state through its one Restored', () => {
    const restored = { ...new Upstream().restored(3), stateOf: (uid: string) => `state of ${uid}` }
    const seen: unknown[] = []
    of(split('one', of(restored)))
      .pipe(combineWatermarks())
      .subscribe((element) => {
        if (element.kind === 'restored') seen.push(element.checkpointId, element.stateOf('sink'))
      })
    expect(seen).toEqual([3, 'state of sink'])
  })

  describe('watermarks', () => {
    it('should be the least of the splits, and only grow', () => {
      runMarbles(({ hot, expectObservable }) => {
        const one = hot(' r-2---3-4-', elements)
        const two = hot(' ---1-4-3--', elements)
        const expected = 'r--1-23-4-'
        expectObservable(merged(one, two)).toBe(expected, shown)
      })
    })

    it('should not wait for an idle split, and say idle when all are', () => {
      runMarbles(({ hot, expectObservable }) => {
        const one = hot(' r-2---i----3-', elements)
        const two = hot(' ----i--------', elements)
        const expected = 'r---2-i----(j3)'
        expectObservable(merged(one, two)).toBe(expected, shown)
      })
    })

    it('should be active again with a split behind what was emitted as all were idle, and wait for it', () => {
      runMarbles(({ hot, expectObservable }) => {
        const one = hot(' r-2--i----3----', elements)
        const two = hot(' --1i---ja----3-', elements)
        const expected = 'r-12-i-ja----3-'
        expectObservable(merged(one, two)).toBe(expected, shown)
      })
    })

    it('should be active with a new split, and idle again with it', () => {
      runMarbles(({ hot, cold, expectObservable }) => {
        const one = hot('  -r1-i---------', elements)
        const two = cold(' ------i---', elements)
        const splits = hot<SplitElements<string>>('o-----t-------', { o: split('one', one), t: split('two', two) })
        const expected = ' -r1-i-j-----i-'
        expectObservable(splits.pipe(combineWatermarks(), map(show))).toBe(expected, shown)
      })
    })

    it('should say that a new split makes it active after the element that is on its way', () => {
      const seen: string[] = []
      const splits = new Subject<SplitElements<string>>()
      const one = new Subject<Elements>()
      splits.pipe(combineWatermarks(), map(show)).subscribe((element) => {
        seen.push(`<${element}`)
        if (element === 'idle') splits.next(split('two', new Subject()))
        seen.push(`${element}>`)
      })
      splits.next(split('one', one))
      one.next(idle)
      expect(seen).toEqual(['<idle', 'idle>', '<active', 'active>'])
    })

    it('should wait for a new split until its first watermark', () => {
      runMarbles(({ hot, cold, expectObservable }) => {
        const one = hot('  -r1---3-----', elements)
        const two = cold(' -----2', elements)
        const splits = hot<SplitElements<string>>('o---t--------', { o: split('one', one), t: split('two', two) })
        const expected = ' -r1------2---'
        expectObservable(splits.pipe(combineWatermarks(), map(show))).toBe(expected, shown)
      })
    })

    it('should no longer wait for a split that has completed', () => {
      runMarbles(({ hot, expectObservable }) => {
        const one = hot(' r-3-----', elements)
        const two = hot(' --1--|', elements)
        const expected = 'r-1--3--'
        expectObservable(merged(one, two)).toBe(expected, shown)
      })
    })

    it('should say idle when no split is left and others may come', () => {
      runMarbles(({ hot, expectObservable }) => {
        const one = hot('                          -ra-|', elements)
        const splits = hot<SplitElements<string>>('o---------', { o: split('one', one) })
        const expected = '                         -ra-i-----'
        expectObservable(splits.pipe(combineWatermarks(), map(show))).toBe(expected, shown)
      })
    })

    it('should emit the final one when every split has sent its own, not before, whether the others are idle or not', () => {
      runMarbles(({ hot, expectObservable }) => {
        const one = hot(' r-2--M-------|', elements)
        const two = hot(' --1i-----M---|', elements)
        const expected = 'r-12-i---(jM)|'
        expectObservable(merged(one, two)).toBe(expected, shown)
      })
    })

    it('should emit the final one before the final barrier, though other splits could still come', () => {
      runMarbles(({ hot, expectObservable }) => {
        const one = hot('                          r--a-Mf----|', elements)
        const two = hot('                          -----1-(Mf)|', elements)
        const splits = hot<SplitElements<string>>('(ot)--------', { o: split('one', one), t: split('two', two) })
        const expected = '                         ---a-1-(Mf)-'
        expectObservable(splits.pipe(combineWatermarks(), map(show))).toBe(expected, shown)
      })
    })

    it('should emit no final one at a suspension', () => {
      runMarbles(({ hot, expectObservable }) => {
        const one = hot(' ra-s--|', elements)
        const two = hot(' r-bs--|', elements)
        const expected = 'rabs--|'
        expectObservable(merged(one, two)).toBe(expected, shown)
      })
    })
  })

  describe('barriers', () => {
    it('should be one, when every split has delivered it, while the others flow', () => {
      runMarbles(({ hot, expectObservable }) => {
        const one = hot(' r-x--------', elements)
        const two = hot(' --a-b-x-c--', elements)
        const expected = 'r-a-b-x-c--'
        expectObservable(merged(one, two)).toBe(expected, shown)
      })
    })

    it('should hold what a split sends behind its barrier until the barrier is out, in its order', () => {
      runMarbles(({ hot, expectObservable }) => {
        const one = hot(' r-xab1ey---------', elements)
        const two = hot(' 4-------c-x------y', elements)
        const expected = 'r-------c-(xab1e)y'
        expectObservable(merged(one, two)).toBe(expected, shown)
      })
    })

    it('should count a completed split as having delivered it', () => {
      runMarbles(({ hot, expectObservable }) => {
        const one = hot(' r-x---a-', elements)
        const two = hot(' ----|', elements)
        const expected = 'r---x-a-'
        expectObservable(merged(one, two)).toBe(expected, shown)
      })
    })

    it('should hold a new split until the barrier is out', () => {
      runMarbles(({ hot, cold, expectObservable }) => {
        const one = hot('  r-x---------', elements)
        const two = hot('  ----b---x---', elements)
        const three = cold('  -c', elements)
        const splits = hot<SplitElements<string>>('(ot)-n------', {
          o: split('one', one),
          t: split('two', two),
          n: split('three', three),
        })
        const expected = ' ----b---(xc)'
        expectObservable(splits.pipe(combineWatermarks(), map(show))).toBe(expected, shown)
      })
    })

    it('should release who waits when the checkpoint is aborted, and drop its barrier', () => {
      const outcome$ = new Subject<CheckpointOutcome>()
      const seen: string[] = []
      const [one, two] = [new Subject<Elements>(), new Subject<Elements>()]
      merged(one, two).subscribe((element) => seen.push(element))
      one.next(up.barrier(7, undefined, outcome$))
      one.next(record('a'))
      expect(seen).toEqual([])
      outcome$.next({ _tag: 'aborted', checkpointId: 7, reason: 'timeout' })
      expect(seen).toEqual(['a@0'])
      two.next(up.barrier(7, undefined, of({ _tag: 'aborted', checkpointId: 7, reason: 'timeout' })))
      two.next(record('b'))
      expect(seen).toEqual(['a@0', 'b@0'])
      one.next(up.barrier(8))
      two.next(up.barrier(8))
      expect(seen).toEqual(['a@0', 'b@0', 'B8'])
    })

    it('should go on with the next checkpoint when the one before was given up in silence', () => {
      runMarbles(({ hot, expectObservable }) => {
        const one = hot(' xa-y--', elements)
        const two = hot(' --y---', elements)
        const expected = '--ay--'
        expectObservable(merged(one, two)).toBe(expected, shown)
      })
    })

    it('should fail when a split delivers a barrier that is already out, rather than put records into the wrong checkpoint', () => {
      runMarbles(({ hot, expectObservable }) => {
        const one = hot(' y-x', elements)
        const expected = 'y-(t|)'
        const told = merged(one).pipe(catchError((error: StreamError) => of(error._tag)))
        expectObservable(told).toBe(expected, { ...shown, t: 'LateBarrier' })
      })
    })

    it('should acknowledge those of all splits, hand on snapshots, and end only when all splits end', () => {
      const calls = new Upstream()
      const barriers: CheckpointBarrier[] = []
      const [one, two] = [new Subject<Elements>(), new Subject<Elements>()]
      of(split('one', one), split('two', two))
        .pipe(combineWatermarks())
        .subscribe((element) => {
          if (element.kind === 'barrier') barriers.push(element)
        })
      one.next(calls.barrier(7, 'finished', undefined, ' one'))
      two.next(calls.barrier(7, undefined, undefined, ' two'))
      barriers[0]!.snapshot('sink', {})
      expect(calls.calls).toEqual(['snapshot B7 sink'])
      barriers[0]!.acknowledge()
      expect(calls.calls.slice(1)).toEqual(['ack B7 one', 'ack B7 two'])
      expect(() => {
        barriers[0]!.acknowledge()
      }).toThrow(/branch/)
      one.complete()
      two.next(calls.barrier(8, 'finished'))
      expect(barriers.map(({ end }) => end)).toEqual([undefined, 'finished'])
    })

    it('should be the last element when it ends the stream: splits that complete after it do not make it idle', () => {
      runMarbles(({ hot, expectObservable }) => {
        const one = hot('                          -ras-|', elements)
        const splits = hot<SplitElements<string>>('o--------', { o: split('one', one) })
        const expected = '                         -ras-----'
        expectObservable(splits.pipe(combineWatermarks(), map(show))).toBe(expected, shown)
      })
    })

    it('should not end when a new split is held meanwhile', () => {
      const ends: unknown[] = []
      const splits = new Subject<SplitElements<string>>()
      const [one, two] = [new Subject<Elements>(), new Subject<Elements>()]
      splits.pipe(combineWatermarks()).subscribe((element) => {
        if (element.kind === 'barrier') ends.push(element.end)
      })
      splits.next(split('one', one))
      splits.next(split('two', two))
      one.next(up.barrier(7, 'finished'))
      splits.next(split('three', new Subject()))
      two.next(up.barrier(7, 'finished'))
      expect(ends).toEqual([undefined])
    })

    it('should not block a barrier with a split that is paused: its batch end is not acknowledged, its barrier comes', () => {
      const calls = new Upstream()
      const [one, two] = [new Subject<Elements>(), new Subject<Elements>()]
      const gate = new Subject<string>()
      of(split('one', one.pipe(mapAsync(() => gate))), split('two', two))
        .pipe(combineWatermarks(), recordsOnly())
        .subscribe()
      one.next(record('a'))
      one.next(calls.end('one'))
      one.next(calls.barrier(7))
      two.next(calls.end('two'))
      two.next(calls.barrier(7, undefined, undefined, ' two'))
      expect(calls.calls).toEqual(['ack two'])
      gate.complete()
      expect(calls.calls).toEqual(['ack two', 'ack one', 'ack B7 two', 'ack B7'])
    })

    it('should emit what comes in while an element is being emitted after it, never within', () => {
      const seen: string[] = []
      const [one, two] = [new Subject<Elements>(), new Subject<Elements>()]
      merged(one, two).subscribe((element) => {
        seen.push(`<${element}`)
        if (element === 'a@1') two.next(elements.x)
        seen.push(`${element}>`)
      })
      one.next(elements.x)
      two.next(elements.a)
      expect(seen).toEqual(['<a@1', 'a@1>', '<B7', 'B7>'])
    })
  })

  describe('the control stream of a source', () => {
    /** Splits as a source emits them, with its control stream beside them. */
    const controlled = (
      control$: Observable<StreamElement<never>>,
      splits$: Observable<SplitElements<string>> = NEVER,
    ): Observable<SplitElements<string>> =>
      new Observable((destination) => {
        controlReceiverOf(destination)?.(control$)
        return splits$.subscribe(destination)
      })
    const combined = (...sources: Observable<SplitElements<string>>[]): Observable<string> =>
      merge(...sources).pipe(combineWatermarks(), map(show))
    const control = elements as typeof elements & Record<string, StreamElement<never>>

    it('should be all there is without a split: Restored, idle, barriers, the final watermark, completion', () => {
      runMarbles(({ hot, expectObservable }) => {
        const source = hot<StreamElement<never>>('-rixy-M--f----|', control)
        const splits = hot<SplitElements<string>>('--------------|')
        const expected = '                        -rixy----(jMf)|'
        expectObservable(combined(controlled(source, splits))).toBe(expected, shown)
      })
    })

    it('should say that there are no splits when that is known, and not before', () => {
      runMarbles(({ hot, cold, expectObservable }) => {
        const source = hot<StreamElement<never>>('-rx--i--------', control)
        const one = cold('                          -----|', elements)
        const splits = hot<SplitElements<string>>('------o-------', { o: split('one', one) })
        const expected = '                        -rx--ij----i--'
        expectObservable(combined(controlled(source, splits))).toBe(expected, shown)
      })
    })

    it('should not make it idle while it has a split, nor count for the watermark', () => {
      runMarbles(({ hot, expectObservable }) => {
        const source = hot<StreamElement<never>>('-r-i------------', control)
        const one = hot('                         -r1---2-i-ja----', elements)
        const splits = hot<SplitElements<string>>('o---------------', { o: split('one', one) })
        const expected = '                        -r1---2-i-ja----'
        expectObservable(combined(controlled(source, splits))).toBe(expected, shown)
      })
    })

    it('should say idle when no split is left, though the last one had ended, as long as the source has not', () => {
      runMarbles(({ hot, expectObservable }) => {
        const source = hot<StreamElement<never>>('-ri-------M--|', control)
        const one = hot('                         -r-1-M-|', elements)
        const splits = hot<SplitElements<string>>('o------------|', { o: split('one', one) })
        const expected = '                        -r-1---i-----(jM|)'
        expectObservable(combined(controlled(source, splits))).toBe(expected, shown)
      })
    })

    it('should be aligned with the splits', () => {
      runMarbles(({ hot, expectObservable }) => {
        const source = hot<StreamElement<never>>('-rix----y---', control)
        const one = hot('                         -r-a-xby----', elements)
        const splits = hot<SplitElements<string>>('o-----------', { o: split('one', one) })
        const expected = '                        -r-a-xb-y---'
        expectObservable(combined(controlled(source, splits))).toBe(expected, shown)
      })
    })

    it('should end with the splits: no final watermark before they have sent theirs', () => {
      runMarbles(({ hot, expectObservable }) => {
        const source = hot<StreamElement<never>>('-riM--f------|', control)
        const one = hot('                         -r-a-M--f----|', elements)
        const splits = hot<SplitElements<string>>('o------------|', { o: split('one', one) })
        const expected = '                        -r-a----(Mf)-|'
        expectObservable(combined(controlled(source, splits))).toBe(expected, shown)
      })
    })

    it('should be that of each source whose splits are merged', () => {
      runMarbles(({ hot, expectObservable }) => {
        const one = hot<StreamElement<never>>('-ri--x-----|', control)
        const two = hot<StreamElement<never>>('--r-i---x------|', control)
        const expected = '                     -r--i---x------|'
        const never = hot<SplitElements<string>>('-----------|')
        const other = hot<SplitElements<string>>('---------------|')
        expectObservable(combined(controlled(one, never), controlled(two, other))).toBe(expected, shown)
      })
    })

    it('should be waited for when the stream of splits is left, and tell of a request to end', () => {
      const asked = new Upstream()
      const source = new Subject<StreamElement<never>>()
      const seen: string[] = []
      controlled(source, of())
        .pipe(combineWatermarks())
        .subscribe({
          next: (element) => {
            seen.push(show(element))
            if (element.kind === 'restored') element.requestEnd()
          },
          complete: () => seen.push('done'),
        })
      source.next(asked.restored())
      source.next(asked.barrier(7))
      expect([...asked.calls, ...seen]).toEqual(['end requested', 'R', 'B7'])
      source.complete()
      expect(seen).toEqual(['R', 'B7', 'done'])
    })
  })

  it('should pass never, empty and one element, and be endless while the outer stream is', () => {
    runMarbles(({ hot, cold, expectObservable }) => {
      expectObservable(cold<SplitElements<string>>('-').pipe(combineWatermarks())).toBe('-')
      expectObservable(cold<SplitElements<string>>('|').pipe(combineWatermarks())).toBe('|')
      expectObservable(merged(hot('r-|', elements))).toBe('r-|', shown)
      expectObservable(merged(hot('|', elements))).toBe('|')
    })
  })

  it('should fail with the error of a split or of the outer stream and unsubscribe from all', () => {
    runMarbles(({ hot, expectObservable, expectSubscriptions }) => {
      const one = hot('a-#', elements)
      const two = hot('---', elements)
      expectObservable(merged(one, two)).toBe('a-#', shown)
      expectSubscriptions(two.subscriptions).toBe('^-!')
      const three = hot('a--', elements)
      const splits = hot<SplitElements<string>>('o-#', { o: split('three', three) })
      expectObservable(splits.pipe(combineWatermarks(), map(show))).toBe('--#')
      expectSubscriptions(three.subscriptions).toBe('^-!')
    })
  })

  it('should unsubscribe from all when it is unsubscribed from', () => {
    runMarbles(({ hot, expectObservable, expectSubscriptions }) => {
      const one = hot('                          -a-b-', elements)
      const splits = hot<SplitElements<string>>('o----', { o: split('one', one) })
      const unsubscribed = '                     --!'
      expectObservable(splits.pipe(combineWatermarks(), map(show)), unsubscribed).toBe('-a', shown)
      expectSubscriptions(one.subscriptions).toBe('^-!')
      expectSubscriptions(splits.subscriptions).toBe('^-!')
    })
  })
})
