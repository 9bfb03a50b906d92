import { ByteReader } from '../ByteReader.js'
import { ByteWriter } from '../ByteWriter.js'
import type { KafkaApi } from './KafkaApi.js'

export interface FindCoordinatorsRequest {
  /** group ids or transactional ids, all of one kind */
  readonly keys: readonly string[]
  readonly type: 'group' | 'transaction'
}

export interface FoundCoordinator {
  readonly key: string
  readonly nodeId: number
  readonly errorCode: number
  readonly errorMessage: string | null
}

export interface FindCoordinatorsResponse {
  readonly throttleTimeMs: number
  readonly coordinators: readonly FoundCoordinator[]
}

/**
 * FindCoordinator Request (Version: 4) => key_type [coordinator_keys] TAG_BUFFER
 *   key_type => INT8
 *   coordinator_keys => COMPACT_STRING
 *
 * Asks about many keys at once (KIP-699, Kafka 3.0). Flexible, so the header's TAG_BUFFER comes first.
 */
export const encodeFindCoordinatorsRequest = ({ keys, type }: FindCoordinatorsRequest): Buffer =>
  new ByteWriter()
    .writeNoTaggedFields()
    .writeInt8(type === 'group' ? 0 : 1)
    .writeCompactArray(keys, (writer, key) => writer.writeCompactString(key))
    .writeNoTaggedFields()
    .toBuffer()

/**
 * FindCoordinator Response (Version: 4) => throttle_time_ms [coordinators] TAG_BUFFER
 *   throttle_time_ms => INT32
 *   coordinators => key node_id host port error_code error_message TAG_BUFFER
 *     key => COMPACT_STRING
 *     node_id => INT32
 *     host => COMPACT_STRING
 *     port => INT32
 *     error_code => INT16
 *     error_message => COMPACT_NULLABLE_STRING
 */
export const decodeFindCoordinatorsResponse = (body: Buffer): FindCoordinatorsResponse => {
  const reader = new ByteReader(body, 'FindCoordinator response')
  reader.skipTaggedFields()
  const answer = {
    throttleTimeMs: reader.readInt32(),
    coordinators: reader.readCompactArray(() => {
      const key = reader.readCompactString()
      const nodeId = reader.readInt32()
      reader.readCompactString()
      reader.readInt32()
      const found = { key, nodeId, errorCode: reader.readInt16(), errorMessage: reader.readCompactNullableString() }
      reader.skipTaggedFields()
      return found
    }),
  }
  reader.skipTaggedFields()
  return answer
}

export const findCoordinatorsApi: KafkaApi<FindCoordinatorsRequest, FindCoordinatorsResponse> = {
  apiKey: 10,
  apiVersion: 4,
  apiName: 'FindCoordinator',
  encode: encodeFindCoordinatorsRequest,
  decode: decodeFindCoordinatorsResponse,
}
