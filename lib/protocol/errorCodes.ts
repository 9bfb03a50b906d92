import type { KafkaErrorTag } from '../client/KafkaError.js'

/**
 * What may help after an error code: nothing, the same request again, or again after asking anew who leads the partition
 * (`metadata`) or who coordinates the group or transactional id (`coordinator`). `attempt`: this producer has ended, and a new one
 * may write again what it had not committed.
 */
export type Retry = 'no' | 'yes' | 'metadata' | 'coordinator' | 'attempt'

/** An error code of Kafka's protocol. */
export interface ErrorCode {
  readonly code: number
  readonly name: string
  readonly retry: Retry
  readonly tag: KafkaErrorTag
}

/** Looks a code up. Codes newer than Kafka 4.2 are not retriable, as in Kafka's own clients. */
export const errorCode = (code: number): ErrorCode =>
  byCode.get(code) ?? { code, name: `UNKNOWN_ERROR_CODE_${code}`, retry: 'no', tag: 'Broker' }

/**
 * All codes of Kafka 4.2.0 (https://kafka.apache.org/protocol#protocol_error_codes): code, name, retry (default `no`), tag
 * (default `Broker`). What is retriable follows Kafka's `RetriableException`, `metadata` its `InvalidMetadataException`, `attempt`
 * what its producer takes for fatal or abortable.
 */
