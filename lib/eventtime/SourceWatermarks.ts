import type { BatchEnd } from '../stream/BatchEnd.js'
import type { Watermark } from '../stream/Watermark.js'
import type { WatermarkStatus } from '../stream/WatermarkStatus.js'
import { CombinedWatermarkStatus } from './CombinedWatermarkStatus.js'
import { DemandClock } from './DemandClock.js'
import { ElementWatermarkOutput } from './ElementWatermarkOutput.js'
import type { WatermarkGenerator, WatermarkOutput } from './WatermarkGenerator.js'
import type { WatermarkStrategy } from './WatermarkStrategy.js'

/**
 * The watermarks of a source that reads several splits in one loop: a generator for each, combined, on one tick. What
 * the source is to emit goes to `emit`. Pure state and a clock; the one who ticks is the source.
 *
 * 1. `addSplit` when it is assigned: from now on it holds the watermark back. `release` when it has ended.
 * 2. For each record: `timestampOf`, emit the record, then `onRecord`: a record leaves before the watermark that it
 *    causes.
 * 3. `onPeriodicEmit` at every tick, 200 ms by default: all splits are asked, then they are combined once.
 *
 * It is the same as `assignTimestampsAndWatermarks` for each split and then `combineWatermarks`, with one tick for all
 * of them. Flink's `ProgressiveTimestampsAndWatermarks`; the recorded cases are in spec/golden.
 */
export class SourceWatermarks<T> {
  private readonly splits = new Set<SplitWatermarks<T>>()
  private readonly combined: CombinedWatermarkStatus<SplitWatermarks<T>>
  /** Flink's main output: it sees no records; with idleness set it tells that a source without splits is idle. */
  private readonly main: WatermarkGenerator<T>
  private readonly mainOutput: WatermarkOutput

  constructor(
    private readonly strategy: WatermarkStrategy<T>,
    emit: (element: Watermark | WatermarkStatus) => void,
    private readonly now: () => number,
  ) {
    const idleTogether = idleOnlyTogether(new ElementWatermarkOutput(emit))
    this.combined = new CombinedWatermarkStatus(idleTogether())
    this.mainOutput = idleTogether()
    this.main = strategy.createWatermarkGenerator(now)
  }

  addSplit(): SplitWatermarks<T> {
    const split: SplitWatermarks<T> = new SplitWatermarks(this.strategy, this.now, this.combined, () => {
      this.splits.delete(split)
      this.combined.remove(split)
    })
    this.splits.add(split)
    this.combined.add(split)
    return split
  }

  onPeriodicEmit(): void {
    for (const split of this.splits) split.onPeriodicEmit()
    this.combined.update()
    this.main.onPeriodicEmit(this.mainOutput)
  }
}

/** One split's generator, and its clock, which stands still while the split is paused. */
export class SplitWatermarks<T> {
  /** The event time of a value. */
  readonly timestampOf: (value: T, recordTimestamp: number) => number
  private readonly generator: WatermarkGenerator<T>
  private readonly atOnce: WatermarkOutput
  private readonly atTick: WatermarkOutput
  private readonly clock: DemandClock

  constructor(
    strategy: WatermarkStrategy<T>,
    now: () => number,
    combined: CombinedWatermarkStatus<SplitWatermarks<T>>,
    readonly release: () => void,
  ) {
    this.timestampOf = strategy.timestampAssigner
    this.clock = new DemandClock({ now })
    this.generator = strategy.createWatermarkGenerator(() => this.clock.now())
    this.atOnce = {
      emitWatermark: (timestamp) => {
        combined.emitWatermark(this, timestamp)
      },
      markIdle: () => {
        combined.markIdle(this)
      },
      markActive: () => {
        combined.markActive(this)
      },
    }
    this.atTick = {
      emitWatermark: (timestamp) => combined.setWatermark(this, timestamp),
      markIdle: () => {
        combined.setIdle(this, true)
      },
      markActive: () => {
        combined.setIdle(this, false)
      },
    }
  }

  onRecord(value: T, timestamp: number): void {
    this.generator.onEvent(value, timestamp, this.atOnce)
  }

  onPeriodicEmit(): void {
    this.generator.onPeriodicEmit(this.atTick)
  }

  markIdle(): void {
    this.atOnce.markIdle()
  }

  markActive(): void {
    this.atOnce.markActive()
  }

  /** A batch end on its way out: while the pipeline asks for no more of this split, the split is not idle. */
  watch(end: BatchEnd): BatchEnd {
    return this.clock.watch(end)
  }

  /** Aligned with slower sources: the time until `resume` does not count as idle. */
  pause(): void {
    this.clock.pause()
  }

  resume(): void {
    this.clock.resume()
  }
}

/** Makes outputs onto one, which is idle only when all of them are. They start idle. */
function idleOnlyTogether(output: WatermarkOutput): () => WatermarkOutput {
  const active = new Set<WatermarkOutput>()
  return () => {
    const part: WatermarkOutput = {
      emitWatermark: (timestamp) => {
        active.add(part)
        output.emitWatermark(timestamp)
      },
      markIdle: () => {
        active.delete(part)
        if (active.size === 0) output.markIdle()
      },
      markActive: () => {
        active.add(part)
        output.markActive()
      },
    }
    return part
  }
}
