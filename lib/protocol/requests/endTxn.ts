import { ByteReader } from '../ByteReader.js'
import { ByteWriter } from '../ByteWriter.js'
import type { KafkaApi } from './KafkaApi.js'

export interface EndTxnRequest {
  readonly transactionalId: string
  readonly producerId: bigint
  readonly producerEpoch: number
  /** true commits, false aborts */
  readonly committed: boolean
}

export interface EndTxnResponse {
  readonly throttleTimeMs: number
  readonly errorCode: number
}

/**
 * EndTxn Request (Version: 1) => transactional_id producer_id producer_epoch committed
 *   transactional_id => STRING
 *   producer_id => INT64
 *   producer_epoch => INT16
 *   committed => BOOLEAN
 *
 * From version 5 on (KIP-890) the broker bumps the epoch at every end, and a repeated commit could no longer be told from a
 * lost transaction. Version 1 answers: committed before → NONE; aborted before → INVALID_TXN_STATE; expired or fenced →
 * INVALID_PRODUCER_EPOCH; unknown producer id → INVALID_PRODUCER_ID_MAPPING.
 */
export const encodeEndTxnRequest = (request: EndTxnRequest): Buffer =>
  new ByteWriter()
    .writeString(request.transactionalId)
    .writeBigInt64(request.producerId)
    .writeInt16(request.producerEpoch)
    .writeBoolean(request.committed)
    .toBuffer()

/**
 * EndTxn Response (Version: 1) => throttle_time_ms error_code
 *   throttle_time_ms => INT32
 *   error_code => INT16
 */
export const decodeEndTxnResponse = (body: Buffer): EndTxnResponse => {
  const reader = new ByteReader(body, 'EndTxn response')
  return { throttleTimeMs: reader.readInt32(), errorCode: reader.readInt16() }
}

export const endTxnApi: KafkaApi<EndTxnRequest, EndTxnResponse> = {
  apiKey: 26,
  apiVersion: 1,
  apiName: 'EndTxn',
  encode: encodeEndTxnRequest,
  decode: decodeEndTxnResponse,
}
