import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { Observable, Subject, VirtualTimeScheduler, concatMap, delay, from, map, mergeMap, range, timer } from 'rxjs'
import type { OperatorFunction, SchedulerLike } from 'rxjs'
import { branch } from '../../lib/stream/branch.js'
import { mapAsync } from '../../lib/stream/mapAsync.js'
import { onRecords } from '../../lib/stream/onRecords.js'
import { processBatches } from '../../lib/stream/processBatches.js'
import { recordsOnly } from '../../lib/stream/recordsOnly.js'
import type { StreamElement } from '../../lib/stream/StreamElement.js'
import { Upstream, record, watermark } from '../support/elements.js'

interface Work {
  readonly id: number
  /** ms until each output; 0 outputs at all are possible */
  readonly outputs: readonly number[]
}
type Elements = StreamElement<Work>
interface Step {
  readonly gap: number
  readonly element: (index: number, up: Upstream) => Elements
}

const steps = fc.array(
  fc.record({
    gap: fc.nat({ max: 4 }),
    element: fc.oneof(
      {
        weight: 4,
        arbitrary: fc.array(fc.nat({ max: 9 }), { maxLength: 3 }).map(
          (outputs) =>
            (id: number): Elements =>
              record({ id, outputs }, id),
        ),
      },
      { weight: 1, arbitrary: fc.constant((index: number): Elements => watermark(index)) },
      { weight: 1, arbitrary: fc.constant((index: number, up: Upstream): Elements => up.end(`${index}`)) },
      { weight: 1, arbitrary: fc.constant((index: number, up: Upstream): Elements => up.barrier(index)) },
    ),
  }),
  { maxLength: 40 },
)

/** An element of the input, or an output of one of its records, by the position of that element. */
type Seen = { readonly record: number } | { readonly control: string }

const name = (element: Elements, index: number): string =>
  element.kind === 'batchEnd' ? `end` : `${element.kind} ${index}`

/** Sends the steps in virtual time, and completes. */
function play(
  input: readonly Step[],
  up: Upstream,
  pipeline: (elements$: Observable<Elements>, scheduler: SchedulerLike) => void,
): Elements[] {
  const scheduler = new VirtualTimeScheduler()
  const source = new Subject<Elements>()
  pipeline(source, scheduler)
  let at = 0
  const elements = input.map(({ gap, element }, index) => {
    const made = element(index, up)
    at += gap
    scheduler.schedule(() => {
      source.next(made)
    }, at)
    return made
  })
  scheduler.schedule(() => {
    source.complete()
  }, at + 1)
  scheduler.flush()
  return elements
}

/** What must leave between the control elements: the ids of the outputs in each gap, sorted, as they went in. */
function gaps(seen: readonly Seen[]): (string | number[])[] {
  const result: (string | number[])[] = [[]]
  for (const one of seen) {
    if ('control' in one) result.push(one.control, [])
    else (result.at(-1) as number[]).push(one.record)
  }
  return result.map((gap) => (typeof gap === 'string' ? gap : gap.sort((a, b) => a - b)))
}

const controlName = (element: Elements | StreamElement<number>): string =>
  element.kind === 'watermark'
    ? `watermark ${element.timestamp}`
    : element.kind === 'barrier'
      ? `barrier ${element.checkpointId}`
      : 'end'

function expected(elements: readonly Elements[]): Seen[] {
  return elements.flatMap((element, index): Seen[] =>
    element.kind === 'record'
      ? element.value.outputs.map(() => ({ record: element.value.id }))
      : [{ control: name(element, index) }],
  )
}

/** The records that had left before each control element. */
function before(seen: readonly Seen[]): (readonly [control: string, records: ReadonlySet<number>])[] {
  const records = new Set<number>()
  return seen.flatMap((one) => {
    if ('control' in one) return [[one.control, new Set(records)] as const]
    records.add(one.record)
    return []
  })
}

const barriersOnly = (seen: readonly Seen[]): Seen[] =>
  seen.filter((one) => 'record' in one || one.control.startsWith('barrier'))

function expectInvariant(seen: readonly Seen[], elements: readonly Elements[]): void {
  expect(gaps(seen)).toEqual(gaps(expected(elements)))
}

/**
 * A span of `processBatches` is done as a whole: its watermarks and batch ends wait for records that came behind them. What the
 * invariant protects holds all the same: nothing crosses a barrier, and a control element leaves after all that was before it.
 */
function expectInvariantOfSpans(seen: readonly Seen[], elements: readonly Elements[]): void {
  expect(gaps(barriersOnly(seen))).toEqual(gaps(barriersOnly(expected(elements))))
  const left = before(seen)
  const wanted = before(expected(elements))
  expect(left.map(([control]) => control)).toEqual(wanted.map(([control]) => control))
  wanted.forEach(([, records], index) => {
    expect([...records].filter((id) => !left[index]![1].has(id))).toEqual([])
  })
}

