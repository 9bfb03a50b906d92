import type * as t from 'io-ts'
import type { OperatorFunction } from 'rxjs'
import type { MetricGroup } from '../../metrics/MetricGroup.js'
import { operatorMetrics } from '../../metrics/operatorMetrics.js'
import { elementOperator } from '../../stream/elementOperator.js'
import type { StreamElement } from '../../stream/StreamElement.js'
import { StreamError } from '../../stream/StreamError.js'
import { StreamRecord } from '../../stream/StreamRecord.js'
import { MIN_WATERMARK } from '../../stream/Watermark.js'
import { eventTimeOf } from '../../eventtime/eventTime.js'
import { checkKey, type Key } from '../Key.js'
import { OperatorState } from '../OperatorState.js'
import { KeyedWindows } from './KeyedWindows.js'
import { keyedWindowsCodec, type KeyedWindowsState } from './keyedWindowsState.js'
import type { TimeWindow } from './TimeWindow.js'
import type { WindowAssigner } from './WindowAssigner.js'

/** Which windows, what is gathered in them, and what becomes of late records. */
export interface WindowConfig<T, K extends Key, A, L> {
  /** The key of the windows' state in checkpoints: unique within the job, the same in every release. */
  readonly uid: string
  /** Each key has windows of its own. */
  readonly keyBy: (value: T) => K
  /** `TumblingEventTimeWindows`, `SlidingEventTimeWindows`, `EventTimeSessionWindows`, or your own. */
  readonly windows: WindowAssigner
  /** What an empty window holds. */
  readonly seed: () => A
  /** Adds a value; may change the accumulator and give it back. */
  readonly accumulate: (accumulator: A, value: T) => A
  /** Of two sessions that become one, the earlier first. Needed for windows that merge. */
  readonly merge?: ((one: A, other: A) => A) | undefined
  /**
   * How an accumulator is written into a checkpoint: as plain objects, arrays, texts, numbers (`NaN` too) and bigints. Each
   * checkpoint sees whether it reads what it has written; an accumulator that it does not is a `CheckpointError` `InvalidState`
   * that names the key. To change its shape, let it read the old one too.
   */
  readonly state: t.Type<A, unknown>
  /** How long a window that has fired still takes late records, in ms; 0 by default. */
  readonly allowedLateness?: number | undefined
  /** What to emit in the place of a late record, with its timestamp. Without it late records are dropped, and counted. */
  readonly sideOutputLateData?: ((value: T, timestamp: number) => L) | undefined
  /** Counts `numLateRecordsDropped`, in the group `operator.<uid>`. */
  readonly metrics?: MetricGroup | undefined
}

/** What a window holds when it fires. */
export interface WindowResult<K, A> {
  /** As `keyBy` gave it. */
  readonly key: K
  /** `start` inclusive, `end` exclusive, in ms of event time. */
  readonly window: TimeWindow
  /** The accumulator itself, not a copy: a window that late records fire again may change it. */
  readonly value: A
}

/**
 * Gathers the records of each key in windows of event time, and emits what a window holds when the watermark says that it is
 * complete.
 *
 * - **It fires** once the watermark is at or above its last timestamp, `end - 1`, which is the timestamp of the result; before
 *   that watermark passes on. The final watermark fires all.
 * - **Late** is a record whose windows all have `end - 1 + allowedLateness` at or below the watermark. One that comes within
 *   the allowed lateness of a window that has fired fires it again at once, with all it holds.
 * - **Sessions** of a key become one when a record touches both: see `merge`.
 * - **Checkpoints** hold the windows and the watermark, so that after a restore the same windows fire, each once, and what was
 *   late is late. Windows that the final watermark of a run has fired are done; the next run begins them anew.
 * - **Keys stay in their subtask**: it sees the records of its own partitions only. So with several subtasks, topics have to be
 *   partitioned by what `keyBy` gives. When the parallelism has changed, a state that holds windows is refused (`StreamError`
 *   `RescaledKeyedState`): drain the job first.
 *
 * Throws a `RangeError` for a negative lateness, a `TypeError` for windows that merge without a `merge`. A record without event
 * time is a `StreamError` `NoTimestamp`, and what the functions give and no checkpoint could hold one as well: `InvalidKey`,
 * `InvalidWindow`, `InvalidAccumulator`.
 *
 * @example
 * ```ts
 * elements$.pipe(
 *   windowByEventTime({
 *     uid: 'delays',
 *     keyBy: (flight: Flight) => flight.origin,
 *     windows: TumblingEventTimeWindows.of(3_600_000),
 *     seed: () => ({ flights: 0, delay: 0 }),
 *     accumulate: ({ flights, delay }, flight) => ({ flights: flights + 1, delay: delay + flight.delay }),
 *     state: t.type({ flights: t.number, delay: t.number }),
 *     sideOutputLateData: (flight) => ({ late: flight }),
 *   }),
 *   branch(
 *     (outputs$) => outputs$.pipe(onRecords(filter((output) => 'window' in output)), sinkTo(accepted)),
 *     (outputs$) => outputs$.pipe(onRecords(filter((output) => 'late' in output)), sinkTo(rejected)),
 *   ),
 * )
 * ```
 *
 * @example
 * ```ts
 * const flightsPerHour = windowByEventTime({
 *   uid: 'flights-per-hour',
 *   keyBy: (origin: string) => origin,
 *   windows: TumblingEventTimeWindows.of(3_600_000),
 *   seed: () => 0,
 *   accumulate: (flights) => flights + 1,
 *   state: t.number,
 * })
 * of(new StreamRecord('AMS', 5), new StreamRecord('AMS', 6), new Watermark(3_599_999))
 *   .pipe(flightsPerHour, recordsOnly())
 *   .subscribe(({ value }) => console.log(value)) // 2
 * ```
 */
