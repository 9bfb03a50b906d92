import type { IsolationLevel } from '../../client/IsolationLevel.js'
import type { Offset } from '../../client/Offset.js'
import type { OffsetSpec } from '../../client/OffsetSpec.js'
import { ByteReader } from '../ByteReader.js'
import { ByteWriter } from '../ByteWriter.js'
import { readByTopic, writeByTopic } from './byTopic.js'
import { isolationLevelCode } from './isolationLevelCode.js'
import type { KafkaApi } from './KafkaApi.js'

export interface ListOffsetsPartition {
  readonly topic: string
  readonly partition: number
  /** -1 when unknown */
  readonly currentLeaderEpoch: number
  readonly spec: OffsetSpec
}

export interface ListOffsetsRequest {
  readonly isolationLevel: IsolationLevel
  readonly partitions: readonly ListOffsetsPartition[]
}

export interface ListedOffset {
  readonly topic: string
  readonly partition: number
  readonly errorCode: number
  /** of the record found, ms; -1 for earliest and latest */
  readonly timestamp: number
  /** -1: no record at or after the timestamp */
  readonly offset: Offset
  readonly leaderEpoch: number
}

export interface ListOffsetsResponse {
  readonly throttleTimeMs: number
  readonly partitions: readonly ListedOffset[]
}

/**
 * ListOffsets Request (Version: 5) => replica_id isolation_level [topics]
 *   replica_id => INT32
 *   isolation_level => INT8
 *   topics => name [partitions]
 *     name => STRING
 *     partitions => partition_index current_leader_epoch timestamp
 *       partition_index => INT32
 *       current_leader_epoch => INT32
 *       timestamp => INT64
 */
export const encodeListOffsetsRequest = ({ isolationLevel, partitions }: ListOffsetsRequest): Buffer => {
  const writer = new ByteWriter().writeInt32(CONSUMER_REPLICA_ID).writeInt8(isolationLevelCode(isolationLevel))
  return writeByTopic(writer, partitions, (_, { partition, currentLeaderEpoch, spec }) => {
    writer.writeInt32(partition).writeInt32(currentLeaderEpoch).writeInt64(timestampOf(spec))
  }).toBuffer()
}

const CONSUMER_REPLICA_ID = -1

const timestampOf = (spec: OffsetSpec): number => {
  switch (spec._tag) {
    case 'Latest':
      return -1
    case 'Earliest':
      return -2
    case 'Timestamp':
      return spec.timestamp
  }
}

/**
 * ListOffsets Response (Version: 5) => throttle_time_ms [topics]
 *   throttle_time_ms => INT32
 *   topics => name [partitions]
 *     name => STRING
 *     partitions => partition_index error_code timestamp offset leader_epoch
 *       partition_index => INT32
 *       error_code => INT16
 *       timestamp => INT64
 *       offset => INT64
 *       leader_epoch => INT32
 */
export const decodeListOffsetsResponse = (body: Buffer): ListOffsetsResponse => {
  const reader = new ByteReader(body, 'ListOffsets response')
  return {
    throttleTimeMs: reader.readInt32(),
    partitions: readByTopic(reader, (_, topic) => ({
      topic,
      partition: reader.readInt32(),
      errorCode: reader.readInt16(),
      timestamp: reader.readInt64(),
      offset: reader.readInt64(),
      leaderEpoch: reader.readInt32(),
    })),
  }
}

export const listOffsetsApi: KafkaApi<ListOffsetsRequest, ListOffsetsResponse> = {
  apiKey: 2,
  apiVersion: 5,
  apiName: 'ListOffsets',
  encode: encodeListOffsetsRequest,
  decode: decodeListOffsetsResponse,
}
