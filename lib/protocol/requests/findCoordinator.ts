import { ByteReader } from '../ByteReader.js'
import { ByteWriter } from '../ByteWriter.js'
import type { KafkaApi } from './KafkaApi.js'

export interface FindCoordinatorRequest {
  /** a group id or a transactional id */
  readonly key: string
  readonly type: 'group' | 'transaction'
}

export interface FindCoordinatorResponse {
  readonly throttleTimeMs: number
  readonly errorCode: number
  readonly errorMessage: string | null
  readonly nodeId: number
  readonly host: string
  readonly port: number
}

/**
 * FindCoordinator Request (Version: 2) => key key_type
 *   key => STRING
 *   key_type => INT8
 */
export const encodeFindCoordinatorRequest = ({ key, type }: FindCoordinatorRequest): Buffer =>
  new ByteWriter()
    .writeString(key)
    .writeInt8(type === 'group' ? 0 : 1)
    .toBuffer()

/**
 * FindCoordinator Response (Version: 2) => throttle_time_ms error_code error_message node_id host port
 *   throttle_time_ms => INT32
 *   error_code => INT16
 *   error_message => NULLABLE_STRING
 *   node_id => INT32
 *   host => STRING
 *   port => INT32
 */
export const decodeFindCoordinatorResponse = (body: Buffer): FindCoordinatorResponse => {
  const reader = new ByteReader(body, 'FindCoordinator response')
  return {
    throttleTimeMs: reader.readInt32(),
    errorCode: reader.readInt16(),
    errorMessage: reader.readNullableString(),
    nodeId: reader.readInt32(),
    host: reader.readString(),
    port: reader.readInt32(),
  }
}

export const findCoordinatorApi: KafkaApi<FindCoordinatorRequest, FindCoordinatorResponse> = {
  apiKey: 10,
  apiVersion: 2,
  apiName: 'FindCoordinator',
  encode: encodeFindCoordinatorRequest,
  decode: decodeFindCoordinatorResponse,
}
