import type { KafkaConfig } from '../client/KafkaConfig.js'

const KiB = 1024
const MiB = 1024 * KiB

/** Until the login is through: what Kafka's brokers take from a client until then (`sasl.server.max.receive.size`). */
export const MAX_LOGIN_RESPONSE_BYTES = 512 * KiB

/** The metadata of 300,000 partitions with three replicas: nothing but a fetch brings more. */
export const DEFAULT_MAX_CONTROL_RESPONSE_BYTES = 16 * MiB

/** The most bytes that a response may have when its request does not say otherwise, as a fetch does. */
export const maxControlResponseBytes = ({ maxResponseBytes }: Pick<KafkaConfig, 'maxResponseBytes'>): number =>
  maxResponseBytes ?? DEFAULT_MAX_CONTROL_RESPONSE_BYTES