const table = [
  [0, 'NONE'],
  [-1, 'UNKNOWN_SERVER_ERROR'],
  [1, 'OFFSET_OUT_OF_RANGE', 'no', 'OffsetOutOfRange'],
  [2, 'CORRUPT_MESSAGE', 'yes', 'Corrupt'],
  [3, 'UNKNOWN_TOPIC_OR_PARTITION', 'metadata'],
  [4, 'INVALID_FETCH_SIZE'],
  [5, 'LEADER_NOT_AVAILABLE', 'metadata'],
  [6, 'NOT_LEADER_OR_FOLLOWER', 'metadata'],
  [7, 'REQUEST_TIMED_OUT', 'yes', 'Timeout'],
  [8, 'BROKER_NOT_AVAILABLE'],
  [9, 'REPLICA_NOT_AVAILABLE', 'metadata'],
  [10, 'MESSAGE_TOO_LARGE', 'no', 'RecordTooLarge'],
  [11, 'STALE_CONTROLLER_EPOCH'],
  [12, 'OFFSET_METADATA_TOO_LARGE'],
  [13, 'NETWORK_EXCEPTION', 'metadata', 'Connection'],
  [14, 'COORDINATOR_LOAD_IN_PROGRESS', 'yes'],
  [15, 'COORDINATOR_NOT_AVAILABLE', 'coordinator'],
  [16, 'NOT_COORDINATOR', 'coordinator'],
  [17, 'INVALID_TOPIC_EXCEPTION', 'no', 'Config'],
  [18, 'RECORD_LIST_TOO_LARGE', 'no', 'RecordTooLarge'],
  [19, 'NOT_ENOUGH_REPLICAS', 'yes'],
  [20, 'NOT_ENOUGH_REPLICAS_AFTER_APPEND', 'yes'],
  [21, 'INVALID_REQUIRED_ACKS', 'no', 'Config'],
  [22, 'ILLEGAL_GENERATION'],
  [23, 'INCONSISTENT_GROUP_PROTOCOL'],
  [24, 'INVALID_GROUP_ID', 'no', 'Config'],
  [25, 'UNKNOWN_MEMBER_ID'],
  [26, 'INVALID_SESSION_TIMEOUT'],
  [27, 'REBALANCE_IN_PROGRESS'],
  [28, 'INVALID_COMMIT_OFFSET_SIZE'],
  [29, 'TOPIC_AUTHORIZATION_FAILED', 'no', 'Authorization'],
  [30, 'GROUP_AUTHORIZATION_FAILED', 'no', 'Authorization'],
  [31, 'CLUSTER_AUTHORIZATION_FAILED', 'no', 'Authorization'],
  [32, 'INVALID_TIMESTAMP'],
  [33, 'UNSUPPORTED_SASL_MECHANISM', 'no', 'Authentication'],
  [34, 'ILLEGAL_SASL_STATE', 'no', 'Authentication'],
  [35, 'UNSUPPORTED_VERSION', 'no', 'Unsupported'],
  [36, 'TOPIC_ALREADY_EXISTS'],
  [37, 'INVALID_PARTITIONS', 'no', 'Config'],
  [38, 'INVALID_REPLICATION_FACTOR', 'no', 'Config'],
  [39, 'INVALID_REPLICA_ASSIGNMENT', 'no', 'Config'],
  [40, 'INVALID_CONFIG', 'no', 'Config'],
  [41, 'NOT_CONTROLLER', 'yes'],
  [42, 'INVALID_REQUEST'],
  [43, 'UNSUPPORTED_FOR_MESSAGE_FORMAT', 'no', 'Unsupported'],
  [44, 'POLICY_VIOLATION', 'no', 'Config'],
  [45, 'OUT_OF_ORDER_SEQUENCE_NUMBER', 'attempt'],
  [46, 'DUPLICATE_SEQUENCE_NUMBER'],
  [47, 'INVALID_PRODUCER_EPOCH', 'attempt', 'Fenced'],
  [48, 'INVALID_TXN_STATE', 'attempt', 'TransactionLost'],
  [49, 'INVALID_PRODUCER_ID_MAPPING', 'attempt', 'TransactionLost'],
  [50, 'INVALID_TRANSACTION_TIMEOUT', 'no', 'Config'],
  [51, 'CONCURRENT_TRANSACTIONS', 'yes'],
  [52, 'TRANSACTION_COORDINATOR_FENCED'],
  [53, 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED', 'no', 'Authorization'],
  [54, 'SECURITY_DISABLED'],
  [55, 'OPERATION_NOT_ATTEMPTED'],
  [56, 'KAFKA_STORAGE_ERROR', 'metadata'],
  [57, 'LOG_DIR_NOT_FOUND'],
  [58, 'SASL_AUTHENTICATION_FAILED', 'no', 'Authentication'],
  [59, 'UNKNOWN_PRODUCER_ID', 'attempt'],
  [60, 'REASSIGNMENT_IN_PROGRESS'],
  [61, 'DELEGATION_TOKEN_AUTH_DISABLED'],
  [62, 'DELEGATION_TOKEN_NOT_FOUND'],
  [63, 'DELEGATION_TOKEN_OWNER_MISMATCH'],
  [64, 'DELEGATION_TOKEN_REQUEST_NOT_ALLOWED'],
  [65, 'DELEGATION_TOKEN_AUTHORIZATION_FAILED', 'no', 'Authorization'],
  [66, 'DELEGATION_TOKEN_EXPIRED'],
  [67, 'INVALID_PRINCIPAL_TYPE'],
  [68, 'NON_EMPTY_GROUP'],
  [69, 'GROUP_ID_NOT_FOUND'],
  [70, 'FETCH_SESSION_ID_NOT_FOUND', 'yes'],
  [71, 'INVALID_FETCH_SESSION_EPOCH', 'yes'],
  [72, 'LISTENER_NOT_FOUND', 'metadata'],
  [73, 'TOPIC_DELETION_DISABLED'],
  [74, 'FENCED_LEADER_EPOCH', 'metadata'],
  [75, 'UNKNOWN_LEADER_EPOCH', 'yes'],
  [76, 'UNSUPPORTED_COMPRESSION_TYPE', 'no', 'Unsupported'],
  [77, 'STALE_BROKER_EPOCH'],
  [78, 'OFFSET_NOT_AVAILABLE', 'yes'],
  [79, 'MEMBER_ID_REQUIRED'],
  [80, 'PREFERRED_LEADER_NOT_AVAILABLE', 'metadata'],
  [81, 'GROUP_MAX_SIZE_REACHED'],
  [82, 'FENCED_INSTANCE_ID'],
  [83, 'ELIGIBLE_LEADERS_NOT_AVAILABLE', 'metadata'],
  [84, 'ELECTION_NOT_NEEDED', 'metadata'],
  [85, 'NO_REASSIGNMENT_IN_PROGRESS'],
  [86, 'GROUP_SUBSCRIBED_TO_TOPIC'],
  [87, 'INVALID_RECORD'],
  [88, 'UNSTABLE_OFFSET_COMMIT', 'yes'],
  [89, 'THROTTLING_QUOTA_EXCEEDED', 'yes'],
  [90, 'PRODUCER_FENCED', 'attempt', 'Fenced'],
  [91, 'RESOURCE_NOT_FOUND'],
  [92, 'DUPLICATE_RESOURCE'],
  [93, 'UNACCEPTABLE_CREDENTIAL'],
  [94, 'INCONSISTENT_VOTER_SET'],
  [95, 'INVALID_UPDATE_VERSION'],
  [96, 'FEATURE_UPDATE_FAILED'],
  [97, 'PRINCIPAL_DESERIALIZATION_FAILURE'],
  [98, 'SNAPSHOT_NOT_FOUND'],
  [99, 'POSITION_OUT_OF_RANGE'],
  [100, 'UNKNOWN_TOPIC_ID', 'metadata'],
  [101, 'DUPLICATE_BROKER_REGISTRATION'],
  [102, 'BROKER_ID_NOT_REGISTERED'],
  [103, 'INCONSISTENT_TOPIC_ID', 'metadata'],
  [104, 'INCONSISTENT_CLUSTER_ID'],
  [105, 'TRANSACTIONAL_ID_NOT_FOUND'],
  [106, 'FETCH_SESSION_TOPIC_ID_ERROR', 'yes'],
  [107, 'INELIGIBLE_REPLICA'],
  [108, 'NEW_LEADER_ELECTED'],
  [109, 'OFFSET_MOVED_TO_TIERED_STORAGE'],
  [110, 'FENCED_MEMBER_EPOCH'],
  [111, 'UNRELEASED_INSTANCE_ID'],
  [112, 'UNSUPPORTED_ASSIGNOR'],
  [113, 'STALE_MEMBER_EPOCH'],
  [114, 'MISMATCHED_ENDPOINT_TYPE'],
  [115, 'UNSUPPORTED_ENDPOINT_TYPE'],
  [116, 'UNKNOWN_CONTROLLER_ID'],
  [117, 'UNKNOWN_SUBSCRIPTION_ID'],
  [118, 'TELEMETRY_TOO_LARGE'],
  [119, 'INVALID_REGISTRATION'],
  [120, 'TRANSACTION_ABORTABLE', 'attempt', 'TransactionLost'],
  [121, 'INVALID_RECORD_STATE'],
  [122, 'SHARE_SESSION_NOT_FOUND', 'yes'],
  [123, 'INVALID_SHARE_SESSION_EPOCH', 'yes'],
  [124, 'FENCED_STATE_EPOCH'],
  [125, 'INVALID_VOTER_KEY'],
  [126, 'DUPLICATE_VOTER'],
  [127, 'VOTER_NOT_FOUND'],
  [128, 'INVALID_REGULAR_EXPRESSION'],
  [129, 'REBOOTSTRAP_REQUIRED'],
  [130, 'STREAMS_INVALID_TOPOLOGY'],
  [131, 'STREAMS_INVALID_TOPOLOGY_EPOCH'],
  [132, 'STREAMS_TOPOLOGY_FENCED'],
  [133, 'SHARE_SESSION_LIMIT_REACHED', 'yes'],
] as const satisfies readonly Row[]

type Row = readonly [code: number, name: string, retry?: Retry, tag?: KafkaErrorTag]
type Known = (typeof table)[number]

/**
 * The codes by their names; 0 alone, for no error, may be written as a number.
 *
 * @example
 * ```ts
 * const isGone = (code: number) => code === ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION
 * ```
 */
export const ErrorCodes = Object.fromEntries(table.map(([code, name]) => [name, code])) as {
  readonly [K in Known as K[1]]: K[0]
}

const byCode: ReadonlyMap<number, ErrorCode> = new Map(
  table.map(([code, name, retry = 'no', tag = 'Broker']: Row) => [code, { code, name, retry, tag }]),
)
