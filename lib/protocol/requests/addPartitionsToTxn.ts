import { ByteReader } from '../ByteReader.js'
import { ByteWriter } from '../ByteWriter.js'
import { readByTopic, writeByTopic } from './byTopic.js'
import type { KafkaApi } from './KafkaApi.js'

export interface AddPartitionsToTxnRequest {
  readonly transactionalId: string
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly partitions: readonly { readonly topic: string; readonly partition: number }[]
}

export interface AddPartitionsToTxnResponse {
  readonly throttleTimeMs: number
  readonly partitions: readonly { readonly topic: string; readonly partition: number; readonly errorCode: number }[]
}

/**
 * AddPartitionsToTxn Request (Version: 2) => transactional_id producer_id producer_epoch [topics]
 *   transactional_id => STRING
 *   producer_id => INT64
 *   producer_epoch => INT16
 *   topics => name [partitions]
 *     name => STRING
 *     partitions => INT32
 *
 * Version 2 tells PRODUCER_FENCED from INVALID_PRODUCER_EPOCH; from 4 on the API is for brokers only.
 */
export const encodeAddPartitionsToTxnRequest = (request: AddPartitionsToTxnRequest): Buffer => {
  const writer = new ByteWriter()
    .writeString(request.transactionalId)
    .writeBigInt64(request.producerId)
    .writeInt16(request.producerEpoch)
  return writeByTopic(writer, request.partitions, (_, { partition }) => writer.writeInt32(partition)).toBuffer()
}

/**
 * AddPartitionsToTxn Response (Version: 2) => throttle_time_ms [results]
 *   throttle_time_ms => INT32
 *   results => name [results]
 *     name => STRING
 *     results => partition_index error_code
 *       partition_index => INT32
 *       error_code => INT16
 */
export const decodeAddPartitionsToTxnResponse = (body: Buffer): AddPartitionsToTxnResponse => {
  const reader = new ByteReader(body, 'AddPartitionsToTxn response')
  return {
    throttleTimeMs: reader.readInt32(),
    partitions: readByTopic(reader, (_, topic) => ({
      topic,
      partition: reader.readInt32(),
      errorCode: reader.readInt16(),
    })),
  }
}

export const addPartitionsToTxnApi: KafkaApi<AddPartitionsToTxnRequest, AddPartitionsToTxnResponse> = {
  apiKey: 24,
  apiVersion: 2,
  apiName: 'AddPartitionsToTxn',
  encode: encodeAddPartitionsToTxnRequest,
  decode: decodeAddPartitionsToTxnResponse,
}
