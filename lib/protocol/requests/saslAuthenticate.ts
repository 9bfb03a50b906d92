import { ByteReader } from '../ByteReader.js'
import { ByteWriter } from '../ByteWriter.js'
import type { KafkaApi } from './KafkaApi.js'

export interface SaslAuthenticateRequest {
  /** of the mechanism: what the client says */
  readonly authBytes: Buffer
}

export interface SaslAuthenticateResponse {
  readonly errorCode: number
  readonly errorMessage: string | null
  /** of the mechanism: what the server says */
  readonly authBytes: Buffer
  /** ms until the broker closes the connection unless it logs in again (KIP-368); 0: never */
  readonly sessionLifetimeMs: number
}

/**
 * SaslAuthenticate Request (Version: 1) => auth_bytes
 *   auth_bytes => BYTES
 */
export const encodeSaslAuthenticateRequest = ({ authBytes }: SaslAuthenticateRequest): Buffer =>
  new ByteWriter().writeBytes(authBytes).toBuffer()

/**
 * SaslAuthenticate Response (Version: 1) => error_code error_message auth_bytes session_lifetime_ms
 *   error_code => INT16
 *   error_message => NULLABLE_STRING
 *   auth_bytes => BYTES
 *   session_lifetime_ms => INT64
 */
export const decodeSaslAuthenticateResponse = (body: Buffer): SaslAuthenticateResponse => {
  const reader = new ByteReader(body, 'SaslAuthenticate response')
  return {
    errorCode: reader.readInt16(),
    errorMessage: reader.readNullableString(),
    authBytes: reader.readBytes(),
    sessionLifetimeMs: reader.readInt64(),
  }
}

export const saslAuthenticateApi: KafkaApi<SaslAuthenticateRequest, SaslAuthenticateResponse> = {
  apiKey: 36,
  apiVersion: 1,
  apiName: 'SaslAuthenticate',
  encode: encodeSaslAuthenticateRequest,
  decode: decodeSaslAuthenticateResponse,
}
