import { describe, expect, it } from '@jest/globals'
import * as t from 'io-ts'
import { Subject, from, map } from 'rxjs'
import { EventTimeSessionWindows } from '../../../lib/keyed/windows/EventTimeSessionWindows.js'
import { SlidingEventTimeWindows } from '../../../lib/keyed/windows/SlidingEventTimeWindows.js'
import { TimeWindow } from '../../../lib/keyed/windows/TimeWindow.js'
import { TumblingEventTimeWindows } from '../../../lib/keyed/windows/TumblingEventTimeWindows.js'
import { windowByEventTime } from '../../../lib/keyed/windows/windowByEventTime.js'
import type { WindowConfig } from '../../../lib/keyed/windows/windowByEventTime.js'
import { MemoryMetricGroup } from '../../../lib/metrics/MemoryMetricGroup.js'
import type { Restored } from '../../../lib/stream/Restored.js'
import type { StreamElement } from '../../../lib/stream/StreamElement.js'
import { StreamRecord } from '../../../lib/stream/StreamRecord.js'
import { Upstream, active, idle, record, show, watermark } from '../../support/elements.js'
import { runMarbles } from '../../support/runMarbles.js'
import { Checkpointed } from '../../eventtime/support/Checkpointed.js'

/** A record: the first letter is its key, its text is what windows gather. */
type Value = string
type Config = WindowConfig<Value, string, string[], string>

/** Gathers texts; changes the accumulator in place, as one may. */
const config = (change: Partial<Config>): Config => ({
  uid: 'windows',
  keyBy: (value) => value[0]!,
  windows: TumblingEventTimeWindows.of(10),
  seed: () => [],
  accumulate: (values, value) => {
    values.push(value)
    return values
  },
  merge: (one, other) => [...one, ...other],
  state: t.array(t.string),
  ...change,
})

/** `a[0,10) a1 a2@9`: what a key has gathered in a window, and the timestamp of the result. */
const shown = (element: StreamElement<string | { key: string; window: object; value: string[] }>): string => {
  if (element.kind !== 'record' || typeof element.value === 'string') return show(element)
  const { window, value } = element.value as { window: { start: number; end: number }; value: string[] }
  return `[${window.start},${window.end}) ${value.join(' ')}@${element.timestamp}`
}

/** One attempt: what goes in, and `out`, what has come out since it was last read. */
const attempt = (change: Partial<Config> = {}) => {
  const source = new Subject<StreamElement<Value>>()
  const seen: string[] = []
  const errors: unknown[] = []
  source.pipe(windowByEventTime(config(change)), map(shown)).subscribe({
    next: (element) => seen.push(element),
    error: (error) => errors.push(error),
  })
  return {
    send: (...elements: StreamElement<Value>[]) => {
      for (const element of elements) source.next(element)
    },
    out: () => seen.splice(0),
    errors,
  }
}

