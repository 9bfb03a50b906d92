import { described, describedType } from '../../checks/described.js'
import { StreamError } from '../../stream/StreamError.js'
import { MAX_WATERMARK, MIN_WATERMARK } from '../../stream/Watermark.js'
import type { Key } from '../Key.js'
import { EventTimeTimers } from './EventTimeTimers.js'
import type { EventTimeTimer } from './EventTimeTimers.js'
import type { KeyedWindowsState } from './keyedWindowsState.js'
import { TimeWindow } from './TimeWindow.js'
import type { WindowAssigner } from './WindowAssigner.js'

/** What is gathered for a key in a window. */
interface Pane<K, A> {
  readonly key: K
  window: TimeWindow
  accumulator: A
  fired: boolean
  /** as the panes were made */
  readonly order: number
}

/** How windows are made and filled. */
export interface KeyedWindowsConfig<T, A> {
  readonly windows: WindowAssigner
  /** ms */
  readonly allowedLateness: number
  readonly seed: () => A
  readonly accumulate: (accumulator: A, value: T) => A
  readonly merge: (one: A, other: A) => A
}

/**
 * The windows of all keys: what they hold, when they fire, when they are forgotten. Pure state; what it decides goes to `fire`.
 *
 * 1. A window fires when the watermark reaches its last timestamp, `maxTimestamp`.
 * 2. It is kept until the watermark reaches `maxTimestamp + allowedLateness`; until then each of its records fires it again.
 * 3. From there on it is late. A record is late when all its windows are.
 * 4. Of a merging assigner, windows of a key that touch become one before it is asked whether that one is late.
 *
 * Windows due at one time fire in the order in which they were made. Flink's `WindowOperator` with its `EventTimeTrigger`.
 */
export class KeyedWindows<T, K extends Key, A> {
  private readonly panesOf = new Map<K, Pane<K, A>[]>()
  /** All panes, in their order. */
  private readonly panes = new Set<Pane<K, A>>()
  /** One for each pane. It is not moved with the end of a session: it moves on by itself when it is due too early. */
  private readonly timers = new EventTimeTimers<Pane<K, A>>()
  private opened = 0
  private watermark = MIN_WATERMARK
  /** The highest below the final one: the end of this run does not make the records of the next run late. */
  private lastWatermark = MIN_WATERMARK

  constructor(
    private readonly config: KeyedWindowsConfig<T, A>,
    private readonly fire: (key: K, window: TimeWindow, accumulator: A) => void,
  ) {}

  /** Adds a record to its windows. False when it is late. */
  add(key: K, value: T, timestamp: number): boolean {
    const { windows, accumulate, allowedLateness } = this.config
    let added = false
    for (const window of windows.assignWindows(timestamp)) {
      if (!isWindow(window)) throw noWindow(window)
      const pane = windows.merging === true ? this.mergedPane(key, window) : this.pane(key, window)
      if (pane === undefined) continue
      added = true
      pane.accumulator = present(accumulate(pane.accumulator, value), 'accumulate')
      if (pane.fired) this.fire(key, pane.window, pane.accumulator)
    }
    return added || timestamp + allowedLateness > this.watermark
  }

  /** Event time has come this far. */
  advance(watermark: number): void {
    if (watermark <= this.watermark) return
    this.watermark = watermark
    if (watermark < MAX_WATERMARK) this.lastWatermark = watermark
    for (let timer = this.timers.poll(watermark); timer !== undefined; timer = this.timers.poll(watermark)) {
      this.onTimer(timer)
    }
  }

  /** How many windows have been opened as long as there has been no watermark; 0 once there was one. */
  get openedWithoutWatermark(): number {
    return this.watermark === MIN_WATERMARK ? this.opened : 0
  }

  get state(): KeyedWindowsState<A> {
    const panes = Array.from(this.panes, ({ key, window, accumulator }) => {
      return { key, start: window.start, end: window.end, accumulator }
    })
    return { watermark: this.lastWatermark, panes }
  }

