import { ByteReader } from '../ByteReader.js'
import { ByteWriter } from '../ByteWriter.js'
import type { KafkaApi } from './KafkaApi.js'

export interface InitProducerIdRequest {
  /** null for an idempotent producer without transactions */
  readonly transactionalId: string | null
  /** how long a transaction may stay open before the coordinator aborts it, ms */
  readonly transactionTimeoutMs: number
}

export interface InitProducerIdResponse {
  readonly throttleTimeMs: number
  readonly errorCode: number
  readonly producerId: bigint
  readonly producerEpoch: number
}

/**
 * InitProducerId Request (Version: 1) => transactional_id transaction_timeout_ms
 *   transactional_id => NULLABLE_STRING
 *   transaction_timeout_ms => INT32
 */
export const encodeInitProducerIdRequest = (request: InitProducerIdRequest): Buffer =>
  new ByteWriter().writeNullableString(request.transactionalId).writeInt32(request.transactionTimeoutMs).toBuffer()

/**
 * InitProducerId Response (Version: 1) => throttle_time_ms error_code producer_id producer_epoch
 *   throttle_time_ms => INT32
 *   error_code => INT16
 *   producer_id => INT64
 *   producer_epoch => INT16
 */
export const decodeInitProducerIdResponse = (body: Buffer): InitProducerIdResponse => {
  const reader = new ByteReader(body, 'InitProducerId response')
  return {
    throttleTimeMs: reader.readInt32(),
    errorCode: reader.readInt16(),
    producerId: reader.readBigInt64(),
    producerEpoch: reader.readInt16(),
  }
}

export const initProducerIdApi: KafkaApi<InitProducerIdRequest, InitProducerIdResponse> = {
  apiKey: 22,
  apiVersion: 1,
  apiName: 'InitProducerId',
  encode: encodeInitProducerIdRequest,
  decode: decodeInitProducerIdResponse,
}
