/**
 * What `listOffsets` is asked for: the first offset kept, the end (by isolation level: high watermark or last stable
 * offset), or the first record whose timestamp is at or after a time (ms since the epoch).
 */
export type OffsetSpec =
  | { readonly _tag: 'Earliest' }
  | { readonly _tag: 'Latest' }
  | { readonly _tag: 'Timestamp'; readonly timestamp: number }

/** The first offset that the log has: what retention and DeleteRecords have left. */
export const earliestOffset: OffsetSpec = { _tag: 'Earliest' }
/** The end of the log: the high watermark or, with `read_committed`, the last stable offset. */
export const latestOffset: OffsetSpec = { _tag: 'Latest' }
/**
 * The first record whose timestamp is at or after this one, in ms since the epoch. A partition without one is left out of the answer.
 *
 * @example
 * ```ts
 * // Where does the year begin?
 * const year = offsetForTimestamp(Date.parse('2026-01-01T00:00:00Z'))
 * client.admin.listOffsets([[new TopicPartition('flights', 0), year]], 'read_committed').subscribe((offsets) => {
 *   console.log(offsets.get('flights-0'))
 * })
 * ```
 */
export const offsetForTimestamp = (timestamp: number): OffsetSpec => ({ _tag: 'Timestamp', timestamp })