  restore({ watermark, panes }: KeyedWindowsState<A>): void {
    this.watermark = watermark
    this.lastWatermark = watermark
    for (const { key, start, end, accumulator } of panes) this.open(key as K, new TimeWindow(start, end), accumulator)
  }

  private pane(key: K, window: TimeWindow): Pane<K, A> | undefined {
    const panes = this.panesOf.get(key)
    if (panes !== undefined) {
      for (const pane of panes) if (pane.window.start === window.start && pane.window.end === window.end) return pane
    }
    return this.isLate(window) ? undefined : this.open(key, window, this.config.seed())
  }

  private mergedPane(key: K, window: TimeWindow): Pane<K, A> | undefined {
    const touched = (this.panesOf.get(key) ?? []).filter((pane) => pane.window.intersects(window))
    const merged = touched.reduce((cover, pane) => cover.cover(pane.window), window)
    if (this.isLate(merged)) return undefined
    const [first, ...others] = touched.sort((one, other) => one.window.start - other.window.start)
    if (first === undefined) return this.open(key, merged, this.config.seed())
    // One that has fired and goes on is due again, before its timer.
    if (others.length === 0 && first.fired === this.isComplete(merged)) {
      first.window = merged
      return first
    }
    for (const pane of touched) this.close(pane)
    const accumulator = others.reduce(
      (sum, pane) => present(this.config.merge(sum, pane.accumulator), 'merge'),
      first.accumulator,
    )
    return this.open(key, merged, accumulator)
  }

  private open(key: K, window: TimeWindow, accumulator: A): Pane<K, A> {
    const fired = this.isComplete(window)
    const pane = { key, window, accumulator, fired, order: this.opened++ }
    const panes = this.panesOf.get(key)
    if (panes === undefined) this.panesOf.set(key, [pane])
    else panes.push(pane)
    this.panes.add(pane)
    this.timers.register({ timestamp: this.due(pane), order: pane.order, event: pane })
    return pane
  }

  private close(pane: Pane<K, A>): void {
    const panes = this.panesOf.get(pane.key)!
    if (panes.length === 1) this.panesOf.delete(pane.key)
    else panes.splice(panes.indexOf(pane), 1)
    this.panes.delete(pane)
  }

  private onTimer({ timestamp, order, event: pane }: EventTimeTimer<Pane<K, A>>): void {
    if (!this.panes.has(pane)) return
    if (!pane.fired && pane.window.maxTimestamp <= timestamp) {
      pane.fired = true
      this.fire(pane.key, pane.window, pane.accumulator)
    }
    const due = this.due(pane)
    if (due > timestamp) this.timers.register({ timestamp: due, order, event: pane })
    else this.close(pane)
  }

  /** When it fires; when it has fired, when it is forgotten. */
  private due({ fired, window }: Pane<K, A>): number {
    return fired ? window.maxTimestamp + this.config.allowedLateness : window.maxTimestamp
  }

  private isComplete(window: TimeWindow): boolean {
    return window.maxTimestamp <= this.watermark
  }

  private isLate(window: TimeWindow): boolean {
    return window.maxTimestamp + this.config.allowedLateness <= this.watermark
  }
}

/** A function that changes the accumulator in place has to give it back. */
function present<A>(accumulator: A, by: string): A {
  if (accumulator !== undefined) return accumulator
  throw new StreamError(
    'InvalidAccumulator',
    `The function ${by} of the windows gave undefined in the place of an accumulator, which no checkpoint can hold. One that changes the ` +
      'accumulator in place has to return it too.',
  )
}

/** Others would never fire, or not be found again; an assigner of a user's may give anything. */
function isWindow(window: TimeWindow | null | undefined): boolean {
  return window !== null && window !== undefined && window.maxTimestamp >= window.start
}

function noWindow(given: TimeWindow | null | undefined): StreamError {
  const what =
    given === null || given === undefined
      ? String(given)
      : `${describedType(given)} from ${described(given.start)} to ${described(given.end)}`
  return new StreamError(
    'InvalidWindow',
    `The window assigner gave ${what}, which is no window: a TimeWindow(start, end) in ms, whose end is behind its start.`,
  )
}
