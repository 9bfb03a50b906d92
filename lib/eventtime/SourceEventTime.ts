import {
  asyncScheduler,
  identity,
  type MonoTypeOperatorFunction,
  type Observable,
  type SchedulerLike,
  Subject,
  Subscription,
} from 'rxjs'
import type { EventTimeHold } from '../stream/EventTimeHold.js'
import type { StreamElement } from '../stream/StreamElement.js'
import { MIN_WATERMARK, Watermark } from '../stream/Watermark.js'
import { WatermarkStatus } from '../stream/WatermarkStatus.js'
import { eventTimeOperator } from './assignTimestampsAndWatermarks.js'
import { CombinedWatermarkStatus } from './CombinedWatermarkStatus.js'
import type { ElementMergeConfig } from './ElementMerge.js'
import type { NamedInput } from './MergeInputs.js'
import { IdlenessTimer } from './IdlenessTimer.js'
import { inputsHold } from './inputsHold.js'
import { SplitEventTime } from './SplitEventTime.js'
import { StreamAlignment } from './StreamAlignment.js'
import { ticks } from './TickConfig.js'
import type { WatermarkOutput } from './WatermarkGenerator.js'
import type { WatermarkHolder, WatermarkHolderObserver } from './WatermarkHolder.js'
import { WatermarkHolderTracker } from './WatermarkHolderTracker.js'
import type { WatermarkStrategy } from './WatermarkStrategy.js'

/** By which idleness is counted, and when all splits are asked. */
interface Time {
  readonly clock: { now(): number }
  readonly tick$: Observable<unknown>
}

export interface SourceEventTimeConfig<Untimed> {
  /** By default each 200 ms, by the scheduler. */
  readonly time?: Time | undefined
  readonly scheduler?: SchedulerLike | undefined
  readonly watermarkHolder$?: WatermarkHolderObserver | undefined
  /** Values that have no event time of their own to be assigned: they pass as they are. */
  readonly isUntimed?: ((value: unknown) => value is Untimed) | undefined
}

/**
 * The event time of one source: shared by the operators of its splits, which make it, by the merge behind them, which combines it, and by
 * the source, which has the turns. One for each subscription.
 *
 * 1. `addSplit` when a split is assigned; `operator` is what goes into its stream.
 * 2. **One tick for all splits**, in a turn of the source's loop: all are asked first, then they are combined once. Each
 *    of them by itself would have the merge say a watermark for each. What a record causes is combined at once.
 * 3. When all splits are known, a source without one is idle; the control stream tells the merge. Before that it is idle after the timeout of
 *    the strategy, as Flink's main output is.
 * 4. With `withWatermarkAlignment` the source is one member of its group, by what it emits; a split that is `paused` is
 *    not to be read, and `wake` says that one may go on.
 * 5. `leave` when nothing more is read. From then on it says nothing but the final watermark.
 *
 * Flink's `ProgressiveTimestampsAndWatermarks`; the recorded cases are in spec/golden.
 */
export class SourceEventTime<T, Untimed = never> {
  /** the last one that was emitted, but the final one */
  watermark = MIN_WATERMARK
  private readonly splits = new Map<string, SplitEventTime>()
  private readonly combination: CombinedWatermarkStatus<NamedInput>
  private readonly tracker: WatermarkHolderTracker<NamedInput>
  private readonly time: Time
  private readonly tick$ = new Subject<void>()
  private readonly ticking = new Subscription()
  private readonly undiscovered: IdlenessTimer | undefined
  private readonly alignment: StreamAlignment | undefined
  private output: WatermarkOutput | undefined
  private tickDue = false
  private left = false
  private wake: () => void = () => undefined

  /** @param strategy without it a source tells its status, and its end */
  constructor(
    private readonly strategy: WatermarkStrategy<T> | undefined,
    private readonly config: SourceEventTimeConfig<Untimed> = {},
  ) {
    const { scheduler = asyncScheduler, watermarkHolder$, time = ticks({ scheduler }) } = config
    const { idleTimeout, alignment } = strategy ?? {}
    this.time = time
    this.combination = new CombinedWatermarkStatus(this.whileReading())
    const slowest = () => (this.left ? undefined : this.combination.slowest)
    this.tracker = new WatermarkHolderTracker(slowest, scheduler, strategy === undefined ? undefined : watermarkHolder$)
    if (idleTimeout !== undefined) this.undiscovered = new IdlenessTimer(idleTimeout, () => time.clock.now())
    if (alignment !== undefined) this.alignment = new StreamAlignment(alignment, () => this.align(), scheduler)
  }

