import type { IsolationLevel } from '../../client/IsolationLevel.js'
import type { Offset } from '../../client/Offset.js'
import type { AbortedTransaction } from '../abortedTransactions.js'
import { ByteReader } from '../ByteReader.js'
import { ByteWriter } from '../ByteWriter.js'
import { fetchByNameApi } from './fetchByName.js'
import { isolationLevelCode } from './isolationLevelCode.js'
import type { KafkaApi } from './KafkaApi.js'

export interface FetchPartition {
  readonly topic: string
  /** as metadata told it; without it, the fetch goes by name */
  readonly topicId?: string | undefined
  readonly partition: number
  /** as metadata told it, so that a stale leader refuses (KIP-320); -1 when unknown */
  readonly currentLeaderEpoch: number
  readonly fetchOffset: Offset
  readonly partitionMaxBytes: number
}

export interface FetchRequest {
  readonly maxWaitMs: number
  readonly minBytes: number
  readonly maxBytes: number
  readonly isolationLevel: IsolationLevel
  /** KIP-227; 0 and -1 for no session, which is the default */
  readonly sessionId?: number | undefined
  readonly sessionEpoch?: number | undefined
  readonly partitions: readonly FetchPartition[]
  /** what to drop from the session */
  readonly forgotten?: readonly ForgottenPartition[] | undefined
  readonly rackId?: string | undefined
}

export interface ForgottenPartition {
  readonly topic: string
  readonly topicId?: string | undefined
  readonly partition: number
}

export interface FetchedPartitionResponse {
  /** by its name or its id, as it was asked for */
  readonly topic?: string | undefined
  readonly topicId?: string | undefined
  readonly partition: number
  readonly errorCode: number
  readonly highWatermark: Offset
  readonly lastStableOffset: Offset
  readonly logStartOffset: Offset
  readonly abortedTransactions: readonly AbortedTransaction[]
  /** broker to read from instead (KIP-392), or -1 */
  readonly preferredReadReplica: number
  /** a view on the response */
  readonly records: Buffer
}

/** The same with the name of its topic, whichever way it was asked for. */
export type NamedPartitionResponse = FetchedPartitionResponse & { readonly topic: string }

export interface FetchResponse<Partition extends FetchedPartitionResponse = FetchedPartitionResponse> {
  readonly throttleTimeMs: number
  readonly errorCode: number
  readonly sessionId: number
  readonly partitions: readonly Partition[]
}

/**
 * Fetch Request (Version: 13) => replica_id max_wait_ms min_bytes max_bytes isolation_level session_id session_epoch [topics] [forgotten_topics_data] rack_id TAG_BUFFER
 *   replica_id => INT32
 *   max_wait_ms => INT32
 *   min_bytes => INT32
 *   max_bytes => INT32
 *   isolation_level => INT8
 *   session_id => INT32
 *   session_epoch => INT32
 *   topics => topic_id [partitions] TAG_BUFFER
 *     topic_id => UUID
 *     partitions => partition current_leader_epoch fetch_offset last_fetched_epoch log_start_offset partition_max_bytes TAG_BUFFER
 *       partition => INT32
 *       current_leader_epoch => INT32
 *       fetch_offset => INT64
 *       last_fetched_epoch => INT32
 *       log_start_offset => INT64
 *       partition_max_bytes => INT32
 *   forgotten_topics_data => topic_id [partitions] TAG_BUFFER
 *     topic_id => UUID
 *     partitions => INT32
 *   rack_id => COMPACT_STRING
 *
 * Flexible, so the header's TAG_BUFFER comes first.
 */
