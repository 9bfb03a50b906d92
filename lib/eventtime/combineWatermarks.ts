import { Observable } from 'rxjs'
import type { OperatorFunction } from 'rxjs'
import { operate } from '../stream/operate.js'
import type { StreamElement } from '../stream/StreamElement.js'
import { CombinedWatermarkStatus } from './CombinedWatermarkStatus.js'
import { ElementMerge, type ElementMergeConfig } from './ElementMerge.js'
import type { NamedInput } from './MergeInputs.js'
import type { MergeConfig } from './MergeConfig.js'
import type { WatermarkOutput } from './WatermarkGenerator.js'

/** A part of a source that is read by itself: a Kafka split, or anything else. */
export interface SplitElements<T> {
  /** Names it in errors and metrics. */
  readonly id: string
  /** Its elements, `Restored` first. Subscribed to once, when the part arrives. */
  readonly elements: Observable<StreamElement<T>>
}

/**
 * Merges the splits of a source into one stream: one `Restored`, the least of their watermarks, one barrier for theirs.
 *
 * - **Watermark**: the least of the splits that are not idle, as Flink's source does it (`CombinedWatermarkStatus`). A
 *   split without records holds it back, unless `withIdleness` is set. A split that has ended does not. Without any
 *   split left the stream is idle.
 * - **Barrier**: emitted when every live split has delivered it. A completed one counts as delivered, a new one too: it
 *   is held until the barrier is out. While one waits the others flow, and what it sends meanwhile is held, at most two
 *   batches. An aborted checkpoint releases who waits; its barrier is dropped.
 * - `watermarkHolder$` of the configuration is told which split holds the watermark back.
 * - Batch ends pass: the demand of each split stays its own.
 *
 * **Without a split** it says what the source says: `Restored`, idle, each barrier, the final watermark. `source.splits()` gives it
 * that beside the splits, through operators like `map`, `filter` and `mergeMap`. `share`, and an Observable of your own that subscribes
 * with a plain observer, interrupt that: merge the splits before them.
 *
 * Subscribes to each split as it is emitted. Completes when the splits and their outer stream have; an error of one is
 * the error of all.
 *
 * @example
 * ```ts
 * source.splits({ checkpoints }).pipe(
 *   map(({ id, elements }) => ({ id, elements: elements.pipe(assignTimestampsAndWatermarks(strategy)) })),
 *   combineWatermarks(),
 *   sinkTo(sink),
 * )
 * ```
 */
export function combineWatermarks<T>(config: MergeConfig = {}): OperatorFunction<SplitElements<T>, StreamElement<T>> {
  const combine = (output: WatermarkOutput) => new CombinedWatermarkStatus<NamedInput>(output)
  return mergeSplits({ ...config, name: 'combineWatermarks', combine })
}

/** The same, for whatever combines the watermarks. */
export function mergeSplits<T>(config: ElementMergeConfig): OperatorFunction<SplitElements<T>, StreamElement<T>> {
  return (splits) =>
    new Observable((destination) => {
      const merge = new ElementMerge<T>(destination, config)
      operate(splits, destination, {
        next: (split) => {
          merge.add(split)
        },
        complete: () => {
          merge.close()
        },
        control: (control$) => {
          merge.addControl(control$)
        },
      })
    })
}
