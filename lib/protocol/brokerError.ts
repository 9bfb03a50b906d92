import { KafkaError } from '../client/KafkaError.js'
import { type ErrorCode, errorCode, ErrorCodes } from './errorCodes.js'
import { rightOf } from './rightOf.js'

/** Where an error code was met. */
export interface BrokerErrorContext {
  /** `Fetch`, `EndTxn`, … */
  readonly api: string
  readonly topic?: string | undefined
  readonly partition?: number | undefined
  readonly offset?: number | undefined
  readonly transactionalId?: string | undefined
  readonly groupId?: string | undefined
  /** who we are to the brokers, as far as the settings tell: `User:ada` */
  readonly principal?: string | undefined
  /** what the broker said beside the code, if anything */
  readonly detail?: string | null | undefined
}

/**
 * A broker's error code as an error that says what happened, what it likely means and what to do.
 *
 * What ends a producer (`attempt` in the table) can be mended by a new attempt as long as its transaction is being written. When
 * EndTxn answers it, the transaction is gone that was to be committed, and no attempt brings it back: `TransactionLost`.
 *
 * @example
 * ```ts
 * brokerError(ErrorCodes.PRODUCER_FENCED, { api: 'AddPartitionsToTxn', transactionalId: 'copy-0-7' })._tag // 'Fenced'
 * brokerError(ErrorCodes.INVALID_PRODUCER_EPOCH, { api: 'EndTxn', transactionalId: 'copy-0-7' })._tag // 'TransactionLost'
 * ```
 */
export const brokerError = (code: number, context: BrokerErrorContext): KafkaError => {
  const { name, retry, tag } = errorCode(code)
  const { api, topic, partition, offset, transactionalId } = context
  const fatal = retry === 'attempt'
  const isLost = fatal && api === 'EndTxn'
  return new KafkaError({
    _tag: isLost ? 'TransactionLost' : tag,
    message: `${api}${subject(context)}: the broker answered ${name} (${code})${detail(context)}. ${lackingRight(code, context) ?? explain({ code, name, retry, tag })}`,
    retriable: retry !== 'no' && !isLost,
    fatal,
    code,
    codeName: name,
    api,
    topic,
    partition,
    offset,
    transactionalId,
  })
}

const subject = ({ topic, partition, offset, transactionalId, groupId }: BrokerErrorContext): string =>
  [
    topic === undefined ? '' : ` of ${topic}${partition === undefined ? '' : `-${partition}`}`,
    offset === undefined ? '' : ` at offset ${offset}`,
    transactionalId === undefined ? '' : ` for transactional.id "${transactionalId}"`,
    groupId === undefined ? '' : ` for group "${groupId}"`,
  ].join('')

const detail = ({ detail }: BrokerErrorContext): string =>
  detail === undefined || detail === null || detail === '' ? '' : `, "${detail.replace(/\.$/, '')}"`

/** Resource, operation and principal of an authorization error, and the way out. */
const lackingRight = (code: number, context: BrokerErrorContext): string | undefined => {
  const right = rightOf(code, context.api)
  if (right === undefined) return undefined
  const { operation, resource } = right
  const { topic, groupId, transactionalId, principal = 'The principal of this client' } = context
  // KIP-679: from 2.8 on, who may write any topic may do so idempotently.
  if (resource === 'Cluster' && operation === 'IdempotentWrite')
    return (
      `${principal} may write to no topic: a right to Write on one is enough for idempotence since Kafka 2.8 (before that, ` +
      'IdempotentWrite on the cluster). Grant Write on the topics that are written (kafka-acls.sh --add --operation Write --topic), or ' +
      'set enable.idempotence=false.'
    )
  const named = { Topic: topic, Group: groupId, TransactionalId: transactionalId, Cluster: undefined }[resource]
  const option = { Topic: '--topic', Group: '--group', TransactionalId: '--transactional-id', Cluster: '--cluster' }[
    resource
  ]
  return (
    `${principal} lacks ${operation} on ${resource}${named === undefined ? '' : ` ${named}`}` +
    `${operation === 'Describe' ? ', which Read and Write imply' : ''}. Grant it: kafka-acls.sh --add ` +
    `--allow-principal ${context.principal ?? '<principal>'} --operation ${operation} ${option}${named === undefined ? '' : ` ${named}`}.`
  )
}

const explain = ({ code, retry }: ErrorCode): string =>
  explanations[code] ??
  {
    no: 'A retry will not help; the broker log and the protocol guide (https://kafka.apache.org/protocol#protocol_error_codes) say more.',
    yes: 'This passes by itself as a rule; it is retried.',
    metadata: 'Leaders are moving, as during a restart of brokers; it is retried with fresh metadata.',
    coordinator: 'The coordinator is moving, as during a restart of brokers; it is retried with the new one.',
    attempt: 'A new producer must start; with EXACTLY_ONCE from the last checkpoint.',
  }[retry]

