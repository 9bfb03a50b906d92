import type { FetcherConfig, KafkaConfig } from '../../client/KafkaConfig.js'

/** librdkafka's default of `receive.message.max.bytes`. */
export const DEFAULT_MAX_FETCH_RESPONSE_BYTES = 100_000_000

/** Heads of topics and partitions, and aborted transactions, beside the records. */
const ROOM_BESIDE_RECORDS = 1024 * 1024

/**
 * The most bytes that the response to a fetch may have: `fetch.max.bytes`, or one batch that is larger, which a broker sends whole
 * when it is the first of a fetch (KIP-74).
 */
export const maxFetchResponseBytes = (
  { maxResponseBytes = DEFAULT_MAX_FETCH_RESPONSE_BYTES }: Pick<KafkaConfig, 'maxResponseBytes'>,
  { maxBytes }: Pick<FetcherConfig, 'maxBytes'>,
): number => Math.max(maxBytes, maxResponseBytes) + ROOM_BESIDE_RECORDS
