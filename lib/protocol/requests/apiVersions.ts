import { ByteReader } from '../ByteReader.js'
import { ByteWriter } from '../ByteWriter.js'
import type { KafkaApi } from './KafkaApi.js'

/** The versions of one API that a broker speaks. */
export interface ApiVersionRange {
  readonly apiKey: number
  readonly minVersion: number
  readonly maxVersion: number
}

export interface ApiVersionsResponse {
  readonly errorCode: number
  readonly apis: readonly ApiVersionRange[]
  readonly throttleTimeMs: number
}

/**
 * ApiVersions Response (Version: 2) => error_code [api_keys] throttle_time_ms
 *   error_code => INT16
 *   api_keys => api_key min_version max_version
 *     api_key => INT16
 *     min_version => INT16
 *     max_version => INT16
 *   throttle_time_ms => INT32
 *
 * The request is empty. To a version that it does not speak, a broker answers in version 0, which ends before the throttle time.
 */
export const decodeApiVersionsResponse = (body: Buffer): ApiVersionsResponse => {
  const reader = new ByteReader(body, 'ApiVersions response')
  const errorCode = reader.readInt16()
  const apis = reader.readArray(() => ({
    apiKey: reader.readInt16(),
    minVersion: reader.readInt16(),
    maxVersion: reader.readInt16(),
  }))
  return { errorCode, apis, throttleTimeMs: errorCode === 0 ? reader.readInt32() : 0 }
}

export const apiVersionsApi: KafkaApi<void, ApiVersionsResponse> = {
  apiKey: 18,
  apiVersion: 2,
  apiName: 'ApiVersions',
  encode: () => new ByteWriter(0).toBuffer(),
  decode: decodeApiVersionsResponse,
}
