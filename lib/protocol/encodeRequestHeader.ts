import type { KafkaApi } from './requests/KafkaApi.js'

/**
 * What stands before a request body.
 *
 * ```
 * size => INT32                  of all that follows
 * api_key => INT16
 * api_version => INT16
 * correlation_id => INT32
 * client_id => NULLABLE_STRING
 * ```
 */
export const encodeRequestHeader = (
  api: Pick<KafkaApi<never, unknown>, 'apiKey' | 'apiVersion'>,
  correlationId: number,
  clientId: Buffer,
  bodySize: number,
): Buffer => {
  const header = Buffer.allocUnsafe(14 + clientId.length)
  header.writeInt32BE(header.length - 4 + bodySize, 0)
  header.writeInt16BE(api.apiKey, 4)
  header.writeInt16BE(api.apiVersion, 6)
  header.writeInt32BE(correlationId, 8)
  header.writeInt16BE(clientId.length, 12)
  clientId.copy(header, 14)
  return header
}
