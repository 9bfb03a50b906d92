/**
 * What a sink promises, and what it costs.
 *
 * - `NONE`: nothing is waited for. Records may be lost when a broker or this process fails, and doubled by a restart.
 * - `AT_LEAST_ONCE`: a checkpoint completes only when all records before it are acknowledged by the brokers. Nothing is lost;
 *   a restart repeats what came after the last checkpoint.
 * - `EXACTLY_ONCE`: the records of a checkpoint are one Kafka transaction, committed when the checkpoint is complete. A
 *   read_committed consumer sees each record once; it sees it one checkpoint later. Needs a transactional id prefix that
 *   nobody else uses, and `transaction.timeout.ms` above the longest checkpoint plus the longest outage.
 *
 * The last two need a source with `checkpoints`. The values are Flink's.
 */
export const DeliveryGuarantee = {
  /** Nothing is waited for: records may be lost or doubled. */
  NONE: 'none',
  /** Nothing is lost: a restart repeats what came after the last checkpoint. Needs checkpoints. */
  AT_LEAST_ONCE: 'at-least-once',
  /** Each record once, for `read_committed` readers: by transactions. Needs checkpoints and a transactional id prefix. */
  EXACTLY_ONCE: 'exactly-once',
} as const

export type DeliveryGuarantee = (typeof DeliveryGuarantee)[keyof typeof DeliveryGuarantee]
