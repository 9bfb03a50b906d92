import { recognizeAcrossCopies } from '../errors/recognizeAcrossCopies.js'

/**
 * What can go wrong between us and Kafka, by what the caller can do about it.
 *
 * - `Broker`: the broker answered with an error code (`code`, `codeName`).
 * - `Connection`: no connection, or it broke before the answer.
 * - `Timeout`: no answer in time; the request may or may not have had its effect.
 * - `OffsetOutOfRange`: the position is no longer, or not yet, in the log.
 * - `LogTruncated`: what was read is no longer in the log, since a replica without it became leader.
 * - `TopicRecreated`: the topic was deleted, and another one of its name has come: its offsets mean other records.
 * - `NoOffset`: no committed offset and the reset strategy is NONE.
 * - `Corrupt`: bytes that are not what they should be (CRC, lengths, counts).
 * - `Unsupported`: the broker or a codec package does not do what is asked.
 * - `Authorization`, `Authentication`: the cluster refuses us.
 * - `Fenced`: a newer producer with this transactional id has taken over, or the transaction was open for longer than
 *   `transaction.timeout.ms`; brokers do not tell which. A new attempt writes again what was not committed.
 * - `TransactionLost`: the transaction was aborted or has expired; its records will never be visible. `retriable` while it was
 *   being written, since a new attempt writes them again; not when it was to be committed.
 * - `InvalidRecord`: what is to be written is no record: its topic, partition, key, value, headers or timestamp.
 * - `RecordTooLarge`: one record, or what one batch is decompressed to, is larger than the limit.
 * - `DeliveryTimeout`: a record could not be written within `delivery.timeout.ms`, or its topic was not there within `max.block.ms`.
 * - `Config`: a setting that cannot work.
 * - `IllegalState`: a call that does not fit the state it met; a mistake in the program.
 */
export type KafkaErrorTag =
  | 'Broker'
  | 'Connection'
  | 'Timeout'
  | 'OffsetOutOfRange'
  | 'LogTruncated'
  | 'TopicRecreated'
  | 'NoOffset'
  | 'Corrupt'
  | 'Unsupported'
  | 'Authorization'
  | 'Authentication'
  | 'Fenced'
  | 'TransactionLost'
  | 'InvalidRecord'
  | 'RecordTooLarge'
  | 'DeliveryTimeout'
  | 'Config'
  | 'IllegalState'

/** The facts of a {@link KafkaError}. */
export interface KafkaErrorInfo {
  /** its kind */
  readonly _tag: KafkaErrorTag
  /** what happened, what it likely means, what to do */
  readonly message: string
  /** trying again may help: a new attempt, and unless it is `fatal` the same call as well */
  readonly retriable?: boolean | undefined
  /** this client, producer or transaction can do no more; a new one may, if it is `retriable` */
  readonly fatal?: boolean | undefined
  /** of the protocol */
  readonly code?: number | undefined
  /** Kafka's name of the code */
  readonly codeName?: string | undefined
  /** the request that met it */
  readonly api?: string | undefined
  /** of the record or partition that it is about */
  readonly topic?: string | undefined
  /** of the record or partition that it is about */
  readonly partition?: number | undefined
  /** of the record that it is about */
  readonly offset?: number | undefined
  /** of `LogTruncated`: where the log parts from what was read */
  readonly divergentOffset?: number | undefined
  /** of the transaction that it is about */
  readonly transactionalId?: string | undefined
  /** what brought it about */
  readonly cause?: unknown
}

/** The facts that an error may have, beside its kind. */
const facts = [
  'code',
  'codeName',
  'api',
  'topic',
  'partition',
  'offset',
  'divergentOffset',
  'transactionalId',
] as const satisfies readonly (keyof KafkaErrorInfo)[]

/**
 * The one error class of the client port. Facts that do not apply are no properties of it: Node prints all there are.
 *
 * @example
 * ```ts
 * source.records().subscribe({
 *   error: (error) => {
 *     if (error instanceof KafkaError && error._tag === 'Authorization') console.error(`No access to ${error.topic}`, error)
 *   },
 * })
 * ```
 */
export class KafkaError extends Error {
  static {
    recognizeAcrossCopies(this, 'KafkaError')
  }

  /** The name of the class, also where the program is minified. */
  override readonly name: string = 'KafkaError'
  /** its kind */
  readonly _tag: KafkaErrorTag
  /** whether trying again may help */
  readonly retriable: boolean
  /** whether the producer or transaction is done for */
  readonly fatal: boolean
  /** of the protocol; undefined when no broker has answered */
  declare readonly code: number | undefined
  /** Kafka's name of the code */
  declare readonly codeName: string | undefined
  /** the request that met it */
  declare readonly api: string | undefined
  /** of the record or partition that it is about */
  declare readonly topic: string | undefined
  /** of the record or partition that it is about */
  declare readonly partition: number | undefined
  /** of the record that it is about */
  declare readonly offset: number | undefined
  /** of `LogTruncated`: where the log parts from what was read */
  declare readonly divergentOffset: number | undefined
  /** of the transaction that it is about */
  declare readonly transactionalId: string | undefined

  constructor(info: KafkaErrorInfo) {
    super(info.message, info.cause === undefined ? undefined : { cause: info.cause })
    this._tag = info._tag
    this.retriable = info.retriable ?? false
    this.fatal = info.fatal ?? false
    for (const fact of facts) if (info[fact] !== undefined) Object.assign(this, { [fact]: info[fact] })
  }
}

/**
 * Whether it is a {@link KafkaError}, of any copy of this package in the process; narrows its type.
 *
 * @example
 * ```ts
 * const timeout: unknown = new KafkaError({ _tag: 'Timeout', message: 'No answer in time.', retriable: true })
 * isKafkaError(timeout) && timeout.retriable // true
 * ```
 */
export const isKafkaError = (error: unknown): error is KafkaError => error instanceof KafkaError