describe('windowByEventTime', () => {
  it('should fire a window when the watermark reaches its last timestamp, before that watermark passes', () => {
    const { send, out } = attempt()
    send(record('a1', 0), record('a2', 9), record('b1', 3), record('a3', 10), watermark(8))
    expect(out()).toEqual(['W8'])
    send(watermark(9))
    expect(out()).toEqual(['[0,10) a1 a2@9', '[0,10) b1@9', 'W9'])
    send(watermark(Infinity))
    expect(out()).toEqual(['[10,20) a3@19', 'WInfinity'])
  })

  it('should fire windows that are due together by their time, and then as they were begun', () => {
    const { send, out } = attempt()
    send(record('a1', 20), record('b1', 3), record('c1', 10), record('a2', 5), watermark(29))
    expect(out()).toEqual(['[0,10) b1@9', '[0,10) a2@9', '[10,20) c1@19', '[20,30) a1@29', 'W29'])
  })

  it('should give a record to all windows that slide over it', () => {
    const { send, out } = attempt({ windows: SlidingEventTimeWindows.of(10, 5) })
    send(record('a1', 7), record('a2', 12), watermark(Infinity))
    expect(out()).toEqual(['[0,10) a1@9', '[5,15) a1 a2@14', '[10,20) a2@19', 'WInfinity'])
  })

  it('should keep control elements where they are, and make the next windows only of what follows', () => {
    const { send, out } = attempt()
    const up = new Upstream()
    send(up.restored(), record('a1', 1), up.end(), idle, active, up.barrier(1), record('a2', 2), watermark(9))
    expect(out()).toEqual(['R', 'end', 'idle', 'active', 'B1', '[0,10) a1 a2@9', 'W9'])
  })

  it('should keep its place in time, pass errors, and stop when it is left', () => {
    const letters = { a: record('a1', 1), b: record('b1', 2), W: watermark(9), i: idle }
    const words = { A: '[0,10) a1@9', B: '[0,10) b1@9', W: 'W9', i: 'idle' }
    runMarbles(({ hot, expectObservable, expectSubscriptions }) => {
      const operator = windowByEventTime(config({}))
      expectObservable(hot('-a-i-b-W----|', letters).pipe(operator, map(shown))).toBe('---i---(ABW)|', words)
      expectObservable(hot('-a-#', letters).pipe(operator, map(shown))).toBe('---#')
      const endless = hot('-a-i-b-W', letters)
      expectObservable(endless.pipe(operator, map(shown)), '-----!').toBe('---i', words)
      expectSubscriptions(endless.subscriptions).toBe('^----!')
    })
  })

  it('should begin with empty windows at every subscription', () => {
    const operator = windowByEventTime(config({}))
    const elements = [record('a1', 1), watermark(9)]
    const fired = (): string[] => {
      const seen: string[] = []
      from(elements)
        .pipe(operator, map(shown))
        .subscribe((element) => seen.push(element))
      return seen
    }
    expect([fired(), fired()]).toEqual([
      ['[0,10) a1@9', 'W9'],
      ['[0,10) a1@9', 'W9'],
    ])
  })

  describe('late records', () => {
    it('should be dropped and counted when all their windows are over', () => {
      const metrics = new MemoryMetricGroup()
      const { send, out } = attempt({ metrics, windows: SlidingEventTimeWindows.of(10, 5) })
      send(watermark(9), record('a1', 4), record('a2', 5), watermark(14))
      expect(out()).toEqual(['W9', '[5,15) a2@14', 'W14'])
      expect(metrics.read('operator.windows.numLateRecordsDropped')).toBe(1)
    })

    it('should leave by the side output in their place, with their own timestamp', () => {
      const metrics = new MemoryMetricGroup()
      const { send, out } = attempt({ metrics, sideOutputLateData: (value, timestamp) => `late ${value} ${timestamp}` })
      send(watermark(9), record('a1', 9), record('a2', 10), watermark(19), record('a3', 19))
      expect(out()).toEqual(['W9', 'late a1 9@9', '[10,20) a2@19', 'W19', 'late a3 19@19'])
      expect(metrics.read('operator.windows.numLateRecordsDropped')).toBe(0)
    })

    it('should fire their window again within the allowed lateness, and not after it', () => {
      const { send, out } = attempt({ allowedLateness: 5, sideOutputLateData: (value) => `late ${value}` })
      send(record('a1', 1), watermark(9))
      expect(out()).toEqual(['[0,10) a1@9', 'W9'])
      send(record('a2', 2), record('b1', 3), watermark(13), record('a3', 4))
      expect(out()).toEqual(['[0,10) a1 a2@9', '[0,10) b1@9', 'W13', '[0,10) a1 a2 a3@9'])
      send(watermark(14), record('a4', 5))
      expect(out()).toEqual(['W14', 'late a4@5'])
    })

    it('should be neither late nor in a window when they fall into a gap in time', () => {
      const metrics = new MemoryMetricGroup()
      const { send, out } = attempt({ metrics, windows: SlidingEventTimeWindows.of(2, 5) })
      send(record('a1', 3), watermark(3), record('a2', 3), watermark(Infinity))
      expect(out()).toEqual(['W3', 'WInfinity'])
      expect(metrics.read('operator.windows.numLateRecordsDropped')).toBe(1)
    })
  })

  describe('sessions', () => {
    const sessions = { windows: EventTimeSessionWindows.withGap(5) }

    it('should grow with every record, and end when there is none for the gap', () => {
      const { send, out } = attempt(sessions)
      send(record('a1', 0), record('a2', 4), record('b1', 2), record('a3', 8), watermark(11))
      expect(out()).toEqual(['[2,7) b1@6', 'W11'])
      send(watermark(12))
      expect(out()).toEqual(['[0,13) a1 a2 a3@12', 'W12'])
    })

    it('should become one when a record touches both, the earlier first', () => {
      const { send, out } = attempt(sessions)
      send(record('a2', 10), record('a1', 0), record('a3', 5), watermark(Infinity))
      expect(out()).toEqual(['[0,15) a1 a2 a3@14', 'WInfinity'])
    })

    it('should fire in the order of their ends, whatever they have grown to', () => {
      const { send, out } = attempt(sessions)
      send(record('a1', 0), record('b1', 1), record('a2', 3), watermark(Infinity))
      expect(out()).toEqual(['[1,6) b1@5', '[0,8) a1 a2@7', 'WInfinity'])
    })

    it('should take a late record that belongs to one that lives, and no other', () => {
      const { send, out } = attempt({ ...sessions, sideOutputLateData: (value) => `late ${value}` })
      send(record('a2', 7), watermark(8), record('a1', 3), record('b1', 3), watermark(Infinity))
      expect(out()).toEqual(['W8', 'late b1@3', '[3,12) a2 a1@11', 'WInfinity'])
    })

    it('should fire again at their new end when they go on within the allowed lateness', () => {
      const { send, out } = attempt({ ...sessions, allowedLateness: 10 })
      send(record('a1', 0), watermark(4), record('a2', 3), watermark(6))
      expect(out()).toEqual(['[0,5) a1@4', 'W4', 'W6'])
      send(watermark(7), record('a3', 1))
      expect(out()).toEqual(['[0,8) a1 a2@7', 'W7', '[0,8) a1 a2 a3@7'])
      send(watermark(17), record('a4', 1))
      expect(out()).toEqual(['W17'])
    })
  })

  describe('a checkpoint', () => {
    it('should hold windows, fired ones too, and what is late, as it was at the barrier', () => {
      const checkpoint = new Checkpointed()
      const change = { allowedLateness: 10, sideOutputLateData: (value: string) => `late ${value}` }
      const before = attempt(change)
      before.send(
        record('a1', 1),
        record('b1', 11),
        watermark(9),
        checkpoint.barrier(),
        record('a2', 2),
        record('b2', 12),
      )
      const after = attempt(change)
      after.send(checkpoint.restored, watermark(3))
      expect(after.out()).toEqual(['R', 'W3'])
      after.send(record('a2', 2), record('b2', 12), record('c1', -5), watermark(19), record('a3', 3))
      expect(after.out()).toEqual(['[0,10) a1 a2@9', 'late c1@-5', '[10,20) b1 b2@19', 'W19', 'late a3@3'])
    })

    it('should make late what was late, and still tell which record that is', () => {
      const checkpoint = new Checkpointed()
      attempt().send(watermark(9), checkpoint.barrier())
      const source = new Subject<StreamElement<Value>>()
      const told: unknown[] = []
      let restored: Restored | undefined
      source.pipe(windowByEventTime(config({ sideOutputLateData: (value) => value }))).subscribe((element) => {
        if (element.kind === 'restored') restored = element
        else told.push([shown(element), restored?.emitting?.()])
      })
      const position = { topic: 't', partition: 0, offset: 7 }
      source.next({ ...checkpoint.restored, emitting: () => position })
      for (const element of [record('a1', 3), record('a2', 13), watermark(19)]) source.next(element)
      expect(told).toEqual([
        ['a1@3', position],
        ['[10,20) a2@19', undefined],
        ['W19', position],
      ])
    })

    it('should not hold that the source had come to its end', () => {
      const checkpoint = new Checkpointed()
      attempt().send(record('a1', 1), watermark(5), watermark(Infinity), checkpoint.barrier(1, 'finished'))
      const next = attempt()
      next.send(checkpoint.restored, record('a2', 2), watermark(9))
      expect(next.out()).toEqual(['R', '[0,10) a2@9', 'W9'])
    })

    it('should be versioned, readable JSON', () => {
      const checkpoint = new Checkpointed()
      attempt().send(record('a1', 1), checkpoint.barrier())
      expect(checkpoint.stateOf('windows')).toEqual({
        version: 1,
        state: {
          subtask: { subtaskIndex: 0, parallelism: 1 },
          state: { watermark: '-Infinity', panes: [{ key: 'a', start: 0, end: 10, accumulator: ['a1'] }] },
        },
      })
    })

    it('should hold a window of all time', () => {
      const checkpoint = new Checkpointed()
      const always = { windows: { assignWindows: () => [new TimeWindow(-Infinity, Infinity)] } }
      attempt(always).send(record('a1', 1), checkpoint.barrier())
      const next = attempt(always)
      next.send(checkpoint.restored, record('a2', 2), watermark(Infinity))
      expect(next.out()).toEqual(['R', '[-Infinity,Infinity) a1 a2@Infinity', 'WInfinity'])
    })

    it('should be refused when it cannot be read, with every fault', () => {
      const { send, errors } = attempt()
      const state = { watermark: 1, panes: [{ key: 'a', start: 0, end: '10', accumulator: [1] }] }
      const subtask = { subtaskIndex: 0, parallelism: 1 }
      send({ ...new Upstream().restored(1), statesOf: () => [{ version: 1, state: { subtask, state } }] })
      expect(errors).toEqual([expect.objectContaining({ _tag: 'Corrupt', retriable: false })])
      expect(String(errors[0])).toMatch(/windows.*end.*accumulator/s)
    })

    it('should give each subtask its own windows', () => {
      const checkpoint = new Checkpointed()
      attempt().send(checkpoint.by(0, 2).restored, record('a1', 1), checkpoint.barrier())
      attempt().send(checkpoint.by(1, 2).restored, record('b1', 1), checkpoint.barrier())
      const [first, second] = [attempt(), attempt()]
      first.send(checkpoint.by(0, 2).restored, watermark(9))
      second.send(checkpoint.by(1, 2).restored, watermark(9))
      expect([first.out(), second.out()]).toEqual([
        ['R', '[0,10) a1@9', 'W9'],
        ['R', '[0,10) b1@9', 'W9'],
      ])
    })

    it('should be refused with another parallelism, unless it holds no windows', () => {
      const checkpoint = new Checkpointed()
      const before = attempt()
      before.send(checkpoint.by(1, 2).restored, record('a1', 1), checkpoint.barrier())
      const refused = attempt()
      refused.send(checkpoint.by(0, 1).restored)
      expect(refused.errors).toEqual([expect.objectContaining({ _tag: 'RescaledKeyedState', retriable: false })])
      expect(String(refused.errors[0])).toContain('kept by 2 subtasks and there are 1 now')
      before.send(watermark(Infinity), checkpoint.by(1, 2).barrier(2, 'drain'))
      const after = attempt()
      after.send(checkpoint.by(0, 3).restored, record('a2', 2), watermark(9))
      expect(after.out()).toEqual(['R', '[0,10) a2@9', 'W9'])
    })
  })

  it('should fail with what to do about it when a record has no event time', () => {
    const { send, errors } = attempt()
    send(new StreamRecord('a1', -Infinity))
    expect(errors).toEqual([expect.objectContaining({ _tag: 'NoTimestamp', retriable: false })])
    expect(String(errors[0])).toContain('withTimestampAssigner')
  })

  it('should refuse a key that is no number, as no checkpoint could hold it', () => {
    const { send, errors } = attempt({ keyBy: () => NaN as never })
    send(record('a1', 1))
    expect(errors).toEqual([expect.objectContaining({ _tag: 'InvalidKey', retriable: false })])
    expect(String(errors[0])).toContain('keyBy of "windows" gave NaN')
  })

  it('should refuse a negative lateness, and windows that merge without a merge', () => {
    expect(() => windowByEventTime(config({ allowedLateness: -1 }))).toThrow('The allowed lateness cannot be negative.')
    const { merge: _, ...withoutMerge } = config({ windows: EventTimeSessionWindows.withGap(1) })
    expect(() => windowByEventTime(withoutMerge)).toThrow('need a merge')
  })

  describe('of what functions give', () => {
    const errorOf = (change: Partial<Config>, ...elements: readonly StreamElement<Value>[]): unknown => {
      const { send, errors } = attempt(change)
      send(...elements)
      expect(errors).toHaveLength(1)
      return errors[0]
    }
    const giving = (given: unknown) => (): never => given as never

    it.each([[undefined], [null], [NaN], [{}], [5n]])('should refuse %p as a key', (key) => {
      expect(errorOf({ keyBy: giving(key) }, record('a1', 1))).toMatchObject({ _tag: 'InvalidKey' })
    })

    it.each([[NaN], [Infinity], [undefined], ['5'], [2 ** 53]])('should refuse %p as an event time', (timestamp) => {
      expect(errorOf({}, new StreamRecord('a1', timestamp as number))).toMatchObject({ _tag: 'InvalidTimestamp' })
    })

    it.each([
      [new TimeWindow(NaN, 10)],
      [new TimeWindow(0, NaN)],
      [new TimeWindow(10, 10)],
      [new TimeWindow(10, 0)],
      [{ start: 0, end: 10 }],
      [undefined],
      [null],
    ])('should refuse %p as a window', (window) => {
      for (const merging of [false, true]) {
        const windows = { assignWindows: giving([window]), merging }
        expect(errorOf({ windows }, record('a1', 1))).toMatchObject({
          _tag: 'InvalidWindow',
          message: expect.stringMatching(/^The window assigner gave .*, which is no window/),
        })
      }
    })

    it('should have no end of event time as a window, if it is to be', () => {
      const { send, out } = attempt({ windows: { assignWindows: () => [new TimeWindow(-Infinity, Infinity)] } })
      send(record('a1', 1), record('a2', -5), watermark(1e9), watermark(Infinity))
      expect(out()).toEqual(['W1000000000', '[-Infinity,Infinity) a1 a2@Infinity', 'WInfinity'])
    })

    it('should refuse an accumulator that was changed in place, and not returned', () => {
      const accumulate = ((values: string[], value: string) =>
        void values.push(value)) as unknown as Config['accumulate']
      expect(errorOf({ accumulate }, record('a1', 1))).toMatchObject({
        _tag: 'InvalidAccumulator',
        message: expect.stringContaining('accumulate of the windows gave undefined'),
      })
      const windows = EventTimeSessionWindows.withGap(5)
      const sessions = [record('a1', 0), record('a2', 10), record('a3', 5)]
      expect(errorOf({ windows, merge: giving(undefined) }, ...sessions)).toMatchObject({
        _tag: 'InvalidAccumulator',
        message: expect.stringContaining('merge of the windows gave undefined'),
      })
    })

    it('should lose no record between two ms', () => {
      const { send, out } = attempt()
      send(record('a1', 5), record('a2', 9.5), watermark(9), record('a3', 10.5), watermark(Infinity))
      expect(out()).toEqual(['[0,10) a1 a2@9', 'W9', '[10,20) a3@19', 'WInfinity'])
    })
  })
})