export function windowByEventTime<T, K extends Key, A, L = never>(
  config: WindowConfig<T, K, A, L>,
): OperatorFunction<StreamElement<T>, StreamElement<WindowResult<K, A> | L>> {
  const { uid, keyBy, windows, seed, accumulate, allowedLateness = 0, sideOutputLateData } = config
  if (!(allowedLateness >= 0)) throw new RangeError('The allowed lateness cannot be negative.')
  if (windows.merging === true && config.merge === undefined) {
    throw new TypeError('Windows that merge, as sessions do, need a merge: what two accumulators become.')
  }
  const merge = config.merge ?? ((one: A) => one)
  const codec = keyedWindowsCodec(config.state)
  const keysOf = ({ panes }: KeyedWindowsState<A>): readonly Key[] => panes.map(({ key }) => key)
  return elementOperator<T, WindowResult<K, A> | L>((destination) => {
    const metrics = operatorMetrics(config.metrics, uid, config, destination)
    const numLateRecordsDropped = metrics.counter('numLateRecordsDropped')
    const state = new OperatorState(uid, { codec, keysOf })
    const keyed = new KeyedWindows<T, K, A>(
      { windows, allowedLateness, seed, accumulate, merge },
      (key, window, value) => {
        destination.next(new StreamRecord({ key, window, value }, window.maxTimestamp))
      },
    )
    // What a watermark fires is of many records, whichever of them has brought it.
    let firing = false
    return {
      restored: (restored) => {
        const before = state.restore(restored)
        if (before !== undefined) keyed.restore(before)
        const name = `windowByEventTime '${uid}'`
        restored.present?.({
          name,
          holding: () => {
            const opened = keyed.openedWithoutWatermark
            return opened === 0 ? undefined : { _tag: 'windows', place: name, opened }
          },
        })
        destination.next({ ...restored, emitting: () => (firing ? undefined : restored.emitting?.()) })
      },
      record: (record) => {
        const { value } = record
        if (record.timestamp === MIN_WATERMARK) throw noTimestamp()
        const timestamp = eventTimeOf(record.timestamp)
        const key = keyBy(value)
        checkKey(key, uid)
        if (keyed.add(key, value, timestamp)) return
        if (sideOutputLateData === undefined) numLateRecordsDropped.inc()
        else destination.next(new StreamRecord(sideOutputLateData(value, timestamp), timestamp))
      },
      watermark: (watermark) => {
        firing = true
        keyed.advance(watermark.timestamp)
        firing = false
        destination.next(watermark)
      },
      barrier: (barrier) => {
        state.snapshot(barrier, keyed.state)
        destination.next(barrier)
      },
    }
  })
}

function noTimestamp(): StreamError {
  return new StreamError(
    'NoTimestamp',
    'A record without event time has reached a window, so there is none it belongs to. Kafka records have theirs; what is made ' +
      'otherwise gets it from a timestamp assigner: WatermarkStrategy.withTimestampAssigner, in source.elements({ watermarks }) ' +
      'or assignTimestampsAndWatermarks.',
  )
}
