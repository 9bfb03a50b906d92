import type { WatermarkHolder } from '../../eventtime/WatermarkHolder.js'
import type { BatchEnd } from '../../stream/BatchEnd.js'
import type { CheckpointBarrier } from '../../stream/CheckpointBarrier.js'
import type { EventTimeHold } from '../../stream/EventTimeHold.js'
import type { Restored } from '../../stream/Restored.js'
import type { DeadLetterRecord } from '../deadletter/DeadLetterRecord.js'
import type { KafkaPartitionSplitState } from '../split/KafkaPartitionSplitState.js'

/** Where the elements of one split go. */
export interface SplitOutput<T> {
  /** Someone listens: it may be read. */
  readonly live: boolean
  /** Too far ahead of slower ones in event time: it is not to be read for now. */
  readonly paused: boolean
  /** Nobody listens any more, or ever will in this attempt. */
  readonly abandoned: boolean
  /** event time of the last record that was sent; `-Infinity` when it has none */
  readonly timestamp: number
  /** its own one; `-Infinity` when there is none, or when it is made downstream */
  readonly watermark: number
  /** `timestamp` is the record's own, `-Infinity` when it has none. */
  record(value: T, timestamp: number): void
  /** In the place of a record that could not be deserialized. */
  deadLetter(letter: DeadLetterRecord, timestamp: number): void
  batchEnd(element: BatchEnd): void
  /** It has reached its stopping offset. */
  finish(): void
  /** It is given up before its end. */
  drop(): void
}

/** Where the loop of a reader sends what it has: one stream for all splits, or one for each. Called from the loop alone. */
export interface SourceOutput<T> {
  /** Nobody listens any more. */
  readonly closed: boolean
  restored(restored: Restored): void
  add(split: KafkaPartitionSplitState): SplitOutput<T>
  /** The first discovery is over; a source without splits does not hold watermarks back. */
  discovered(): void
  /** A turn of the loop in which nothing else is being sent. */
  turn(): void
  /** Nothing more is read: from here on nothing is sent by the clock. */
  ending(): void
  /** the last one that was sent; `-Infinity` when there was none, or when each split makes its own */
  readonly watermark: number
  /** the split it waits for; undefined when there is none, or when each split makes its own */
  readonly watermarkHolder: WatermarkHolder | undefined
  /** for how long it has waited for that split, in ms; 0 when there is none */
  readonly watermarkHoldTime: number
  /** what event time waits for here; undefined when there is nothing to be said of it, or it is made downstream */
  readonly hold: EventTimeHold | undefined
  /** A barrier is to go out now: in how many streams. */
  parts(): number
  /** Sends one barrier to each stream, in the turn in which `parts` was asked for. */
  barrier(barriers: readonly CheckpointBarrier[]): void
  finalWatermark(): void
  complete(): void
  error(error: unknown): void
}
