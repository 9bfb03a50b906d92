import { argument, type ArgumentKind, oneOf } from '../../checks/argument.js'
import type { Offset } from '../../client/Offset.js'
import { OffsetResetStrategy } from '../../client/OffsetResetStrategy.js'
import { committedOffsets } from './committedOffsets.js'
import { earliestOffsets, latestOffsets } from './logEnds.js'
import type { OffsetsResolver } from './OffsetsResolver.js'
import { type OffsetsByTopicPartition, specifiedOffsets } from './specifiedOffsets.js'
import { timestampOffsets } from './timestampOffsets.js'

/** Where splits start, or stop; Flink's interface of this name. */
export type OffsetsInitializer = OffsetsResolver

/**
 * The initializers of Flink.
 *
 * @example
 * ```ts
 * // All of a day, and no more.
 * KafkaSource.builder()
 *   .setStartingOffsets(OffsetsInitializer.timestamp(Date.parse('2026-01-01T00:00:00Z')))
 *   .setBounded(OffsetsInitializer.timestamp(Date.parse('2026-01-02T00:00:00Z')))
 * ```
 */
export const OffsetsInitializer = {
  /** From the first record that is kept. Refused as stopping offsets: nothing would be read. */
  earliest: (): OffsetsInitializer => earliestOffsets,

  /** From the end, by isolation level: with read_committed, a transaction that is open now is read when it commits. */
  latest: (): OffsetsInitializer => latestOffsets,

  /** From the first record whose timestamp (ms since the epoch) is at or after this one; from the end when there is none. */
  timestamp: (timestamp: number): OffsetsInitializer => timestampOffsets(timestamp),

  /**
   * From what the group has committed; where it has not, by the reset strategy. NONE, the default, is an error then. As stopping
   * offsets, what is not committed is an error, whatever the strategy.
   */
  committedOffsets: (reset: OffsetResetStrategy = OffsetResetStrategy.NONE): OffsetsInitializer =>
    committedOffsets(argument('offsetResetStrategy', reset, aStrategy)),

  /**
   * From these. Partitions that are not among them: from what the group has committed, then by the reset strategy. As in Flink, -1
   * stands for the latest offset, -2 for the earliest, -3 for the committed one.
   *
   * ```ts
   * OffsetsInitializer.offsets(new Map([[new TopicPartition('flights', 0), 42]]))
   * OffsetsInitializer.offsets({ 'flights-0': 42 })
   * ```
   */
  offsets: (
    offsets: OffsetsByTopicPartition | Readonly<Record<string, Offset>>,
    reset: OffsetResetStrategy = OffsetResetStrategy.EARLIEST,
  ): OffsetsInitializer =>
    specifiedOffsets(argument('offsets', offsets, anObject), argument('offsetResetStrategy', reset, aStrategy)),
}

const aStrategy = oneOf(...Object.values(OffsetResetStrategy))
const anObject: ArgumentKind = {
  name: 'a Map or an object of offsets',
  fits: (given) => typeof given === 'object' && given !== null,
}
