import type { SchedulerLike } from 'rxjs'
import type { BatchEnd } from '../stream/BatchEnd.js'
import type { EventTimeHold } from '../stream/EventTimeHold.js'
import { MAX_WATERMARK, MIN_WATERMARK } from '../stream/Watermark.js'
import type { Watermark } from '../stream/Watermark.js'
import type { WatermarkStatus } from '../stream/WatermarkStatus.js'
import { CombinedWatermarkStatus } from './CombinedWatermarkStatus.js'
import { DemandClock } from '../stream/DemandClock.js'
import { ElementWatermarkOutput } from './ElementWatermarkOutput.js'
import { eventTimeOf, watermarkOf } from './eventTime.js'
import { inputsHold } from './inputsHold.js'
import { IdlenessTimer } from './IdlenessTimer.js'
import { PausableClock } from '../stream/PausableClock.js'
import { StreamAlignment } from './StreamAlignment.js'
import type { WatermarkGenerator, WatermarkOutput } from './WatermarkGenerator.js'
import type { WatermarkHolder, WatermarkHolderObserver } from './WatermarkHolder.js'
import { WatermarkHolderTracker } from './WatermarkHolderTracker.js'
import type { WatermarkStrategy } from './WatermarkStrategy.js'
import { WatermarksWithIdleness } from './WatermarksWithIdleness.js'

/** Whom the watermarks of a source tell. */
export interface SourceWatermarksListener {
  emit(element: Watermark | WatermarkStatus): void
  /** A split that had to wait may be read on. */
  wake(): void
}

/**
 * The watermarks of a source that reads several splits in one loop: a generator for each, combined, on one tick. What
 * the source is to emit goes to `emit`. Pure state and a clock; the one who ticks is the source.
 *
 * 1. `addSplit` when it is assigned: from now on it holds the watermark back, and the source is active. `end` when it has
 *    reached its end, `drop` when it is given up before.
 * 2. For each record: `timestampOf`; `markActive` if the split is `idle`; emit the record, then `onRecord`: a record leaves
 *    before the watermark that it causes.
 * 3. `onPeriodicEmit` at every tick, 200 ms by default: all splits are asked, then they are combined once.
 * 4. `discovered` when all splits are known: from then on a source without a split is idle. Before that it is idle after the
 *    timeout of the strategy, as Flink's main output is.
 * 5. With `withWatermarkAlignment`, a split that is `paused` is not to be read; `wake` says that one may go on. `leave` when
 *    nothing more is read, and `emitFinalWatermark` if that is the end of the stream.
 *
 * It is the same as `assignTimestampsAndWatermarks` for each split and then `combineWatermarks`, with one tick for all
 * of them. Flink's `ProgressiveTimestampsAndWatermarks`; the recorded cases are in spec/golden.
 */
export class SourceWatermarks<T> {
  private readonly live = new Set<SplitWatermarks<T>>()
  /** Nothing is to come from them, but they are not gone: the source ends when all have. */
  private readonly ended = new Set<SplitWatermarks<T>>()
  private readonly output: ElementWatermarkOutput
  private readonly combined: CombinedWatermarkStatus<SplitWatermarks<T>>
  private readonly undiscovered: IdlenessTimer | undefined
  private readonly alignment: StreamAlignment | undefined
  private readonly tracker: WatermarkHolderTracker<SplitWatermarks<T>>
  private allKnown = false

  constructor(
    private readonly strategy: WatermarkStrategy<T>,
    private readonly listener: SourceWatermarksListener,
    private readonly scheduler: SchedulerLike,
    holder$?: WatermarkHolderObserver,
    /** by which idleness is counted */
    private readonly clock: { now(): number } = scheduler,
  ) {
    this.output = new ElementWatermarkOutput((element) => {
      this.alignment?.watch(element)
      this.listener.emit(element)
    })
    this.combined = new CombinedWatermarkStatus(this.output)
    this.undiscovered =
      strategy.idleTimeout === undefined ? undefined : new IdlenessTimer(strategy.idleTimeout, () => clock.now())
    this.tracker = new WatermarkHolderTracker(() => this.combined.slowest, scheduler, holder$)
    this.alignment = this.join()
  }

  /** @param id names it where it is told which split holds the watermark */
  addSplit(id: string): SplitWatermarks<T> {
    const { strategy, clock, combined, alignment } = this
    const split: SplitWatermarks<T> = new SplitWatermarks(id, strategy, clock, combined, alignment, () => {
      this.live.delete(split)
      combined.remove(split)
    })
    this.live.add(split)
    combined.add(split)
    this.update()
    return split
  }

  /** It has sent all it has. The final watermark is said when the source ends, so it makes nobody idle. */
  end(split: SplitWatermarks<T>): void {
    split.release()
    this.ended.add(split)
    this.update()
  }

  /** It is not there any more. */
  drop(split: SplitWatermarks<T>): void {
    split.release()
    this.ended.delete(split)
    this.update()
  }

  discovered(): void {
    this.allKnown = true
    this.update()
  }

  onPeriodicEmit(): void {
    for (const split of this.live) split.onPeriodicEmit()
    if (this.empty && this.undiscovered?.checkIfIdle() === true) this.combined.standDown()
    this.update()
    this.align()
    this.tracker.look()
  }