const operators: Record<string, (scheduler: SchedulerLike) => OperatorFunction<Elements, StreamElement<number>>> = {
  onRecords: () => onRecords(concatMap(({ id, outputs }) => from(outputs.map(() => id)))),
  ...Object.fromEntries(
    (['ordered', 'unordered'] as const).flatMap((order) =>
      [1, 2, 100].map((concurrency) => [
        `mapAsync ${order} ${concurrency}`,
        (scheduler: SchedulerLike) =>
          mapAsync(
            ({ id, outputs }: Work) => from(outputs).pipe(mergeMap((ms) => timer(ms, scheduler).pipe(map(() => id)))),
            {
              concurrency,
              order,
            },
          ),
      ]),
    ),
  ),
  'mapAsync at once': () => mapAsync(({ id, outputs }) => outputs.map(() => id), { concurrency: 2 }),
  processBatches: (scheduler) =>
    processBatches((records$) =>
      records$.pipe(
        mergeMap(({ id, outputs }) => from(outputs).pipe(mergeMap((ms) => timer(ms, scheduler).pipe(map(() => id))))),
      ),
    ),
  'processBatches at once': () =>
    processBatches((records$) => records$.pipe(concatMap(({ id, outputs }) => outputs.map(() => id)))),
  'one behind the other': (scheduler) => (source) =>
    source.pipe(
      mapAsync(
        ({ id, outputs }) =>
          timer(id % 3, scheduler).pipe(mergeMap(() => range(0, outputs.length).pipe(map(() => id)))),
        {
          order: 'unordered',
        },
      ),
      onRecords(map((id) => id)),
      processBatches((ids$) => ids$.pipe(delay(2, scheduler))),
    ),
}

describe('the invariant: no record passes a control element, and none is lost', () => {
  it.each(Object.keys(operators))('should hold for %s', (operator) => {
    fc.assert(
      fc.property(steps, (input) => {
        const seen: Seen[] = []
        let completed = false
        const elements = play(input, new Upstream(), (elements$, scheduler) => {
          elements$.pipe(operators[operator]!(scheduler)).subscribe({
            next: (element) =>
              seen.push(element.kind === 'record' ? { record: element.value } : { control: controlName(element) }),
            complete: () => (completed = true),
          })
        })
        expect(completed).toBe(true)
        const check = /processBatches|one behind/.test(operator) ? expectInvariantOfSpans : expectInvariant
        check(seen, elements)
      }),
    )
  })

  it('should hold for every branch of branch, and acknowledge everything once', () => {
    fc.assert(
      fc.property(steps, (input) => {
        const up = new Upstream()
        const seen: Record<string, Seen[]> = { one: [], two: [] }
        const end =
          (which: string, operator: OperatorFunction<Elements, StreamElement<number>>) =>
          (elements$: Observable<Elements>) =>
            elements$.pipe(
              operator,
              map((element) => {
                seen[which]!.push(
                  element.kind === 'record' ? { record: element.value } : { control: controlName(element) },
                )
                return element
              }),
              recordsOnly(),
            )
        const elements = play(input, up, (elements$, scheduler) => {
          elements$
            .pipe(
              branch(
                end('one', operators['mapAsync unordered 2']!(scheduler)),
                end('two', operators['processBatches']!(scheduler)),
              ),
            )
            .subscribe()
        })
        expectInvariant(seen['one']!, elements)
        expectInvariantOfSpans(seen['two']!, elements)
        expect(up.calls).toEqual(acknowledgements(elements))
      }),
    )
  })

  it('should hold for the acknowledgements of recordsOnly: each after the values before it', () => {
    fc.assert(
      fc.property(steps, (input) => {
        const up = new Upstream()
        const elements = play(input, up, (elements$, scheduler) => {
          elements$
            .pipe(operators['mapAsync ordered 2']!(scheduler), recordsOnly())
            .subscribe((id) => up.calls.push(`${id}`))
        })
        const wanted = elements.flatMap((element, index): string[] =>
          element.kind === 'record'
            ? element.value.outputs.map(() => `${element.value.id}`)
            : acknowledgements([element], index),
        )
        expect(up.calls).toEqual(wanted)
      }),
    )
  })
})

function acknowledgements(elements: readonly Elements[], first = 0): string[] {
  return elements.flatMap((element, index): string[] => {
    if (element.kind === 'batchEnd') return [`ack ${first + index}`]
    return element.kind === 'barrier' ? [`ack B${element.checkpointId}`] : []
  })
}
