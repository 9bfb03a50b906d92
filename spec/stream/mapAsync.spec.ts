import { describe, expect, it } from '@jest/globals'
import { EMPTY, NEVER, Subject, concat, map, of, throwError, timer } from 'rxjs'
import type { Observable } from 'rxjs'
import { mapAsync } from '../../lib/stream/mapAsync.js'
import { recordsOnly } from '../../lib/stream/recordsOnly.js'
import type { StreamElement } from '../../lib/stream/StreamElement.js'
import { Upstream, idle, record, show, watermark } from '../support/elements.js'
import { runMarbles } from '../support/runMarbles.js'

/** Answers after as many ms as the value says: `'3'` after 3. */
const after = (value: string): Observable<string> => timer(Number(value)).pipe(map(() => value))

describe('mapAsync', () => {
  const up = new Upstream()
  const elements = {
    r: up.restored(),
    0: record('0', 10),
    1: record('1', 11),
    2: record('2', 12),
    3: record('3', 13),
    4: record('4', 14),
    5: record('5', 15),
    w: watermark(20),
    i: idle,
    e: up.end(),
    n: up.barrier(7),
    s: up.barrier(7, 'suspend'),
    f: up.barrier(7, 'finished'),
  }
  const shown = {
    r: 'R',
    0: '0@10',
    1: '1@11',
    2: '2@12',
    3: '3@13',
    4: '4@14',
    5: '5@15',
    w: 'W20',
    i: 'idle',
    e: 'end',
    n: 'B7',
    s: 'B7 suspend',
    f: 'B7 finished',
  }

  it('should emit in the order of the records by default, with their timestamps', () => {
    runMarbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot(' r512-------|', elements)
      const expected = '   r-----(512)|'
      expectObservable(source.pipe(mapAsync(after), map(show))).toBe(expected, shown)
      expectSubscriptions(source.subscriptions).toBe('^----------!')
    })
  })

  it('should emit as the answers come when unordered', () => {
    runMarbles(({ hot, expectObservable }) => {
      const source = hot(' r5-1---|', elements)
      const expected = '   r---1-5|'
      expectObservable(source.pipe(mapAsync(after, { order: 'unordered' }), map(show))).toBe(expected, shown)
    })
  })

  it.each(['ordered', 'unordered'] as const)('should keep what is in flight on its side of a barrier: %s', (order) => {
    runMarbles(({ hot, expectObservable }) => {
      // 1 is answered long before 5, but it comes after the barrier, and the barrier after 5.
      const source = hot(' r5n1---------|', elements)
      const expected = '   r-----(5n1)--|'
      expectObservable(source.pipe(mapAsync(after, { order }), map(show))).toBe(expected, shown)
    })
  })

  it.each(['w', 'i', 'e', 's', 'f'])(
    'should let a control element leave only when the records before it are done: %s',
    (control) => {
      runMarbles(({ hot, expectObservable }) => {
        const source = hot(` 52${control}-------|`, elements)
        const expected = `   ---2-(5${control})-|`
        expectObservable(source.pipe(mapAsync(after, { order: 'unordered' }), map(show))).toBe(expected, shown)
      })
    },
  )

  it('should start no more than concurrency at once, the others in their turn', () => {
    runMarbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const source = hot('         (012)', elements)
      const answers = [cold('--x|'), cold('-----x|'), cold('--x|')]
      const subscriptions = ['       ^--!', '^-----!', '---^--!']
      const expected = '           --x--yz'
      const project = (value: string): Observable<string> => answers[Number(value)]!
      expectObservable(source.pipe(mapAsync(project, { concurrency: 2 }), map(show))).toBe(expected, {
        x: 'x@10',
        y: 'x@11',
        z: 'x@12',
      })
      answers.forEach((answer, i) => {
        expectSubscriptions(answer.subscriptions).toBe(subscriptions[i]!)
      })
    })
  })

  it('should start a record behind a barrier while those before it are under way', () => {
    runMarbles(({ hot, expectObservable }) => {
      const source = hot(' 5n3-------|', elements)
      const expected = '   -----(5n3)|'
      expectObservable(source.pipe(mapAsync(after), map(show))).toBe(expected, shown)
    })
  })

  it('should emit none, one or many outputs of a record, from any ObservableInput', () => {
    const outputs: Record<string, Observable<string> | string[]> = { 0: EMPTY, 1: ['a'], 2: of('b', 'c') }
    runMarbles(({ hot, expectObservable }) => {
      const source = hot(' 0-1-2---e|', elements)
      const expected = '   --a-(bc)e|'
      expectObservable(
        source.pipe(
          mapAsync((value) => outputs[value]!),
          map(show),
        ),
      ).toBe(expected, {
        a: 'a@11',
        b: 'b@12',
        c: 'c@12',
        e: 'end',
      })
    })
  })

  it('should emit the outputs of the first record as they come, and hold those of the others', () => {
    runMarbles(({ hot, cold, expectObservable }) => {
      const source = hot('           (01)------|', elements)
      const answers = [cold('a--b--|'), cold('-c-d-|')]
      const expected = '             a--b--(cd)|'
      expectObservable(
        source.pipe(
          mapAsync((value) => answers[Number(value)]!),
          map(show),
        ),
      ).toBe(expected, {
        a: 'a@10',
        b: 'b@10',
        c: 'c@11',
        d: 'd@11',
      })
    })
  })

  it('should complete when the last record is done', () => {
    runMarbles(({ hot, expectObservable }) => {
      expectObservable(hot('5|', elements).pipe(mapAsync(after), map(show))).toBe('-----(5|)', shown)
      expectObservable(hot('5f|', elements).pipe(mapAsync(after), map(show))).toBe('-----(5f|)', shown)
    })
  })

  it('should fail with an error of a projection, thrown or sent, and unsubscribe from all others', () => {
    runMarbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const source = hot('          01--', elements)
      const other = cold('  -----x|')
      const answers = [other, cold('-#')]
      expectObservable(
        source.pipe(
          mapAsync((value) => answers[Number(value)]!),
          map(show),
        ),
      ).toBe('--#')
      expectSubscriptions(source.subscriptions).toBe('^-!')
      expectSubscriptions(other.subscriptions).toBe(' ^-!')
      const thrown = (): Observable<string> => {
        throw 'error'
      }
      expectObservable(hot('-0', elements).pipe(mapAsync(thrown))).toBe('-#')
      expectObservable(hot('-0', elements).pipe(mapAsync(() => throwError(() => 'error')))).toBe('-#')
    })
  })

  it('should pass an error of the source at once', () => {
    runMarbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const inner = cold('-----x|')
      expectObservable(hot('0-#', elements).pipe(mapAsync(() => inner))).toBe('--#')
      expectSubscriptions(inner.subscriptions).toBe('^-!')
    })
  })

  it('should unsubscribe from the source and all that is under way when it is unsubscribed from', () => {
    runMarbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const source = hot('       r01--', elements)
      const inner = cold('-----x|')
      expectObservable(
        source.pipe(
          mapAsync(() => inner),
          map(show),
        ),
        '----!',
      ).toBe('r', shown)
      expectSubscriptions(source.subscriptions).toBe('^---!')
      expectSubscriptions(inner.subscriptions).toBe(['-^--!', '--^-!'])
    })
  })

  it('should pass never, empty and endless streams', () => {
    runMarbles(({ hot, cold, expectObservable }) => {
      expectObservable(cold<StreamElement<string>>('-').pipe(mapAsync(after))).toBe('-')
      expectObservable(cold<StreamElement<string>>('|').pipe(mapAsync(after))).toBe('|')
      expectObservable(
        hot('0-0-0-', elements).pipe(
          mapAsync((value) => of(value)),
          map(show),
        ),
      ).toBe('0-0-0-', shown)
    })
  })

  it('should wait behind a projection that never ends, with everything after it', () => {
    runMarbles(({ hot, expectObservable }) => {
      const project = (value: string): Observable<string> => (value === '1' ? NEVER : of(value))
      expectObservable(hot('r012en', elements).pipe(mapAsync(project), map(show))).toBe('r0', shown)
      expectObservable(hot('r012en', elements).pipe(mapAsync(project, { order: 'unordered' }), map(show))).toBe(
        'r0-2',
        shown,
      )
    })
  })

  it('should ask for the next batch only when the batch is done, so that it holds no more than what is unacknowledged', () => {
    const calls = new Upstream()
    runMarbles(({ hot }) => {
      const source = hot('0-3e', { ...elements, e: calls.end('A') })
      source.pipe(mapAsync(after), recordsOnly()).subscribe((value) => calls.calls.push(value))
    })
    expect(calls.calls).toEqual(['0', '3', 'ack A'])
  })

  it('should not grow the stack, however many projections answer at once', () => {
    const source = new Subject<StreamElement<number>>()
    const gate = new Subject<number>()
    let count = 0
    const project = (value: number): Observable<number> => (value === 0 ? concat(gate, of(0)) : of(value))
    source.pipe(mapAsync(project, { concurrency: 1 }), recordsOnly()).subscribe(() => count++)
    for (let i = 0; i < 100_000; i++) source.next(record(i))
    gate.complete()
    expect(count).toBe(100_000)
  })

  it('should emit what comes in while an element is being emitted after it, never within', () => {
    const source = new Subject<StreamElement<string>>()
    const answers: Record<string, Subject<string>> = { a: new Subject(), b: new Subject() }
    const seen: string[] = []
    source.pipe(mapAsync((value) => answers[value]!)).subscribe((element) => {
      seen.push(`<${show(element)}`)
      if (element.kind === 'barrier') answers['b']!.next('b')
      seen.push(`${show(element)}>`)
    })
    for (const element of [record('a'), up.barrier(3), record('b')]) source.next(element)
    answers['a']!.complete()
    expect(seen).toEqual(['<B3', 'B3>', '<b@0', 'b@0>'])
  })

  it.each([0, -1, 1.5, NaN])('should refuse concurrency %s', (concurrency) => {
    expect(() => mapAsync((value) => of(value), { concurrency })).toThrow(RangeError)
  })
})
