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
  /** the topic to write to */
  readonly topic: string
  /** default: the key decides */
  readonly partition?: number | undefined
  /** undefined or null: none */
  readonly key?: Bytes | undefined
  /** null deletes the key of a compacted topic */
  readonly value: Bytes
  /** ms since the epoch; default: the time of `append` */
  readonly timestamp?: number | undefined
  /** default: none */
  readonly headers?: Headers | undefined
}
