import { aFunction, aNumber, argument } from '../checks/argument.js'
import { boundedOutOfOrderness } from './boundedOutOfOrderness.js'
import { checkIdleTimeout } from './IdlenessTimer.js'
import { checkAlignment } from './StreamAlignment.js'
import type { TimestampAssigner } from './TimestampAssigner.js'
import type { WatermarkAlignment } from './WatermarkAlignment.js'
import type { WatermarkGenerator } from './WatermarkGenerator.js'
import { WatermarksWithIdleness } from './WatermarksWithIdleness.js'

interface Settings<T> {
  readonly newGenerator: () => WatermarkGenerator<T>
  readonly timestampAssigner?: TimestampAssigner<T>
  readonly idleTimeout?: number
  readonly alignment?: WatermarkAlignment
}

/**
 * How records get their event time, and how watermarks follow from it. A value: each `with...` gives another strategy.
 *
 * Every split has a generator of its own. Watermark t says that no record with a timestamp at or before t is to come.
 *
 * @example
 * ```ts
 * WatermarkStrategy.forBoundedOutOfOrderness<Flight>(5_000)
 *   .withTimestampAssigner((flight) => Date.parse(flight.date))
 *   .withIdleness(60_000)
 * ```
 */
export class WatermarkStrategy<T> {
  private constructor(private readonly settings: Settings<T>) {}

  /** No watermarks but the final one, of a source that ends. */
  static noWatermarks<T>(): WatermarkStrategy<T> {
    return WatermarkStrategy.forGenerator(() => ({ onEvent: () => undefined, onPeriodicEmit: () => undefined }))
  }

  /** Timestamps ascend within each split: the watermark is the highest - 1. */
  static forMonotonousTimestamps<T>(): WatermarkStrategy<T> {
    return WatermarkStrategy.forBoundedOutOfOrderness(0)
  }

  /**
   * A record is at most `maxOutOfOrderness` ms behind the highest timestamp before it in its split: the watermark is
   * the highest - `maxOutOfOrderness` - 1. Throws when it is negative.
   */
  static forBoundedOutOfOrderness<T>(maxOutOfOrderness: number): WatermarkStrategy<T> {
    argument('maxOutOfOrderness', maxOutOfOrderness, aNumber)
    if (!(maxOutOfOrderness >= 0)) throw new RangeError('maxOutOfOrderness cannot be negative')
    return WatermarkStrategy.forGenerator<T>(() => boundedOutOfOrderness(maxOutOfOrderness))
  }

  /** Your own generator, made anew for each split. */
  static forGenerator<T>(newGenerator: () => WatermarkGenerator<T>): WatermarkStrategy<T> {
    return new WatermarkStrategy({ newGenerator: argument('newGenerator', newGenerator, aFunction) })
  }

  /** Takes the event time from the value; without it the timestamp of the Kafka record is the event time. */
  withTimestampAssigner(timestampAssigner: TimestampAssigner<T>): WatermarkStrategy<T> {
    argument('timestampAssigner', timestampAssigner, aFunction)
    return new WatermarkStrategy({ ...this.settings, timestampAssigner })
  }

  /**
   * A split without records for longer than `idleTimeout` ms is idle: the others' watermark does not wait for it, until
   * its next record. Looked at on ticks, so it may take three of them longer. Throws unless it is positive.
   */
  withIdleness(idleTimeout: number): WatermarkStrategy<T> {
    return new WatermarkStrategy({ ...this.settings, idleTimeout: checkIdleTimeout(idleTimeout) })
  }

  /**
   * Pauses splits whose watermark is more than `maxDrift` ms of event time ahead of the slowest source of the group, looked
   * at every `updateInterval` ms. A group is all sources in this process that name it. Done by `source.elements()`; elsewhere
   * the operator `alignWatermarks` does it, and says what holds. Throws when a number makes no sense.
   */
  withWatermarkAlignment(group: string, maxDrift: number, updateInterval = 1_000): WatermarkStrategy<T> {
    return new WatermarkStrategy({
      ...this.settings,
      alignment: checkAlignment({ group, maxDrift, updateInterval }),
    })
  }

  /** What `withTimestampAssigner` was given; without it, one that returns the timestamp of the Kafka record. */
  get timestampAssigner(): TimestampAssigner<T> {
    return this.settings.timestampAssigner ?? ((_, recordTimestamp) => recordTimestamp)
  }

  /** What `withWatermarkAlignment` was given; undefined: not aligned. */
  get alignment(): WatermarkAlignment | undefined {
    return this.settings.alignment
  }

  /** ms, as `withIdleness` was given; undefined: no split becomes idle by time. */
  get idleTimeout(): number | undefined {
    return this.settings.idleTimeout
  }

  /** A generator for one split. `now` is the clock for its idleness, in ms. */
  createWatermarkGenerator(now: () => number): WatermarkGenerator<T> {
    const generator = this.settings.newGenerator()
    const { idleTimeout } = this.settings
    return idleTimeout === undefined ? generator : new WatermarksWithIdleness(generator, idleTimeout, now)
  }
}