const encodeRequest = (request: FetchRequest): Buffer => {
  const writer = new ByteWriter(128 + request.partitions.length * 64)
    .writeNoTaggedFields()
    .writeInt32(CONSUMER_REPLICA_ID)
    .writeInt32(request.maxWaitMs)
    .writeInt32(request.minBytes)
    .writeInt32(request.maxBytes)
    .writeInt8(isolationLevelCode(request.isolationLevel))
    .writeInt32(request.sessionId ?? 0)
    .writeInt32(request.sessionEpoch ?? -1)
  writeByTopicId(writer, request.partitions, (partition) => {
    writer
      .writeInt32(partition.partition)
      .writeInt32(partition.currentLeaderEpoch)
      .writeInt64(partition.fetchOffset)
      .writeInt32(FOLLOWERS_LAST_FETCHED_EPOCH)
      .writeInt64(FOLLOWERS_LOG_START_OFFSET)
      .writeInt32(partition.partitionMaxBytes)
      .writeNoTaggedFields()
  })
  writeByTopicId(writer, request.forgotten ?? [], ({ partition }) => writer.writeInt32(partition))
  return writer
    .writeCompactString(request.rackId ?? '')
    .writeNoTaggedFields()
    .toBuffer()
}

const CONSUMER_REPLICA_ID = -1
const FOLLOWERS_LAST_FETCHED_EPOCH = -1
const FOLLOWERS_LOG_START_OFFSET = -1

const writeByTopicId = <T extends { readonly topicId?: string | undefined }>(
  writer: ByteWriter,
  entries: readonly T[],
  writeEntry: (entry: T) => void,
): void => {
  const topics = new Map<string | undefined, T[]>()
  for (const entry of entries) {
    const sameTopic = topics.get(entry.topicId)
    if (sameTopic === undefined) topics.set(entry.topicId, [entry])
    else sameTopic.push(entry)
  }
  writer.writeCompactArray([...topics], (_, [topicId, partitions]) => {
    writer
      .writeUuid(topicId)
      .writeCompactArray(partitions, (__, entry) => writeEntry(entry))
      .writeNoTaggedFields()
  })
}

/**
 * Fetch Response (Version: 13) => throttle_time_ms error_code session_id [responses] TAG_BUFFER
 *   throttle_time_ms => INT32
 *   error_code => INT16
 *   session_id => INT32
 *   responses => topic_id [partitions] TAG_BUFFER
 *     topic_id => UUID
 *     partitions => partition_index error_code high_watermark last_stable_offset log_start_offset [aborted_transactions] preferred_read_replica records TAG_BUFFER
 *       partition_index => INT32
 *       error_code => INT16
 *       high_watermark => INT64
 *       last_stable_offset => INT64
 *       log_start_offset => INT64
 *       aborted_transactions => producer_id first_offset TAG_BUFFER
 *         producer_id => INT64
 *         first_offset => INT64
 *       preferred_read_replica => INT32
 *       records => COMPACT_RECORDS
 */
const decodeResponse = (body: Buffer): FetchResponse => {
  const reader = new ByteReader(body, 'Fetch response')
  reader.skipTaggedFields()
  const partitions: FetchedPartitionResponse[] = []
  const answer = {
    throttleTimeMs: reader.readInt32(),
    errorCode: reader.readInt16(),
    sessionId: reader.readInt32(),
    partitions,
  }
  reader.readCompactArray(() => {
    const topicId = reader.readUuid()
    reader.readCompactArray(() => partitions.push(readPartition(reader, topicId)))
    reader.skipTaggedFields()
  })
  reader.skipTaggedFields()
  return answer
}

const readPartition = (reader: ByteReader, topicId: string | undefined): FetchedPartitionResponse => {
  const partition = {
    topicId,
    partition: reader.readInt32(),
    errorCode: reader.readInt16(),
    highWatermark: reader.readInt64(),
    lastStableOffset: reader.readInt64(),
    logStartOffset: reader.readInt64(),
    abortedTransactions: reader.readCompactArray(() => {
      const aborted = { producerId: reader.readBigInt64(), firstOffset: reader.readInt64() }
      reader.skipTaggedFields()
      return aborted
    }),
    preferredReadReplica: reader.readInt32(),
    records: reader.readCompactBytes(),
  }
  reader.skipTaggedFields()
  return partition
}

/** By the ids of topics, so that no broker answers with the records of another topic of the same name. */
export const fetchApi: KafkaApi<FetchRequest, FetchResponse> = {
  apiKey: 1,
  apiVersion: 13,
  apiName: 'Fetch',
  encode: encodeRequest,
  decode: decodeResponse,
  older: fetchByNameApi,
}
