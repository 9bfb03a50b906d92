/**
 * What can go wrong between us and Kafka, by what the caller can do about it.
 *
 * - `Broker`: the broker answered with an error code (`code`, `codeName`).
 * - `Connection`: no connection, or it broke before the answer.
 * - `Timeout`: no answer in time; the request may or may not have had its effect.
 * - `OffsetOutOfRange`: the position is no longer, or not yet, in the log.
 * - `LogTruncated`: what was read is no longer in the log, since a replica without it became leader.
 * - `NoOffset`: no committed offset and the reset strategy is NONE.
 * - `Corrupt`: bytes that are not what they should be (CRC, lengths, counts).
 * - `Unsupported`: the broker, a codec package or a message format does not do what is asked.
 * - `Authorization`, `Authentication`: the cluster refuses us.
 * - `Fenced`: a newer producer with this transactional id has taken over.
 * - `TransactionLost`: the transaction was aborted or has expired; its records will never be visible.
 * - `RecordTooLarge`: one record is larger than the limit.
 * - `DeliveryTimeout`: a record could not be written within `delivery.timeout.ms`.
 * - `Config`: a setting that cannot work.
 * - `IllegalState`: a call that does not fit the state it met; a mistake in the program.
 */
export type KafkaErrorTag =
  | 'Broker'
  | 'Connection'
  | 'Timeout'
  | 'OffsetOutOfRange'
  | 'LogTruncated'
  | 'NoOffset'
  | 'Corrupt'
  | 'Unsupported'
  | 'Authorization'
  | 'Authentication'
  | 'Fenced'
  | 'TransactionLost'
  | 'RecordTooLarge'
  | 'DeliveryTimeout'
  | 'Config'
  | 'IllegalState'

/** The facts of a {@link KafkaError}. */
export interface KafkaErrorInfo {
  readonly _tag: KafkaErrorTag
  /** what happened, what it likely means, what to do */
  readonly message: string
  /** trying the same again may help */
  readonly retriable?: boolean
  /** this client, producer or transaction can do no more; a new one may */
  readonly fatal?: boolean
  readonly code?: number
  readonly codeName?: string
  readonly api?: string
  readonly topic?: string
  readonly partition?: number
  readonly offset?: number
  /** of `LogTruncated`: where the log parts from what was read */
  readonly divergentOffset?: number
  readonly transactionalId?: string
  readonly cause?: unknown
}

/** The one error class of the client port. */
export class KafkaError extends Error {
  override readonly name: string = 'KafkaError'
  readonly _tag: KafkaErrorTag
  readonly retriable: boolean
  readonly fatal: boolean
  readonly code: number | undefined
  readonly codeName: string | undefined
  readonly api: string | undefined
  readonly topic: string | undefined
  readonly partition: number | undefined
  readonly offset: number | undefined
  readonly divergentOffset: number | undefined
  readonly transactionalId: string | undefined

  constructor(info: KafkaErrorInfo) {
    super(info.message, info.cause === undefined ? undefined : { cause: info.cause })
    this._tag = info._tag
    this.retriable = info.retriable ?? false
    this.fatal = info.fatal ?? false
    this.code = info.code
    this.codeName = info.codeName
    this.api = info.api
    this.topic = info.topic
    this.partition = info.partition
    this.offset = info.offset
    this.divergentOffset = info.divergentOffset
    this.transactionalId = info.transactionalId
  }
}

export const isKafkaError = (error: unknown): error is KafkaError => error instanceof KafkaError
