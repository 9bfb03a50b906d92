import { ByteReader } from '../ByteReader.js'
import { ByteWriter } from '../ByteWriter.js'
import { readByTopic, writeByTopic } from './byTopic.js'
import type { FetchRequest, FetchResponse, NamedPartitionResponse } from './fetch.js'
import { isolationLevelCode } from './isolationLevelCode.js'
import type { KafkaApi } from './KafkaApi.js'

/**
 * Fetch Request (Version: 11) => replica_id max_wait_ms min_bytes max_bytes isolation_level session_id session_epoch [topics] [forgotten_topics_data] rack_id
 *   replica_id => INT32
 *   max_wait_ms => INT32
 *   min_bytes => INT32
 *   max_bytes => INT32
 *   isolation_level => INT8
 *   session_id => INT32
 *   session_epoch => INT32
 *   topics => topic [partitions]
 *     topic => STRING
 *     partitions => partition current_leader_epoch fetch_offset log_start_offset partition_max_bytes
 *       partition => INT32
 *       current_leader_epoch => INT32
 *       fetch_offset => INT64
 *       log_start_offset => INT64
 *       partition_max_bytes => INT32
 *   forgotten_topics_data => topic [partitions]
 *     topic => STRING
 *     partitions => INT32
 *   rack_id => STRING
 */
const encodeRequest = (request: FetchRequest): Buffer => {
  const writer = new ByteWriter(128 + request.partitions.length * 64)
    .writeInt32(CONSUMER_REPLICA_ID)
    .writeInt32(request.maxWaitMs)
    .writeInt32(request.minBytes)
    .writeInt32(request.maxBytes)
    .writeInt8(isolationLevelCode(request.isolationLevel))
    .writeInt32(request.sessionId ?? 0)
    .writeInt32(request.sessionEpoch ?? -1)
  writeByTopic(writer, request.partitions, (_, partition) => {
    writer
      .writeInt32(partition.partition)
      .writeInt32(partition.currentLeaderEpoch)
      .writeInt64(partition.fetchOffset)
      .writeInt64(FOLLOWERS_LOG_START_OFFSET)
      .writeInt32(partition.partitionMaxBytes)
  })
  writeByTopic(writer, request.forgotten ?? [], (_, { partition }) => writer.writeInt32(partition))
  return writer.writeString(request.rackId ?? '').toBuffer()
}

const CONSUMER_REPLICA_ID = -1
const FOLLOWERS_LOG_START_OFFSET = -1

/**
 * Fetch Response (Version: 11) => throttle_time_ms error_code session_id [responses]
 *   throttle_time_ms => INT32
 *   error_code => INT16
 *   session_id => INT32
 *   responses => topic [partitions]
 *     topic => STRING
 *     partitions => partition error_code high_watermark last_stable_offset log_start_offset [aborted_transactions] preferred_read_replica records
 *       partition => INT32
 *       error_code => INT16
 *       high_watermark => INT64
 *       last_stable_offset => INT64
 *       log_start_offset => INT64
 *       aborted_transactions => producer_id first_offset
 *         producer_id => INT64
 *         first_offset => INT64
 *       preferred_read_replica => INT32
 *       records => RECORDS
 */
const decodeResponse = (body: Buffer): FetchResponse<NamedPartitionResponse> => {
  const reader = new ByteReader(body, 'Fetch response')
  return {
    throttleTimeMs: reader.readInt32(),
    errorCode: reader.readInt16(),
    sessionId: reader.readInt32(),
    partitions: readByTopic(reader, (_, topic) => ({
      topic,
      partition: reader.readInt32(),
      errorCode: reader.readInt16(),
      highWatermark: reader.readInt64(),
      lastStableOffset: reader.readInt64(),
      logStartOffset: reader.readInt64(),
      abortedTransactions: reader.readNullableArray(() => ({
        producerId: reader.readBigInt64(),
        firstOffset: reader.readInt64(),
      })),
      preferredReadReplica: reader.readInt32(),
      records: reader.readBytes(),
    })),
  }
}

/** The version before topics had ids, for brokers that speak none newer, and clusters whose topics have none. */
export const fetchByNameApi: KafkaApi<FetchRequest, FetchResponse<NamedPartitionResponse>> = {
  apiKey: 1,
  apiVersion: 11,
  apiName: 'Fetch',
  encode: encodeRequest,
  decode: decodeResponse,
}
