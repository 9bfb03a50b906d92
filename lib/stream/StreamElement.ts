import type { BatchEnd } from './BatchEnd.js'
import type { CheckpointBarrier } from './CheckpointBarrier.js'
import type { Restored } from './Restored.js'
import type { StreamRecord } from './StreamRecord.js'
import type { Watermark } from './Watermark.js'
import type { WatermarkStatus } from './WatermarkStatus.js'

/** All that is not a record. Its place between the records is its meaning. */
export type ControlElement = Restored | Watermark | WatermarkStatus | BatchEnd | CheckpointBarrier

/**
 * What flows along a pipeline.
 *
 * The one invariant of this library: **no operator lets a record pass a control element, and a control element leaves
 * an operator only when the records before it are done there.** Watermarks, exactly-once and backpressure follow from
 * it.
 *
 * 1. `Restored` is always first.
 * 2. Records, watermarks and statuses follow; each batch of a split ends with `BatchEnd`, whose acknowledgement is the
 *    demand for that split's next batch.
 * 3. A `CheckpointBarrier` divides what belongs to its checkpoint from what does not.
 * 4. A barrier with `end` is the last element before completion.
 *
 * Only the end of a pipeline (`sinkTo`, `recordsOnly`) acknowledges batch ends and barriers, once.
 */
export type StreamElement<T> = StreamRecord<T> | ControlElement
