import { describe, expect, it } from '@jest/globals'
import {
  asyncScheduler,
  catchError,
  concat,
  concatMap,
  defer,
  delay,
  EMPTY,
  exhaustMap,
  filter,
  finalize,
  map,
  merge,
  mergeAll,
  mergeMap,
  NEVER,
  Observable,
  observeOn,
  of,
  type OperatorFunction,
  retry,
  scan,
  share,
  startWith,
  subscribeOn,
  switchMap,
  take,
  takeUntil,
  tap,
  timeout,
  VirtualTimeScheduler,
} from 'rxjs'
import { controlReceiverOf } from '../../lib/stream/controlReceiver.js'
import { operate } from '../../lib/stream/operate.js'
import type { StreamElement } from '../../lib/stream/StreamElement.js'

/** Whose receiver a source finds through the operator, as the names of two nested ones. */
const found = (operator: OperatorFunction<number, unknown>, scheduler = new VirtualTimeScheduler()): string[] => {
  const seen: string[] = []
  const source$ = new Observable<number>((destination) => {
    controlReceiverOf(destination)?.(NEVER)
  })
  const receiver =
    (name: string): OperatorFunction<unknown, unknown> =>
    (input$) =>
      new Observable((destination) => {
        operate(input$, destination, { next: () => undefined, control: () => seen.push(name) })
      })
  const running = source$.pipe(operator, receiver('near'), receiver('far')).subscribe()
  scheduler.flush()
  running.unsubscribe()
  return seen
}

describe('controlReceiverOf', () => {
  const scheduler = new VirtualTimeScheduler()

  it.each<[string, OperatorFunction<number, unknown>]>([
    ['none', tap()],
    ['map', map(String)],
    ['filter', filter(Boolean)],
    ['scan', scan((sum, value) => sum + value, 0)],
    ['startWith', startWith(1)],
    ['take', take(2)],
    ['takeUntil', takeUntil(NEVER)],
    ['tap', tap(() => undefined)],
    ['finalize', finalize(() => undefined)],
    ['catchError', catchError(() => EMPTY)],
    ['retry', retry({ delay: 10 })],
    ['timeout', timeout({ each: 10_000 })],
    ['observeOn', observeOn(asyncScheduler)],
    ['delay', delay(10)],
    ['merge', (source$) => merge(NEVER, source$)],
    ['concat', (source$) => concat(of(1), source$)],
    ['defer', (source$) => defer(() => source$)],
    ['mergeMap', (source$) => of(1).pipe(mergeMap(() => source$))],
    ['concatMap', (source$) => of(1).pipe(concatMap(() => source$))],
    ['switchMap', (source$) => of(1).pipe(switchMap(() => source$))],
    ['exhaustMap', (source$) => of(1).pipe(exhaustMap(() => source$))],
    ['mergeAll', (source$) => of(source$).pipe(mergeAll(1))],
    ['a subscription in another turn', subscribeOn(scheduler)],
    ['an Observable that hands its subscriber on', (source$) => new Observable((to) => source$.subscribe(to))],
    [
      'several',
      (source$) =>
        of(1).pipe(
          switchMap(() => source$.pipe(map(String), filter(Boolean))),
          tap(),
        ),
    ],
  ])('should find the nearest receiver, and it alone, through %s', (_, operator) => {
    expect(found(operator, scheduler)).toEqual(['near'])
  })

  it.each<[string, OperatorFunction<number, unknown>]>([
    ['share', share()],
    ['a plain observer', (source$) => new Observable((to) => source$.subscribe({ next: (value) => to.next(value) }))],
  ])('should find none where the chain is interrupted by %s', (_, operator) => {
    expect(found(operator)).toEqual([])
  })

  it('should find none where there is none', () => {
    const seen: unknown[] = []
    const source$ = new Observable<StreamElement<number>>((destination) => {
      seen.push(controlReceiverOf(destination))
    })
    source$.pipe(map(String)).subscribe()
    source$.subscribe(() => undefined)
    expect(seen).toEqual([undefined, undefined])
  })
})
