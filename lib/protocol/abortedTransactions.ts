import type { Offset } from '../client/Offset.js'

/** A transaction aborted within the fetched range, as a fetch answers it: its producer, and the first offset it wrote. */
export interface AbortedTransaction {
  readonly producerId: bigint
  readonly firstOffset: Offset
}
