import { KafkaError, type KafkaErrorInfo, type KafkaErrorTag } from '../client/KafkaError.js'

/** The error codes that the in-memory Kafka answers with. Code, name and tag as real brokers' and `lib/kafkajs`'s. */
export type MemoryErrorName = keyof typeof answers

interface Answer {
  readonly code: number
  readonly tag: KafkaErrorTag
  readonly retriable?: boolean
  readonly fatal?: boolean
  readonly hint: string
}

const answer = (code: number, tag: KafkaErrorTag, hint: string, rest: Partial<Answer> = {}): Answer => ({
  code,
  tag,
  hint,
  ...rest,
})
const retriable = { retriable: true }
/** This producer has ended, and a new one may write again what it had not committed. */
const endsProducer = { retriable: true, fatal: true }

const answers = {
  OFFSET_OUT_OF_RANGE: answer(1, 'OffsetOutOfRange', 'The position is no longer, or not yet, in the log.'),
  UNKNOWN_TOPIC_OR_PARTITION: answer(3, 'Broker', 'The topic does not exist, or has fewer partitions.', retriable),
  NOT_LEADER_OR_FOLLOWER: answer(6, 'Broker', 'The leader has moved.', retriable),
  INVALID_TOPIC_EXCEPTION: answer(17, 'Config', 'Names have at most 249 letters, digits, ".", "_" or "-".'),
  TOPIC_ALREADY_EXISTS: answer(36, 'Broker', 'A topic of this name exists.'),
  INVALID_PARTITIONS: answer(37, 'Config', 'A topic has at least one partition, and their number only grows.'),
  OUT_OF_ORDER_SEQUENCE_NUMBER: answer(45, 'Broker', 'A batch before this one is missing.', endsProducer),
  INVALID_PRODUCER_EPOCH: answer(
    47,
    'Fenced',
    'A newer producer has taken over, or the transaction has expired.',
    endsProducer,
  ),
  INVALID_TXN_STATE: answer(
    48,
    'TransactionLost',
    'The transaction was ended otherwise, or never begun.',
    endsProducer,
  ),
  INVALID_PRODUCER_ID_MAPPING: answer(
    49,
    'TransactionLost',
    'This producer id is not the one of the transactional id.',
    endsProducer,
  ),
  INVALID_TRANSACTION_TIMEOUT: answer(50, 'Config', 'transaction.timeout.ms is above transaction.max.timeout.ms.'),
  CONCURRENT_TRANSACTIONS: answer(51, 'Broker', 'The transaction before is still being ended.', retriable),
  PRODUCER_FENCED: answer(
    90,
    'Fenced',
    'A newer producer has taken over, or the transaction has expired.',
    endsProducer,
  ),
} as const

/** Where an error was met. */
export type ErrorFacts = Pick<Partial<KafkaErrorInfo>, 'topic' | 'partition' | 'offset' | 'transactionalId'> & {
  readonly api: string
}

/**
 * What a broker would answer.
 *
 * @example
 * ```ts
 * memoryError('NOT_LEADER_OR_FOLLOWER', { api: 'Produce', topic: 'flights', partition: 0 }).retriable // true
 * ```
 */
export const memoryError = (name: MemoryErrorName, facts: ErrorFacts): KafkaError => {
  const { code, tag, hint, retriable = false, fatal = false } = answers[name]
  // A transaction that was to be committed and cannot be is gone, whatever a new attempt does.
  const isLost = fatal && facts.api === 'EndTxn'
  return new KafkaError({
    _tag: isLost ? 'TransactionLost' : tag,
    message: `${facts.api}${subject(facts)}: the in-memory Kafka answered ${name} (${code}). ${hint}`,
    retriable: retriable && !isLost,
    fatal,
    code,
    codeName: name,
    ...facts,
  })
}

const subject = ({ topic, partition, offset, transactionalId }: ErrorFacts): string =>
  [
    topic === undefined ? '' : ` of ${topic}${partition === undefined ? '' : `-${partition}`}`,
    offset === undefined ? '' : ` at offset ${offset}`,
    transactionalId === undefined ? '' : ` for transactional.id "${transactionalId}"`,
  ].join('')
