import * as t from 'io-ts'
import { map, type OperatorFunction, pipe } from 'rxjs'
import { keyedScan } from '../../lib/keyed/keyedScan.js'
import type { WindowAssigner } from '../../lib/keyed/windows/WindowAssigner.js'
import { windowByEventTime } from '../../lib/keyed/windows/windowByEventTime.js'
import { WatermarkStrategy } from '../../lib/eventtime/WatermarkStrategy.js'
import { onRecords } from '../../lib/stream/onRecords.js'
import type { StreamElement } from '../../lib/stream/StreamElement.js'

/** A record of the input: `key:partition:n`, with its event time. */
export interface Event {
  readonly partition: number
  readonly value: string
  readonly timestamp: number
}

const keyOf = (value: string): string => value.slice(0, value.indexOf(':'))

/** How much earlier than one before it an event of a partition may have happened, in ms. */
export const OUT_OF_ORDERNESS = 5

/**
 * Events of a partition, ascending but for `OUT_OF_ORDERNESS`, with gaps for sessions.
 *
 * @param random whole numbers from 0 to below `n`
 * @param start the time of the first one; on a real broker a recent one, since old records are deleted
 */
export const eventsOf = (
  partition: number,
  count: number,
  random: (n: number) => number,
  start = 100,
): readonly Event[] => {
  let time = start
  return Array.from({ length: count }, (_, n) => {
    time += random(6) === 0 ? 20 : 2
    const timestamp = time - random(OUT_OF_ORDERNESS + 1)
    return { partition, value: `${'abc'[random(3)] as string}:${partition}:${n}`, timestamp }
  })
}

/** A watermark with every record, so that event time goes as fast as the records. */
export const watermarksOfEvents = WatermarkStrategy.forGenerator<string>(() => {
  let highest = -Infinity
  return {
    onEvent: (_, timestamp, output) => {
      highest = Math.max(highest, timestamp)
      output.emitWatermark(highest - OUT_OF_ORDERNESS - 1)
    },
    onPeriodicEmit: () => undefined,
  }
})

/**
 * Windows of each key, and how many there have been of it: `a #2 [10,20) a:0:3 a:1:4`. Late records would be there by themselves; a
 * window that fired twice, with a number too high.
 */
export const windowsOfEvents = (
  windows: WindowAssigner,
): OperatorFunction<StreamElement<string>, StreamElement<string>> =>
  pipe(
    windowByEventTime({
      uid: 'windows',
      keyBy: keyOf,
      windows,
      seed: (): string[] => [],
      accumulate: (values, value: string) => {
        values.push(value)
        return values
      },
      merge: (one, other) => [...one, ...other],
      state: t.array(t.string),
      sideOutputLateData: (value) => ({ late: value }),
    }),
    onRecords(
      map((output) =>
        'late' in output
          ? { key: keyOf(output.late), text: `late ${output.late}` }
          : { key: output.key, text: textOf(output.window.start, output.window.end, output.value) },
      ),
    ),
    keyedScan({
      uid: 'numbers',
      keyBy: ({ key }) => key,
      seed: () => ({ number: 0, text: '' }),
      accumulate: ({ number }, { text }) => ({ number: number + 1, text }),
      state: t.type({ number: t.number, text: t.string }),
    }),
    onRecords(map(({ key, value: { number, text } }) => `${key} #${number} ${text}`)),
  )

/** What the job has to write, found by another way: for each span of event time, the events in it. */
export const expectedWindows = (
  events: readonly Event[],
  spansOf: (timestamps: readonly number[]) => readonly (readonly [start: number, end: number])[],
): readonly string[] =>
  ['a', 'b', 'c'].flatMap((key) => {
    const own = events.filter(({ value }) => keyOf(value) === key)
    const spans = spansOf(own.map(({ timestamp }) => timestamp).sort((a, b) => a - b))
    const texts = spans.flatMap(([start, end]) => {
      const within = own.filter(({ timestamp }) => start <= timestamp && timestamp < end).map(({ value }) => value)
      return within.length === 0 ? [] : [textOf(start, end, within)]
    })
    return texts.map((text, index) => `${key} #${index + 1} ${text}`)
  })

const textOf = (start: number, end: number, values: readonly string[]): string =>
  `[${start},${end}) ${[...values].sort().join(' ')}`
