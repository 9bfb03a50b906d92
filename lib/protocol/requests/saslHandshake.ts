import { ByteReader } from '../ByteReader.js'
import { ByteWriter } from '../ByteWriter.js'
import type { KafkaApi } from './KafkaApi.js'

export interface SaslHandshakeRequest {
  readonly mechanism: string
}

export interface SaslHandshakeResponse {
  readonly errorCode: number
  /** what the listener offers */
  readonly mechanisms: readonly string[]
}

/**
 * SaslHandshake Request (Version: 1) => mechanism
 *   mechanism => STRING
 */
export const encodeSaslHandshakeRequest = ({ mechanism }: SaslHandshakeRequest): Buffer =>
  new ByteWriter().writeString(mechanism).toBuffer()

/**
 * SaslHandshake Response (Version: 1) => error_code [mechanisms]
 *   error_code => INT16
 *   mechanisms => STRING
 */
export const decodeSaslHandshakeResponse = (body: Buffer): SaslHandshakeResponse => {
  const reader = new ByteReader(body, 'SaslHandshake response')
  return { errorCode: reader.readInt16(), mechanisms: reader.readArray(() => reader.readString()) }
}

export const saslHandshakeApi: KafkaApi<SaslHandshakeRequest, SaslHandshakeResponse> = {
  apiKey: 17,
  apiVersion: 1,
  apiName: 'SaslHandshake',
  encode: encodeSaslHandshakeRequest,
  decode: decodeSaslHandshakeResponse,
}
