import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import * as t from 'io-ts'
import { Subject, VirtualTimeScheduler, of } from 'rxjs'
import type { Observable, OperatorFunction, SchedulerLike } from 'rxjs'
import { alignWatermarks } from '../../lib/eventtime/alignWatermarks.js'
import { assignTimestampsAndWatermarks } from '../../lib/eventtime/assignTimestampsAndWatermarks.js'
import { combineWatermarks } from '../../lib/eventtime/combineWatermarks.js'
import { keyedScan } from '../../lib/keyed/keyedScan.js'
import { unionElements } from '../../lib/eventtime/unionElements.js'
import { TumblingEventTimeWindows } from '../../lib/keyed/windows/TumblingEventTimeWindows.js'
import { windowByEventTime } from '../../lib/keyed/windows/windowByEventTime.js'
import type { WindowResult } from '../../lib/keyed/windows/windowByEventTime.js'
import { WatermarkStrategy } from '../../lib/eventtime/WatermarkStrategy.js'
import { withIdleness } from '../../lib/eventtime/withIdleness.js'
import type { StreamElement } from '../../lib/stream/StreamElement.js'
import { Upstream, active, idle, record, show, watermark } from '../support/elements.js'
import { CombinedModel } from './support/CombinedModel.js'
import { ComposedSource } from './support/ComposedSource.js'
import { UnionModel } from './support/UnionModel.js'

type Elements = StreamElement<string>

describe('a combined watermark', () => {
  interface Input {
    readonly elements: Subject<Elements>
    watermark: number
    idle: boolean
    everIdle: boolean
  }
  const acts = fc.array(
    fc.record({
      who: fc.nat(3),
      what: fc.oneof(
        { weight: 4, arbitrary: fc.nat(30) },
        fc.constant('idle' as const),
        fc.constant('active' as const),
      ),
    }),
    { maxLength: 60 },
  )
  const merges: Record<
    string,
    { merge: (all: Observable<Elements>[]) => Observable<Elements>; counts: (input: Input) => boolean }
  > = {
    combineWatermarks: {
      merge: (all) => of(...all.map((elements, index) => ({ id: `${index}`, elements }))).pipe(combineWatermarks()),
      counts: (input) => !input.idle,
    },
    // One that comes back from idleness is not waited for until it has caught up.
    unionElements: { merge: (all) => unionElements(...all), counts: (input) => !input.everIdle },
  }

  it.each(Object.entries(merges))(
    'should never go back, nor pass the slowest active input: %s',
    (_, { merge, counts }) => {
      fc.assert(
        fc.property(acts, (script) => {
          const inputs = Array.from({ length: 4 }, (): Input => {
            return { elements: new Subject<Elements>(), watermark: -Infinity, idle: false, everIdle: false }
          })
          const emitted: { readonly before: number; readonly watermark: number; readonly slowest: number }[] = []
          let last = -Infinity
          merge(inputs.map(({ elements }) => elements)).subscribe((element) => {
            if (element.kind !== 'watermark') return
            const slowest = Math.min(...inputs.filter(counts).map((input) => input.watermark))
            emitted.push({ before: last, watermark: element.timestamp, slowest })
            last = element.timestamp
          })
          for (const { who, what } of script) {
            const input = inputs[who]!
            if (typeof what === 'number') {
              input.watermark = Math.max(input.watermark, what)
              input.idle = false
              input.elements.next(watermark(what))
            } else {
              input.idle = what === 'idle'
              input.everIdle ||= input.idle
              input.elements.next(input.idle ? idle : active)
            }
          }
          expect(emitted.filter(({ before, watermark }) => watermark <= before)).toEqual([])
          expect(emitted.filter(({ watermark, slowest }) => watermark > slowest)).toEqual([])
        }),
      )
    },
  )
})

