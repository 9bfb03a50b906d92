import type { Offset } from '../../client/Offset.js'
import { ByteReader } from '../ByteReader.js'
import { ByteWriter } from '../ByteWriter.js'
import { readByTopic, writeByTopic } from './byTopic.js'
import type { KafkaApi } from './KafkaApi.js'

export interface AskedEpoch {
  readonly topic: string
  readonly partition: number
  /** as metadata told it, so that a stale leader refuses; -1 when unknown */
  readonly currentLeaderEpoch: number
  /** the epoch whose end is asked for */
  readonly leaderEpoch: number
}

export interface OffsetForLeaderEpochRequest {
  readonly partitions: readonly AskedEpoch[]
}

export interface EpochEnd {
  readonly topic: string
  readonly partition: number
  readonly errorCode: number
  /** the largest epoch of the log that is not above the one asked for; -1 when there is none */
  readonly leaderEpoch: number
  /** the first offset after that epoch, or the end of the log; -1 when there is no such epoch */
  readonly endOffset: Offset
}

export interface OffsetForLeaderEpochResponse {
  readonly throttleTimeMs: number
  readonly partitions: readonly EpochEnd[]
}

/**
 * Where an epoch ends in the leader's log (KIP-320): a position of that epoch that lies behind is no longer in the log.
 *
 * OffsetForLeaderEpoch Request (Version: 3) => replica_id [topics]
 *   replica_id => INT32
 *   topics => topic [partitions]
 *     topic => STRING
 *     partitions => partition current_leader_epoch leader_epoch
 *       partition => INT32
 *       current_leader_epoch => INT32
 *       leader_epoch => INT32
 */
export const encodeOffsetForLeaderEpochRequest = ({ partitions }: OffsetForLeaderEpochRequest): Buffer => {
  const writer = new ByteWriter(64 + partitions.length * 32).writeInt32(CONSUMER_REPLICA_ID)
  return writeByTopic(writer, partitions, (_, { partition, currentLeaderEpoch, leaderEpoch }) => {
    writer.writeInt32(partition).writeInt32(currentLeaderEpoch).writeInt32(leaderEpoch)
  }).toBuffer()
}

const CONSUMER_REPLICA_ID = -1

/**
 * OffsetForLeaderEpoch Response (Version: 3) => throttle_time_ms [topics]
 *   throttle_time_ms => INT32
 *   topics => topic [partitions]
 *     topic => STRING
 *     partitions => error_code partition leader_epoch end_offset
 *       error_code => INT16
 *       partition => INT32
 *       leader_epoch => INT32
 *       end_offset => INT64
 */
export const decodeOffsetForLeaderEpochResponse = (body: Buffer): OffsetForLeaderEpochResponse => {
  const reader = new ByteReader(body, 'OffsetForLeaderEpoch response')
  return {
    throttleTimeMs: reader.readInt32(),
    partitions: readByTopic(reader, (_, topic) => ({
      topic,
      errorCode: reader.readInt16(),
      partition: reader.readInt32(),
      leaderEpoch: reader.readInt32(),
      endOffset: reader.readInt64(),
    })),
  }
}

export const offsetForLeaderEpochApi: KafkaApi<OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse> = {
  apiKey: 23,
  apiVersion: 3,
  apiName: 'OffsetForLeaderEpoch',
  encode: encodeOffsetForLeaderEpochRequest,
  decode: decodeOffsetForLeaderEpochResponse,
}
