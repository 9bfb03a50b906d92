import { describe, expect, it } from '@jest/globals'
import { NEVER, Observable, Subject, catchError, filter, map, of, take, tap } from 'rxjs'
import { branch } from '../../lib/stream/branch.js'
import type { TerminalPipeline } from '../../lib/stream/branch.js'
import { onRecords } from '../../lib/stream/onRecords.js'
import { recordsOnly } from '../../lib/stream/recordsOnly.js'
import type { BatchEnd } from '../../lib/stream/BatchEnd.js'
import type { CheckpointBarrier } from '../../lib/stream/CheckpointBarrier.js'
import type { StreamElement } from '../../lib/stream/StreamElement.js'
import type { StreamError } from '../../lib/stream/StreamError.js'
import { Upstream, idle, record, show, watermark } from '../support/elements.js'
import { runMarbles } from '../support/runMarbles.js'

type Elements = StreamElement<string>

/** An end that acknowledges when it is told to. */
class SlowEnd {
  readonly unacknowledged: (BatchEnd | CheckpointBarrier)[] = []

  readonly pipeline = (elements$: Observable<Elements>): Observable<never> =>
    elements$.pipe(
      tap((element) => {
        if (element.kind === 'batchEnd' || element.kind === 'barrier') this.unacknowledged.push(element)
      }),
      filter((_): _ is never => false),
    )

  acknowledge(): void {
    this.unacknowledged.shift()!.acknowledge()
  }
}

const shown: TerminalPipeline<string, string> = (elements$) => elements$.pipe(map(show))
const values: TerminalPipeline<string, string> = (elements$) => elements$.pipe(recordsOnly())