describe('watermarks and statuses of inputs', () => {
  const acts = fc.array(
    fc.record({
      // The third begins idle and seldom comes back: what two do shows sooner.
      who: fc.oneof({ weight: 9, arbitrary: fc.nat(1) }, fc.constant(2)),
      what: fc.oneof({ weight: 2, arbitrary: fc.nat(2) }, fc.constantFrom('idle' as const, 'active' as const)),
    }),
    { maxLength: 40 },
  )
  const inputs = [0, 1, 2]

  /** Numbers are how far a watermark is ahead of a time that goes on with the acts: so they often meet. */
  const words = (script: typeof acts extends fc.Arbitrary<infer S> ? S : never) =>
    script.map(({ who, what }, index) => ({
      who,
      what: typeof what === 'number' ? Math.floor(index / 6) + what : what,
    }))

  it('should become those that the rules of Flink make of them: unionElements', () => {
    fc.assert(
      fc.property(acts, (script) => {
        const sources = inputs.map(() => new Subject<Elements>())
        const seen: string[] = []
        const expected: string[] = []
        const model = new UnionModel(inputs.length, (word) => expected.push(word))
        unionElements(...sources).subscribe((element) => seen.push(show(element)))
        for (const { who, what } of [{ who: 2, what: 'idle' as const }, ...words(script)]) {
          sources[who]!.next(typeof what === 'number' ? watermark(what) : what === 'idle' ? idle : active)
          model.next(who, typeof what === 'number' ? `W${what}` : what)
        }
        expect(seen).toEqual(expected)
      }),
      { numRuns: 1_000 },
    )
  })

  it('should become those that the rules of Flink make of them: combineWatermarks', () => {
    fc.assert(
      fc.property(acts, (script) => {
        const sources = inputs.map(() => new Subject<Elements>())
        const seen: string[] = []
        const expected: string[] = []
        const model = new CombinedModel((word) => expected.push(word))
        of(...sources.map((elements, index) => ({ id: `${index}`, elements })))
          .pipe(combineWatermarks())
          .subscribe((element) => seen.push(show(element)))
        for (const input of inputs) model.add(`${input}`)
        for (const { who, what } of [{ who: 2, what: 'idle' as const }, ...words(script)]) {
          sources[who]!.next(typeof what === 'number' ? watermark(what) : what === 'idle' ? idle : active)
          model.set(`${who}`, typeof what === 'number' ? { watermark: what } : { idle: what === 'idle' })
          model.tell()
        }
        expect(seen).toEqual(expected)
      }),
      { numRuns: 1_000 },
    )
  })
})

describe('without idleness', () => {
  const BOUND = 5
  /** What comes next: of a split, a step in time and how far it is out of order; or a tick. */
  const events = fc.array(
    fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({ split: fc.nat(2), step: fc.nat(9), behind: fc.integer({ min: 0, max: BOUND }) }),
      },
      fc.constant('tick' as const),
    ),
    { maxLength: 120 },
  )
  const atEveryRecord = WatermarkStrategy.forGenerator<null>(() => {
    let highest = -Infinity
    return {
      onEvent: (_, timestamp, output) => {
        highest = Math.max(highest, timestamp)
        output.emitWatermark(highest - BOUND - 1)
      },
      onPeriodicEmit: () => undefined,
    }
  })

  it.each([
    ['periodic', WatermarkStrategy.forBoundedOutOfOrderness<null>(BOUND)],
    ['at every record', atEveryRecord],
  ])('should call no record late that is on time in its split, watermarks %s', (_, strategy) => {
    fc.assert(
      fc.property(events, (script) => {
        let last = -Infinity
        const emit = (element: StreamElement<null>): void => {
          if (element.kind === 'watermark') last = element.timestamp
        }
        const source = new ComposedSource(strategy, emit)
        const splits = ['a', 'b', 'c'].map((id) => ({ id, time: 0 }))
        for (const { id } of splits) source.add(id)
        for (const event of script) {
          if (event === 'tick') {
            source.tick()
            continue
          }
          const one = splits[event.split]!
          one.time += event.step
          const timestamp = one.time - event.behind
          expect(timestamp).toBeGreaterThan(last)
          source.record(one.id, null, timestamp)
        }
      }),
    )
  })
})

