import { describe, expect, it } from '@jest/globals'
import { isDeepStrictEqual } from 'node:util'
import { CombinedWatermarkStatus } from '../../lib/eventtime/CombinedWatermarkStatus.js'
import { StatusWatermarkValve } from '../../lib/eventtime/StatusWatermarkValve.js'
import type { WatermarkGenerator, WatermarkOutput } from '../../lib/eventtime/WatermarkGenerator.js'
import { WatermarkStrategy } from '../../lib/eventtime/WatermarkStrategy.js'
import { ComposedSource } from '../eventtime/support/ComposedSource.js'
import { golden } from '../support/golden.js'
import { departures, type RecordedOutput } from './departures.js'

type Step =
  | { readonly op: 'add' | 'release' | 'markIdle' | 'markActive'; readonly split: string }
  | { readonly op: 'wm'; readonly split: string; readonly ts: number; readonly deferred?: boolean }
  | { readonly op: 'periodic' }

type ValveStep =
  | { readonly op: 'wm'; readonly ch: number; readonly ts: number }
  | { readonly op: 'idle' | 'active'; readonly ch: number }

type SourceStep =
  | { readonly op: 'add' | 'release' | 'markIdle' | 'markActive' | 'pause' | 'resume'; readonly split: string }
  | { readonly op: 'rec'; readonly split: string; readonly ts: number }
  | { readonly op: 'tick' | 'advance'; readonly ms: number }

interface Strategy {
  readonly kind: 'monotonous' | 'bounded' | 'punctuated' | 'none'
  readonly outOfOrdernessMs?: number
  readonly idlenessMs?: number
}

interface Case {
  readonly id: string
  readonly layer: 'generator' | 'multiplexer' | 'source' | 'valve'
  readonly desc: string
  readonly steps: readonly never[]
  readonly strategy?: Strategy
  readonly outputs: readonly RecordedOutput[]
  readonly releaseReturns?: readonly boolean[]
  readonly channels?: number
}

const cases = golden<Case>('watermarks')
const ofLayer = (layer: Case['layer']): (readonly [string, Case])[] =>
  cases.filter((one) => one.layer === layer).map((one) => [one.desc === '' ? one.id : `${one.id}: ${one.desc}`, one])

/** Java's Long.MIN_VALUE and MAX_VALUE are infinite with us; as JSON numbers they come out rounded. */
const time = (long: number): number => (Math.abs(long) > 9e18 ? Math.sign(long) * Infinity : long)

/** Runs the steps and notes what comes out at which. */
function play<S>(
  steps: readonly S[],
  run: (step: S, output: WatermarkOutput) => void,
  output: RecordedOutput[] = [],
): RecordedOutput[] {
  let current = 0
  const recorder: WatermarkOutput = {
    emitWatermark: (ts) => output.push({ step: current, type: 'watermark', ts }),
    markIdle: () => output.push({ step: current, type: 'idle' }),
    markActive: () => output.push({ step: current, type: 'active' }),
  }
  steps.forEach((step, index) => {
    current = index
    run(step, recorder)
  })
  return output
}

/** What was recorded, or what we do where we leave it. */
const expected = ({ id, outputs }: Case): RecordedOutput[] =>
  (departures[id]?.outputs ?? outputs).map(({ ts, ...rest }) => (ts === undefined ? rest : { ...rest, ts: time(ts) }))

/** Emits the timestamp of every event that is a whole number of seconds. */
const punctuated = (): WatermarkGenerator<null> => ({
  onEvent: (_, timestamp, output) => {
    if (timestamp % 1000 === 0) output.emitWatermark(timestamp)
  },
  onPeriodicEmit: () => undefined,
})

function strategyOf({ kind, outOfOrdernessMs, idlenessMs }: Strategy): WatermarkStrategy<null> {
  const strategy = {
    monotonous: () => WatermarkStrategy.forMonotonousTimestamps<null>(),
    bounded: () => WatermarkStrategy.forBoundedOutOfOrderness<null>(outOfOrdernessMs!),
    punctuated: () => WatermarkStrategy.forGenerator(punctuated),
    none: () => WatermarkStrategy.noWatermarks<null>(),
  }[kind]()
  return idlenessMs === undefined ? strategy : strategy.withIdleness(idlenessMs)
}

