import { ByteReader } from '../ByteReader.js'
import { ByteWriter } from '../ByteWriter.js'
import type { KafkaApi } from './KafkaApi.js'

export interface DescribeBrokerConfigsRequest {
  readonly nodeId: number
  /** `transaction.max.timeout.ms`, … */
  readonly names: readonly string[]
}

export interface DescribedConfigs {
  readonly errorCode: number
  readonly errorMessage: string | null
  readonly entries: readonly { readonly name: string; readonly value: string | null }[]
}

export interface DescribeConfigsResponse {
  readonly throttleTimeMs: number
  readonly results: readonly DescribedConfigs[]
}

/**
 * DescribeConfigs Request (Version: 1) => [resources] include_synonyms
 *   resources => resource_type resource_name [configuration_keys]
 *     resource_type => INT8          4: a broker
 *     resource_name => STRING        its node id
 *     configuration_keys => STRING
 *   include_synonyms => BOOLEAN
 */
export const encodeDescribeConfigsRequest = ({ nodeId, names }: DescribeBrokerConfigsRequest): Buffer =>
  new ByteWriter()
    .writeArray([nodeId], (writer) =>
      writer
        .writeInt8(BROKER)
        .writeString(String(nodeId))
        .writeArray(names, (_, name) => writer.writeString(name)),
    )
    .writeBoolean(false)
    .toBuffer()

const BROKER = 4

/**
 * DescribeConfigs Response (Version: 1) => throttle_time_ms [results]
 *   throttle_time_ms => INT32
 *   results => error_code error_message resource_type resource_name [configs]
 *     error_code => INT16
 *     error_message => NULLABLE_STRING
 *     resource_type => INT8
 *     resource_name => STRING
 *     configs => name value read_only config_source is_sensitive [synonyms]
 *       name => STRING
 *       value => NULLABLE_STRING
 *       read_only => BOOLEAN
 *       config_source => INT8
 *       is_sensitive => BOOLEAN
 *       synonyms => name value source
 *         name => STRING
 *         value => NULLABLE_STRING
 *         source => INT8
 */
export const decodeDescribeConfigsResponse = (body: Buffer): DescribeConfigsResponse => {
  const reader = new ByteReader(body, 'DescribeConfigs response')
  return {
    throttleTimeMs: reader.readInt32(),
    results: reader.readArray(() => {
      const [errorCode, errorMessage] = [reader.readInt16(), reader.readNullableString()]
      reader.readInt8()
      reader.readString()
      return { errorCode, errorMessage, entries: reader.readNullableArray(() => readEntry(reader)) }
    }),
  }
}

const readEntry = (reader: ByteReader): DescribedConfigs['entries'][number] => {
  const entry = { name: reader.readString(), value: reader.readNullableString() }
  reader.readBoolean()
  reader.readInt8()
  reader.readBoolean()
  reader.readNullableArray(() => {
    reader.readString()
    reader.readNullableString()
    reader.readInt8()
  })
  return entry
}

export const describeConfigsApi: KafkaApi<DescribeBrokerConfigsRequest, DescribeConfigsResponse> = {
  apiKey: 32,
  apiVersion: 1,
  apiName: 'DescribeConfigs',
  encode: encodeDescribeConfigsRequest,
  decode: decodeDescribeConfigsResponse,
}
