import { ByteReader } from '../ByteReader.js'
import { ByteWriter } from '../ByteWriter.js'
import type { KafkaApi } from './KafkaApi.js'

export interface ListTransactionsRequest {
  /** `Ongoing`, `PrepareCommit`, …; empty asks for all */
  readonly states: readonly string[]
  /** empty asks for all */
  readonly producerIds?: readonly bigint[]
}

export interface ListedTransaction {
  readonly transactionalId: string
  readonly producerId: bigint
  /** by Kafka's name */
  readonly state: string
}

export interface ListTransactionsResponse {
  readonly throttleTimeMs: number
  readonly errorCode: number
  readonly unknownStates: readonly string[]
  readonly transactions: readonly ListedTransaction[]
}

/**
 * ListTransactions Request (Version: 0) => [state_filters] [producer_id_filters] TAG_BUFFER
 *   state_filters => COMPACT_STRING
 *   producer_id_filters => INT64
 *
 * Flexible from its first version, so the header's TAG_BUFFER comes first. Every broker lists only the transactions it
 * coordinates: ask all of them (KIP-664).
 */
export const encodeListTransactionsRequest = ({ states, producerIds = [] }: ListTransactionsRequest): Buffer =>
  new ByteWriter()
    .writeNoTaggedFields()
    .writeCompactArray(states, (writer, state) => writer.writeCompactString(state))
    .writeCompactArray(producerIds, (writer, producerId) => writer.writeBigInt64(producerId))
    .writeNoTaggedFields()
    .toBuffer()

/**
 * ListTransactions Response (Version: 0) => throttle_time_ms error_code [unknown_state_filters] [transaction_states] TAG_BUFFER
 *   throttle_time_ms => INT32
 *   error_code => INT16
 *   unknown_state_filters => COMPACT_STRING
 *   transaction_states => transactional_id producer_id transaction_state TAG_BUFFER
 *     transactional_id => COMPACT_STRING
 *     producer_id => INT64
 *     transaction_state => COMPACT_STRING
 */
export const decodeListTransactionsResponse = (body: Buffer): ListTransactionsResponse => {
  const reader = new ByteReader(body, 'ListTransactions response')
  reader.skipTaggedFields()
  return {
    throttleTimeMs: reader.readInt32(),
    errorCode: reader.readInt16(),
    unknownStates: reader.readCompactArray(() => reader.readCompactString()),
    transactions: reader.readCompactArray(() => {
      const listing = {
        transactionalId: reader.readCompactString(),
        producerId: reader.readBigInt64(),
        state: reader.readCompactString(),
      }
      reader.skipTaggedFields()
      return listing
    }),
  }
}

export const listTransactionsApi: KafkaApi<ListTransactionsRequest, ListTransactionsResponse> = {
  apiKey: 66,
  apiVersion: 0,
  apiName: 'ListTransactions',
  advice: 'Use Kafka 3.0 or newer.',
  encode: encodeListTransactionsRequest,
  decode: decodeListTransactionsResponse,
}