/** For a record that has a status for its value, its generators say that status, and nothing else. */
const telling = ({ idlenessMs, ...strategy }: Strategy): WatermarkStrategy<'markIdle' | 'markActive' | null> => {
  const told = WatermarkStrategy.forGenerator<'markIdle' | 'markActive' | null>(() => {
    const generator = strategyOf(strategy).createWatermarkGenerator(() => 0)
    return {
      onEvent: (event, timestamp, output) => {
        if (event === null) generator.onEvent(event, timestamp, output)
        else output[event]()
      },
      onPeriodicEmit: (output) => {
        generator.onPeriodicEmit(output)
      },
    }
  })
  return idlenessMs === undefined ? told : told.withIdleness(idlenessMs)
}

describe('the watermarks of Flink, recorded', () => {
  it('should be left only where we do something else', () => {
    const same = cases.filter(({ id, outputs }) => isDeepStrictEqual(departures[id]?.outputs, outputs))
    expect(same.map(({ id }) => id)).toEqual([])
  })

  it.each(ofLayer('generator'))('should be those of the generators: %s', (_, one) => {
    let now = 0
    const generator = strategyOf(one.strategy!).createWatermarkGenerator(() => now)
    const outputs = play(one.steps as readonly SourceStep[], (step, output) => {
      if (step.op === 'rec') generator.onEvent(null, time(step.ts), output)
      if (step.op === 'tick' || step.op === 'advance') now += step.ms
      if (step.op === 'tick') generator.onPeriodicEmit(output)
    })
    expect(outputs).toEqual(expected(one))
  })

  it.each(ofLayer('source'))('should be those of a source: %s', (_, one) => {
    const outputs: RecordedOutput[] = []
    let current = 0
    const source = new ComposedSource(telling(one.strategy!), (element) => {
      if (element.kind === 'watermark') outputs.push({ step: current, type: 'watermark', ts: element.timestamp })
      if (element.kind === 'watermarkStatus') outputs.push({ step: current, type: element.idle ? 'idle' : 'active' })
      if (element.kind === 'record' && element.value === null)
        outputs.push({ step: current, type: 'record', ts: element.timestamp })
    })
    ;(one.steps as readonly SourceStep[]).forEach((step, index) => {
      current = index
      switch (step.op) {
        case 'add':
          source.add(step.split)
          break
        case 'release':
          source.drop(step.split)
          break
        case 'rec':
          source.record(step.split, null, time(step.ts))
          break
        case 'tick':
          source.tick(step.ms)
          break
        case 'advance':
          source.advance(step.ms)
          break
        case 'markIdle':
        case 'markActive':
          source.record(step.split, step.op, 0)
          break
        default:
          source[step.op](step.split)
      }
    })
    expect(outputs).toEqual(expected(one))
  })

  it.each(ofLayer('multiplexer'))('should be those of the splits of a source: %s', (_, one) => {
    let status: CombinedWatermarkStatus<string> | undefined
    const released: boolean[] = []
    const outputs = play(one.steps as readonly Step[], (step, output) => {
      status ??= new CombinedWatermarkStatus(output)
      switch (step.op) {
        case 'add':
          status.add(step.split)
          break
        case 'release':
          released.push(status.remove(step.split))
          break
        case 'markIdle':
          status.markIdle(step.split)
          break
        case 'markActive':
          status.markActive(step.split)
          break
        case 'wm':
          if (step.deferred === true) status.defer(() => status!.emitWatermark(step.split, time(step.ts)))
          else status.emitWatermark(step.split, time(step.ts))
          break
        case 'periodic':
          status.update()
          break
      }
    })
    expect(outputs).toEqual(expected(one))
    if (one.releaseReturns !== undefined) expect(released).toEqual(one.releaseReturns)
  })

  it.each(ofLayer('valve'))('should be those of several inputs: %s', (_, one) => {
    let valve: StatusWatermarkValve<number> | undefined
    const outputs = play(one.steps as readonly ValveStep[], (step, output) => {
      if (valve === undefined) {
        valve = new StatusWatermarkValve(output)
        for (let channel = 0; channel < one.channels!; channel++) valve.add(channel)
      }
      if (step.op === 'wm') valve.emitWatermark(step.ch, time(step.ts))
      else if (step.op === 'idle') valve.markIdle(step.ch)
      else valve.markActive(step.ch)
    })
    expect(outputs).toEqual(expected(one))
  })
})
