import type { FetcherConfig, KafkaConfig } from '../client/KafkaConfig.js'

const KiB = 1024
const MiB = 1024 * KiB

/** Until the login is through: what Kafka's brokers take from a client until then (`sasl.server.max.receive.size`). */
export const MAX_LOGIN_RESPONSE_BYTES = 512 * KiB

/** The metadata of 300,000 partitions with three replicas: nothing but a fetch brings more. */
export const DEFAULT_MAX_CONTROL_RESPONSE_BYTES = 16 * MiB

/** librdkafka's default of `receive.message.max.bytes`. */
export const DEFAULT_MAX_FETCH_RESPONSE_BYTES = 100_000_000

/** Heads of topics and partitions, and aborted transactions, beside the records. */
const ROOM_BESIDE_RECORDS = MiB

/** The most bytes that the answer to anything but a fetch may have. */
export const maxControlResponseBytes = ({ maxResponseBytes }: Pick<KafkaConfig, 'maxResponseBytes'>): number =>
  maxResponseBytes ?? DEFAULT_MAX_CONTROL_RESPONSE_BYTES

/**
 * The most bytes that the answer to a fetch may have: `fetch.max.bytes`, or one batch that is larger, which a broker sends whole
 * when it is the first of a fetch (KIP-74).
 */
export const maxFetchResponseBytes = (
  { maxResponseBytes = DEFAULT_MAX_FETCH_RESPONSE_BYTES }: Pick<KafkaConfig, 'maxResponseBytes'>,
  { maxBytes }: Pick<FetcherConfig, 'maxBytes'>,
): number => Math.max(maxBytes, maxResponseBytes) + ROOM_BESIDE_RECORDS