  emitFinalWatermark(): void {
    this.output.emitWatermark(MAX_WATERMARK)
  }

  /** The split that holds the watermark, as of the last tick. */
  get holder(): WatermarkHolder | undefined {
    return this.tracker.holder
  }

  /** For how long it has held it, in ms; 0 when there is none. */
  get holdTime(): number {
    return this.tracker.holdTime
  }

  /** What its event time waits for; undefined when that needs no word: the pipeline has it wait, or a timeout is to end it. */
  get hold(): EventTimeHold | undefined {
    const { alignment, live, strategy } = this
    if (alignment !== undefined && live.size > 0 && [...live].every(({ paused }) => paused))
      return { _tag: 'group', place: `alignment group '${alignment.group}'`, slowest: alignment.slowest }
    const { slowest } = this.combined
    if (strategy.idleTimeout !== undefined || slowest?.input.waits === true) return undefined
    return inputsHold('the source', slowest)
  }

  /** Nothing more is read: nobody waits for this source, nor for any of its splits. */
  leave(): void {
    for (const split of this.live) split.release()
    this.tracker.look()
    this.alignment?.leave()
  }

  private get empty(): boolean {
    return this.live.size === 0 && this.ended.size === 0
  }

  private update(): void {
    this.combined.update()
    if (this.empty && this.allKnown) this.combined.standDown()
  }

  private join(): StreamAlignment | undefined {
    const { alignment } = this.strategy
    if (alignment === undefined) return undefined
    const align = (): void => {
      this.align()
    }
    return new StreamAlignment(alignment, align, this.scheduler)
  }

  private align(): void {
    let resumed = false
    for (const split of this.live) if (split.align()) resumed = true
    if (resumed) this.listener.wake()
  }
}

/** One split's generator, and its clock, which stands still while the split is paused. */
export class SplitWatermarks<T> {
  private readonly assigner: (value: T, recordTimestamp: number) => number
  /** Too far ahead of the group of its source: it is not to be read for now. */
  paused = false
  /** how far this split has come */
  watermark = MIN_WATERMARK
  private readonly generator: WatermarkGenerator<T>
  private readonly idleness: WatermarksWithIdleness<T> | undefined
  private readonly atOnce: WatermarkOutput
  private readonly atTick: WatermarkOutput
  private readonly alignmentClock: PausableClock
  private readonly clock: DemandClock

  constructor(
    readonly id: string,
    strategy: WatermarkStrategy<T>,
    clock: { now(): number },
    combined: CombinedWatermarkStatus<SplitWatermarks<T>>,
    private readonly alignment: StreamAlignment | undefined,
    readonly release: () => void,
  ) {
    this.assigner = strategy.timestampAssigner
    this.alignmentClock = new PausableClock(clock)
    this.clock = new DemandClock(this.alignmentClock)
    this.generator = strategy.createWatermarkGenerator(() => this.clock.now())
    this.idleness = this.generator instanceof WatermarksWithIdleness ? this.generator : undefined
    this.atOnce = {
      emitWatermark: (given) => {
        const timestamp = watermarkOf(given)
        this.watermark = Math.max(this.watermark, timestamp)
        combined.emitWatermark(this, timestamp)
        this.align()
      },
      markIdle: () => {
        combined.markIdle(this)
      },
      markActive: () => {
        combined.markActive(this)
      },
    }
    this.atTick = {
      emitWatermark: (given) => {
        const timestamp = watermarkOf(given)
        this.watermark = Math.max(this.watermark, timestamp)
        combined.setWatermark(this, timestamp)
      },
      markIdle: () => {
        combined.setIdle(this, true)
      },
      markActive: () => {
        combined.setIdle(this, false)
      },
    }
  }

  /** No record for longer than the timeout: `markActive` is due before the next one. */
  get idle(): boolean {
    return this.idleness !== undefined && this.idleness.idle
  }

  /** It may not send: it is ahead of its group, or the pipeline asks for no more of it. */
  get waits(): boolean {
    return this.clock.paused || this.paused
  }

  /** The event time of a value. */
  timestampOf(value: T, recordTimestamp: number): number {
    return eventTimeOf(this.assigner(value, recordTimestamp))
  }

  onRecord(value: T, timestamp: number): void {
    this.generator.onEvent(value, timestamp, this.atOnce)
  }

  onPeriodicEmit(): void {
    this.generator.onPeriodicEmit(this.atTick)
  }

  /** A batch end on its way out: while the pipeline asks for no more of this split, the split is not idle. */
  watch(end: BatchEnd): BatchEnd {
    return this.clock.watch(end)
  }

  /** Looks whether it is ahead. The time until it is not does not count as idle. True when it may go on. */
  align(): boolean {
    if (this.alignment === undefined) return false
    const paused = this.alignment.isAhead(this.watermark)
    if (paused === this.paused) return false
    if (paused) this.pause()
    else this.resume()
    return !paused
  }

  pause(): void {
    this.paused = true
    this.alignmentClock.pause()
  }

  resume(): void {
    this.paused = false
    this.alignmentClock.resume()
  }

  markIdle(): void {
    this.atOnce.markIdle()
  }

  markActive(): void {
    this.atOnce.markActive()
  }
}