describe('the order of records and control elements', () => {
  const steps = fc.array(
    fc.record({
      gap: fc.nat(150),
      make: fc.oneof(
        {
          weight: 4,
          arbitrary: fc.nat(60).map(
            (timestamp) =>
              (index: number): Elements =>
                record(`${'ab'[index % 2]!}${index}`, timestamp),
          ),
        },
        { weight: 2, arbitrary: fc.nat(60).map((timestamp) => (): Elements => watermark(timestamp)) },
        fc.constantFrom(
          (): Elements => idle,
          (): Elements => active,
          (index: number, up: Upstream): Elements => up.end(`${index}`),
          (index: number, up: Upstream): Elements => up.barrier(index),
        ),
      ),
    }),
    { maxLength: 50 },
  )
  type Steps = typeof steps extends fc.Arbitrary<infer S> ? S : never

  /** Sends the steps in virtual time, and what comes out with it; the end of the pipeline acknowledges at once. */
  const play = <R>(
    script: Steps,
    operator: (scheduler: SchedulerLike) => OperatorFunction<Elements, StreamElement<R>>,
  ): { sent: Elements[]; seen: StreamElement<R>[] } => {
    const scheduler = new VirtualTimeScheduler()
    const source = new Subject<Elements>()
    const up = new Upstream()
    const seen: StreamElement<R>[] = []
    source.pipe(operator(scheduler)).subscribe((element) => {
      seen.push(element)
      if (element.kind === 'batchEnd') element.acknowledge()
    })
    let at = 0
    const sent = [up.restored() as Elements, ...script.map(({ make }, index) => make(index, up))]
    for (const [index, element] of sent.entries()) {
      at += script[index - 1]?.gap ?? 0
      scheduler.schedule(() => {
        source.next(element)
      }, at)
    }
    scheduler.schedule(() => {
      source.complete()
    }, at)
    scheduler.flush()
    return { sent, seen }
  }

  const words = (elements: readonly StreamElement<unknown>[], ...kinds: readonly Elements['kind'][]): string[] =>
    elements.filter(({ kind }) => kinds.includes(kind)).map(show)

  const strategy = WatermarkStrategy.forBoundedOutOfOrderness<string>(5).withIdleness(300)
  const drawn = ['restored', 'record', 'batchEnd', 'barrier'] as const
  const kept: readonly [
    string,
    readonly Elements['kind'][],
    (scheduler: SchedulerLike) => OperatorFunction<Elements, Elements>,
  ][] = [
    ['assignTimestampsAndWatermarks', drawn, (scheduler) => assignTimestampsAndWatermarks(strategy, { scheduler })],
    ['withIdleness', drawn, (scheduler) => withIdleness(300, { scheduler })],
    [
      'alignWatermarks',
      [...drawn, 'watermark', 'watermarkStatus'],
      (scheduler) => alignWatermarks({ group: 'properties', maxDrift: 5, updateInterval: 100 }, { scheduler }),
    ],
  ]

  it.each(kept)('should be kept by %s', (_, kinds, operator) => {
    fc.assert(
      fc.property(steps, (script) => {
        const { sent, seen } = play(script, operator)
        expect(words(seen, ...kinds)).toEqual(words(sent, ...kinds))
        const watermarks = seen.flatMap((element) => (element.kind === 'watermark' ? [element.timestamp] : []))
        if (kinds === drawn) expect(watermarks).toEqual([...new Set(watermarks)].sort((a, b) => a - b))
      }),
    )
  })

  it('should be kept by keyedScan, whose outputs stand in the places of its records', () => {
    const last = keyedScan({
      uid: 'last',
      keyBy: (value: string) => value[0]!,
      seed: () => '',
      accumulate: (_, value) => value,
      state: t.string,
    })
    fc.assert(
      fc.property(steps, (script) => {
        const { sent, seen } = play(script, () => last)
        expect(seen.map((one) => (one.kind === 'record' ? `${one.value.value}@${one.timestamp}` : show(one)))).toEqual(
          sent.map(show),
        )
      }),
    )
  })

  it('should be kept by windows: each result before the first watermark that completes it, with all that was on time', () => {
    const windows = windowByEventTime({
      uid: 'windows',
      keyBy: (value: string) => value[0]!,
      windows: TumblingEventTimeWindows.of(10),
      seed: (): string[] => [],
      accumulate: (values, value) => [...values, value],
      state: t.array(t.string),
      sideOutputLateData: (value) => ({ late: value }),
    })
    fc.assert(
      fc.property(steps, (script) => {
        const { sent, seen } = play(script, () => windows)
        const control = ['restored', 'batchEnd', 'barrier', 'watermark', 'watermarkStatus'] as const
        expect(words(seen, ...control)).toEqual(words(sent, ...control))
        expect(outputs(seen)).toEqual(expectedOutputs(sent))
      }),
    )
  })

  type Output = WindowResult<string, string[]> | { readonly late: string }

  /** Sorted between two control elements. */
  const outputs = (seen: readonly StreamElement<Output>[]): string[][] =>
    gapsOf(seen, (value, timestamp) =>
      'late' in value ? `late ${value.late}` : `${value.key} ${value.value.join()} ${timestamp}`,
    )

  /** By the definition of windows: from all records before a watermark those that it completes, and none before did. */
  const expectedOutputs = (sent: readonly Elements[]): string[][] => {
    const pending = new Map<string, { readonly end: number; readonly values: string[] }>()
    let now = -Infinity
    const gaps: string[][] = [[]]
    for (const element of sent) {
      if (element.kind === 'record') {
        const end = Math.floor(element.timestamp / 10) * 10 + 10
        const id = `${element.value[0]!} ${end}`
        if (end - 1 <= now) gaps.at(-1)!.push(`late ${element.value}`)
        else pending.set(id, { end, values: [...(pending.get(id)?.values ?? []), element.value] })
        continue
      }
      if (element.kind === 'watermark') {
        now = Math.max(now, element.timestamp)
        for (const [id, { end, values }] of pending) {
          if (end - 1 > now) continue
          pending.delete(id)
          gaps.at(-1)!.push(`${id[0]!} ${values.join()} ${end - 1}`)
        }
      }
      gaps.push([])
    }
    return gaps.map((gap) => gap.sort())
  }

  const gapsOf = <R>(seen: readonly StreamElement<R>[], text: (value: R, timestamp: number) => string): string[][] => {
    const gaps: string[][] = [[]]
    for (const element of seen) {
      if (element.kind === 'record') gaps.at(-1)!.push(text(element.value, element.timestamp))
      else gaps.push([])
    }
    return gaps.map((gap) => gap.sort())
  }
})
