import type { Headers } from './Headers.js'

/** Bytes to write. A string is written as UTF-8 straight into the batch, without a buffer of its own. */
export type Bytes = Uint8Array | string | null

/**
 * A record to be written.
 *
 * Without a partition, a key decides by murmur2 as in every Kafka client; without a key either, whole batches go to one
 * partition after the other (KIP-480). Without a timestamp (ms since the epoch) the time of `append` is taken.
 */
export interface ProducerRecord {
  readonly topic: string
  readonly partition?: number | undefined
  readonly key?: Bytes | undefined
  readonly value: Bytes
  readonly timestamp?: number | undefined
  readonly headers?: Headers | undefined
}