const explanations: Readonly<Record<number, string>> = {
  [ErrorCodes.UNKNOWN_SERVER_ERROR]: 'Something failed inside the broker; its log says what.',
  [ErrorCodes.OFFSET_OUT_OF_RANGE]:
    'The position is no longer in the log (retention or DeleteRecords removed it) or not yet (the log was truncated, or the topic was recreated). Choose where to go on: earliest, latest, or an offset that exists.',
  [ErrorCodes.CORRUPT_MESSAGE]:
    'The records were damaged on the way or on disk; it is retried. If it stays, check the disk of the leader; on a compacted topic every record needs a key.',
  [ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION]:
    'The topic does not exist, was just created, or we may not see it. Check its name and the Describe permission.',
  [ErrorCodes.REQUEST_TIMED_OUT]: 'The broker could not finish in time; the request may have had its effect.',
  [ErrorCodes.MESSAGE_TOO_LARGE]:
    'A batch is larger than the topic allows. Raise max.message.bytes of the topic, or lower batch.size or the size of the record.',
  [ErrorCodes.OFFSET_METADATA_TOO_LARGE]:
    'The metadata beside the committed offset is longer than offset.metadata.max.bytes of the broker.',
  [ErrorCodes.INVALID_TOPIC_EXCEPTION]:
    'The topic name is not valid, or the topic is internal to Kafka. Names have at most 249 letters, digits, ".", "_" or "-".',
  [ErrorCodes.RECORD_LIST_TOO_LARGE]:
    'A batch is larger than a segment of the log. Lower batch.size or raise segment.bytes of the topic.',
  [ErrorCodes.NOT_ENOUGH_REPLICAS]:
    'Fewer replicas are in sync than min.insync.replicas. It is retried; if it stays, a broker is down or too slow.',
  [ErrorCodes.NOT_ENOUGH_REPLICAS_AFTER_APPEND]:
    'The records are in the log but fewer replicas than min.insync.replicas have them. It is retried.',
  [ErrorCodes.INVALID_REQUIRED_ACKS]: 'acks must be 0, 1 or -1 (all).',
  [ErrorCodes.ILLEGAL_GENERATION]:
    'The group has members. Brokers accept an offset commit from outside of a group only while it has no members: use a group.id of its own.',
  [ErrorCodes.INVALID_GROUP_ID]: 'The group.id is empty or not valid.',
  [ErrorCodes.UNKNOWN_MEMBER_ID]:
    'The group has members. Brokers accept an offset commit from outside of a group only while it has no members: use a group.id of its own.',
  [ErrorCodes.REBALANCE_IN_PROGRESS]:
    'The group has members. Brokers accept an offset commit from outside of a group only while it has no members: use a group.id of its own.',
  [ErrorCodes.INVALID_TIMESTAMP]:
    'The timestamp of a record is further from the time of the broker than the topic allows (message.timestamp.before.max.ms, message.timestamp.after.max.ms).',
  [ErrorCodes.UNSUPPORTED_SASL_MECHANISM]:
    'The listener does not offer this SASL mechanism. Check sasl.mechanism and the port.',
  [ErrorCodes.UNSUPPORTED_VERSION]:
    'The broker does not speak this version of the API. rx-kafka is tested with Kafka 3.9 to 4.4.',
  [ErrorCodes.TOPIC_ALREADY_EXISTS]: 'The topic is there already.',
  [ErrorCodes.INVALID_REQUEST]:
    'The broker could not read the request: a proxy between us, a broker outside of 3.9 to 4.4, or a fault of rx-kafka.',
  [ErrorCodes.UNSUPPORTED_FOR_MESSAGE_FORMAT]:
    'The topic still uses a message format older than version 2. Upgrade it, or copy it to a new topic.',
  [ErrorCodes.POLICY_VIOLATION]: 'A policy of the cluster (create.topic.policy, alter.config.policy) refuses this.',
  [ErrorCodes.OUT_OF_ORDER_SEQUENCE_NUMBER]:
    'A batch before this one is missing, so going on would lose records or their order. A new producer must start; with EXACTLY_ONCE from the last checkpoint.',
  [ErrorCodes.DUPLICATE_SEQUENCE_NUMBER]: 'The batch is in the log already: an earlier attempt had succeeded.',
  [ErrorCodes.INVALID_PRODUCER_EPOCH]:
    'A newer producer has taken over this transactional.id, or the transaction was open longer than transaction.timeout.ms and the coordinator aborted it. Check that no other job uses the same transactional id prefix, and that the timeout exceeds the longest time between checkpoints, restarts included.',
  [ErrorCodes.INVALID_TXN_STATE]:
    'The transaction is not in a state for this: it was aborted or completed before. If it should have been committed, its records are lost to read_committed readers.',
  [ErrorCodes.INVALID_PRODUCER_ID_MAPPING]:
    'The coordinator no longer knows this transactional.id with this producer id: it expired (transactional.id.expiration.ms) or another producer took it over. What was not committed is lost.',
  [ErrorCodes.INVALID_TRANSACTION_TIMEOUT]:
    'transaction.timeout.ms is larger than the broker allows (transaction.max.timeout.ms, 15 minutes by default). Lower the one or raise the other.',
  [ErrorCodes.CONCURRENT_TRANSACTIONS]: 'The transaction before is still being completed; it is retried.',
  [ErrorCodes.KAFKA_STORAGE_ERROR]: 'The leader cannot read or write its disk; it is retried at the next leader.',
  [ErrorCodes.SASL_AUTHENTICATION_FAILED]: 'Login was refused. Check the user name, the password or the token.',
  [ErrorCodes.UNKNOWN_PRODUCER_ID]:
    'The broker has forgotten this producer, as after retention removed all its records. A new producer must start.',
  [ErrorCodes.UNSUPPORTED_COMPRESSION_TYPE]:
    'The topic is compressed with a codec that this version of the API cannot carry.',
  [ErrorCodes.INVALID_RECORD]:
    'The broker refuses a record: on a compacted topic every record needs a key; otherwise its log names the reason.',
  [ErrorCodes.PRODUCER_FENCED]:
    'A newer producer has taken over this transactional.id. Check that no other job, and no second copy of this one, uses the same transactional id prefix.',
  [ErrorCodes.TRANSACTION_ABORTABLE]:
    'The coordinator cannot go on with this transaction; abort it and write its records again. With EXACTLY_ONCE a restart from the last checkpoint does.',
}
