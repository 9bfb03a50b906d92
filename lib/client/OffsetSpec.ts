/**
 * What `listOffsets` is asked for: the first offset kept, the end (by isolation level: high watermark or last stable
 * offset), or the first record whose timestamp is at or after a time (ms since the epoch).
 */
export type OffsetSpec =
  | { readonly _tag: 'Earliest' }
  | { readonly _tag: 'Latest' }
  | { readonly _tag: 'Timestamp'; readonly timestamp: number }

export const earliestOffset: OffsetSpec = { _tag: 'Earliest' }
export const latestOffset: OffsetSpec = { _tag: 'Latest' }
export const offsetForTimestamp = (timestamp: number): OffsetSpec => ({ _tag: 'Timestamp', timestamp })