describe('branch', () => {
  it('should give every element to every branch in order, and emit what any of them emits', () => {
    runMarbles(({ hot, expectObservable, expectSubscriptions }) => {
      const up = new Upstream()
      const elements = { r: up.restored(), a: record('a', 1), w: watermark(1), i: idle, e: up.end(), n: up.barrier(7) }
      const source = hot('r---a---w---i---e---n---|', elements)
      const expected = ' (rr)(aa)(ww)(ii)(ee)(nn)|'
      expectObservable(source.pipe(branch(shown, shown))).toBe(expected, {
        r: 'R',
        a: 'a@1',
        w: 'W1',
        i: 'idle',
        e: 'end',
        n: 'B7',
      })
      expectSubscriptions(source.subscriptions).toBe('^-----------------------!')
    })
  })

  it('should acknowledge a batch end upstream when all branches have, in any order', () => {
    const up = new Upstream()
    const [one, two] = [new SlowEnd(), new SlowEnd()]
    const source = new Subject<Elements>()
    source.pipe(branch(one.pipeline, two.pipeline)).subscribe()
    source.next(up.end('A'))
    source.next(up.end('B'))
    one.acknowledge()
    one.acknowledge()
    expect(up.calls).toEqual([])
    two.acknowledge()
    expect(up.calls).toEqual(['ack A'])
    two.acknowledge()
    expect(up.calls).toEqual(['ack A', 'ack B'])
  })

  it('should acknowledge a barrier upstream when all branches have, and pass their snapshots and its outcome', () => {
    const up = new Upstream()
    const outcome$ = of({ _tag: 'aborted', checkpointId: 7, reason: 'timeout' } as const)
    const [one, two] = [new SlowEnd(), new SlowEnd()]
    const source = new Subject<Elements>()
    source.pipe(branch(one.pipeline, two.pipeline)).subscribe()
    source.next(up.barrier(7, 'drain', outcome$))
    const barriers = [one, two].map((end) => end.unacknowledged[0] as CheckpointBarrier)
    expect(barriers.map(({ checkpointId, end }) => [checkpointId, end])).toEqual([
      [7, 'drain'],
      [7, 'drain'],
    ])
    barriers.forEach((barrier, index) => {
      barrier.snapshot(`sink-${index}`, {})
    })
    const outcomes: unknown[] = []
    barriers[1]!.outcome$.subscribe((outcome) => outcomes.push(outcome))
    two.acknowledge()
    one.acknowledge()
    expect(up.calls).toEqual(['snapshot B7 sink-0', 'snapshot B7 sink-1', 'ack B7'])
    expect(outcomes).toEqual([{ _tag: 'aborted', checkpointId: 7, reason: 'timeout' }])
  })

  it('should fail when a branch acknowledges its copy twice', () => {
    const up = new Upstream()
    const source = new Subject<Elements>()
    const twice: TerminalPipeline<string, never> = (elements$) =>
      elements$.pipe(
        tap((element) => {
          if (element.kind === 'batchEnd') element.acknowledge()
        }),
        recordsOnly(),
        filter((_): _ is never => false),
      )
    const errors: string[] = []
    source.pipe(branch(values, twice)).subscribe({ error: (error: StreamError) => errors.push(error._tag) })
    source.next(up.end('A'))
    expect(errors).toEqual(['AcknowledgedTwice'])
  })

  it('should fail with the error of one branch and unsubscribe from all', () => {
    const torn: string[] = []
    const other: TerminalPipeline<string, never> = () => new Observable(() => () => torn.push('other'))
    runMarbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('a-b', { a: record('a'), b: record('b') })
      const failing: TerminalPipeline<string, string> = (elements$) =>
        elements$.pipe(
          recordsOnly(),
          map((value) => {
            if (value === 'b') throw 'error'
            return value
          }),
        )
      expectObservable(source.pipe(branch(other, failing))).toBe('a-#')
      expectSubscriptions(source.subscriptions).toBe('^-!')
    })
    expect(torn).toEqual(['other'])
  })

  it('should pass an error of the source at once, whatever a branch would make of it', () => {
    runMarbles(({ hot, expectObservable }) => {
      const source = hot('a-#', { a: record('a') })
      const calm: TerminalPipeline<string, string> = (elements$) =>
        elements$.pipe(
          recordsOnly(),
          catchError(() => of('calm')),
        )
      expectObservable(source.pipe(branch(calm))).toBe('a-#')
    })
  })

  it('should complete when the last branch has completed, after the source', () => {
    runMarbles(({ hot, cold, expectObservable }) => {
      const source = hot('a-|', { a: record('a') })
      const tail = cold('-t|')
      const later: TerminalPipeline<string, string> = (elements$) =>
        new Observable((subscriber) =>
          elements$.subscribe({ complete: () => subscriber.add(tail.subscribe(subscriber)) }),
        )
      expectObservable(source.pipe(branch(values, later))).toBe('a--t|')
    })
  })

  describe('a branch that completes early', () => {
    it('should count as acknowledging what it owes and all that follows, and have the source asked to end', () => {
      const up = new Upstream()
      const slow = new SlowEnd()
      const source = new Subject<Elements>()
      const stop = new Subject<void>()
      const ended: TerminalPipeline<string, never> = (elements$) =>
        new Observable((subscriber) => {
          subscriber.add(slow.pipeline(elements$).subscribe())
          subscriber.add(
            stop.subscribe(() => {
              subscriber.complete()
            }),
          )
        })
      source.pipe(branch(ended, values)).subscribe()
      source.next(up.restored())
      source.next(up.end('A'))
      source.next(up.barrier(7))
      expect(up.calls).toEqual([])
      stop.next()
      expect(up.calls).toEqual(['ack A', 'ack B7', 'end requested'])
      source.next(up.end('B'))
      source.next(up.barrier(8, 'finished'))
      expect(up.calls.slice(3)).toEqual(['ack B', 'ack B8'])
    })

    it('should have the source asked as soon as there is someone to ask', () => {
      const up = new Upstream()
      const source = new Subject<Elements>()
      source.pipe(branch((elements$) => elements$.pipe(map(show), take(0)), values)).subscribe()
      source.next(up.restored())
      expect(up.calls).toEqual(['end requested'])
    })

    it('should let the other branches end with the final barrier, the tail of a take in onRecords included', () => {
      const up = new Upstream()
      runMarbles(({ hot, expectObservable }) => {
        const elements = { r: up.restored(), a: record('a'), b: record('b'), f: up.barrier(8, 'finished') }
        const source = hot('rab-f-|', elements)
        const first: TerminalPipeline<string, string> = (elements$) => elements$.pipe(onRecords(take(1)), recordsOnly())
        expectObservable(
          source.pipe(
            branch(first, (elements$) =>
              elements$.pipe(
                onRecords(map((v) => v)),
                recordsOnly(),
                filter((v) => v === 'b'),
              ),
            ),
          ),
        ).toBe('-ab---|')
      })
      expect(up.calls).toEqual(['end requested', 'ack B8'])
    })
  })

  it('should unsubscribe from source and branches when it is unsubscribed from', () => {
    const torn: string[] = []
    const other: TerminalPipeline<string, never> = () => new Observable(() => () => torn.push('other'))
    runMarbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('a-b-', { a: record('a'), b: record('b') })
      expectObservable(source.pipe(branch(values, other)), '-!').toBe('a')
      expectSubscriptions(source.subscriptions).toBe('^!')
    })
    expect(torn).toEqual(['other'])
  })

  it('should pass never, empty and endless streams', () => {
    runMarbles(({ hot, cold, expectObservable }) => {
      expectObservable(cold<Elements>('-').pipe(branch(values, values))).toBe('-')
      expectObservable(cold<Elements>('|').pipe(branch(values, values))).toBe('|')
      expectObservable(hot('-a-', { a: record('a') }).pipe(branch(values, () => NEVER))).toBe('-a-')
    })
  })
})