  /** For the merge of its splits, which is one. */
  mergeConfig(): ElementMergeConfig {
    const combine = (output: WatermarkOutput) => {
      this.output = output
      return this.combination
    }
    return { name: 'the source', combine, hold: () => this.hold, ofOneSource: true }
  }

  addSplit(id: string): SplitEventTime {
    const { alignment } = this
    const release = (): void => {
      if (this.splits.get(id) === split) this.splits.delete(id)
    }
    const isAhead = alignment === undefined ? undefined : (watermark: number) => alignment.isAhead(watermark)
    const split: SplitEventTime = new SplitEventTime(this.time.clock, release, isAhead)
    this.splits.set(id, split)
    return split
  }

  /** Gives the records of a split their event time, and emits its watermarks. */
  operator(id: string): MonoTypeOperatorFunction<StreamElement<T | Untimed>> {
    const { strategy, tick$, config } = this
    const split = this.splits.get(id)
    if (strategy === undefined || split === undefined) return identity
    return eventTimeOperator(strategy, () => ({ clock: split.clock, tick$ }), { split, isUntimed: config.isUntimed })
  }

  /**
   * The clock starts here: nothing comes before `Restored`, and the time that it took is nobody's idleness.
   *
   * @param wake asks for a turn, in which any split may be read
   */
  begin(wake: () => void): void {
    this.wake = wake
    if (this.strategy === undefined) return
    this.ticking.add(
      this.time.tick$.subscribe(() => {
        this.tickDue = true
        wake()
      }),
    )
  }

  /**
   * A turn in which nothing else is being emitted.
   *
   * @param empty there is no split
   */
  turn(empty: boolean): void {
    if (!this.tickDue) return
    this.tickDue = false
    this.combination.defer(() => {
      this.tick$.next()
    })
    if (empty && this.undiscovered?.checkIfIdle() === true) this.combination.standDown()
    this.combination.update()
    this.align()
    this.tracker.look()
  }

  /** Nothing more is read: nobody waits for this source, nor for any of its splits. */
  leave(): void {
    if (this.left) return
    this.left = true
    this.tickDue = false
    this.ticking.unsubscribe()
    this.splits.clear()
    this.alignment?.leave()
    this.tracker.look()
  }

  /** The split that holds the watermark, as of the last tick. */
  get holder(): WatermarkHolder | undefined {
    return this.tracker.holder
  }

  /** For how long it has held it, in ms; 0 when there is none. */
  get holdTime(): number {
    return this.tracker.holdTime
  }

  /** What event time waits for; undefined when that needs no word: the pipeline has a split wait, or a timeout is to end it. */
  private get hold(): EventTimeHold | undefined {
    const { alignment, splits, strategy, left } = this
    if (alignment !== undefined && splits.size > 0 && [...splits.values()].every(({ paused }) => paused))
      return { _tag: 'group', place: `alignment group '${alignment.group}'`, slowest: alignment.slowest }
    const { slowest } = this.combination
    if (left || strategy?.idleTimeout !== undefined || slowest === undefined) return undefined
    return splits.get(slowest.input.id)?.waits === true ? undefined : inputsHold('the source', slowest)
  }

  /** What the splits say together. Nothing any more at the end, where they end one after the other: the merge ends with the last. */
  private whileReading(): WatermarkOutput {
    const say = (element: Watermark | WatermarkStatus): WatermarkOutput | undefined => {
      if (this.left) return undefined
      this.alignment?.watch(element)
      if (element.kind === 'watermark') this.watermark = element.timestamp
      return this.output
    }
    return {
      emitWatermark: (timestamp) => say(new Watermark(timestamp))?.emitWatermark(timestamp),
      markIdle: () => say(new WatermarkStatus(true))?.markIdle(),
      markActive: () => say(new WatermarkStatus(false))?.markActive(),
    }
  }

  private align(): void {
    let resumed = false
    for (const split of this.splits.values()) if (split.align()) resumed = true
    if (resumed) this.wake()
  }
}
