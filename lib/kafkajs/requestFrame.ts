import type { KafkaApi } from './KafkaApi.js'

/** A request body: one buffer, or several that are written one after the other without being copied together. */
export type RequestBody = Uint8Array | readonly Uint8Array[]

export const bodyParts = (body: RequestBody): readonly Uint8Array[] => (body instanceof Uint8Array ? [body] : body)

/**
 * What stands before a request body.
 *
 * ```
 * size => INT32                  of all that follows
 * api_key => INT16
 * api_version => INT16
 * correlation_id => INT32
 * client_id => NULLABLE_STRING
 * tagged_fields                  flexible versions only; we have none
 * ```
 */
export const encodeRequestHeader = (
  api: KafkaApi,
  correlationId: number,
  clientId: Buffer,
  bodySize: number,
): Buffer => {
  const header = Buffer.allocUnsafe(14 + clientId.length + (api.flexible === true ? 1 : 0))
  header.writeInt32BE(header.length - 4 + bodySize, 0)
  header.writeInt16BE(api.apiKey, 4)
  header.writeInt16BE(api.apiVersion, 6)
  header.writeInt32BE(correlationId, 8)
  header.writeInt16BE(clientId.length, 12)
  clientId.copy(header, 14)
  if (api.flexible === true) header.writeUInt8(0, 14 + clientId.length)
  return header
}

/** The body of a response whose correlation id is read already: flexible ones have tagged fields before it. */
export const responseBody = (api: KafkaApi, payload: Buffer): Buffer => {
  if (api.flexible !== true) return payload
  if (payload[0] === 0) return payload.subarray(1)
  let at = 0
  const varint = (): number => {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = payload.readUInt8(at++)
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
  }
  for (let fields = varint(); fields > 0; fields--) {
    varint()
    const size = varint()
    at += size
  }
  return payload.subarray(at)
}
