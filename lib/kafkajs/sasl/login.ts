import type { SaslConfig } from '../../client/KafkaConfig.js'
import { KafkaError } from '../../client/KafkaError.js'
import { errorCode } from '../../protocol/errorCodes.js'
import { saslAuthenticateApi, type SaslAuthenticateResponse } from '../../protocol/requests/saslAuthenticate.js'
import { saslHandshakeApi } from '../../protocol/requests/saslHandshake.js'
import type { BrokerSocket } from '../BrokerSocket.js'
import { MAX_LOGIN_RESPONSE_BYTES } from '../responseLimits.js'
import { saslClientFor } from './saslClientFor.js'
import { ScramFailure } from './scram.js'

/** Of a login: SCRAM takes two, and a refused token two as well. */
const MAX_ROUNDS = 4

const UNSUPPORTED_SASL_MECHANISM = 33
const ILLEGAL_SASL_STATE = 34

/**
 * Logs in: SaslHandshake, then SaslAuthenticate as often as the mechanism needs (KIP-152).
 *
 * @param broker host:port, for errors
 * @returns ms that the session lasts (KIP-368); 0: as long as the connection
 * @throws KafkaError `Authentication` when the broker refuses us, or says what the mechanism does not allow
 */
export const login = async (
  socket: Pick<BrokerSocket, 'exchange'>,
  sasl: SaslConfig,
  broker: string,
): Promise<number> => {
  const { mechanism } = sasl
  const options = { maxResponseBytes: MAX_LOGIN_RESPONSE_BYTES }
  const fail = (problem: string, code?: number): KafkaError =>
    new KafkaError({
      _tag: 'Authentication',
      message: `Login to broker ${broker} by ${mechanism} failed: ${problem}`,
      ...(code === undefined ? {} : factsOf(code)),
    })

  const handshake = await socket.exchange(saslHandshakeApi, { mechanism }, options)
  if (handshake.errorCode !== 0)
    throw fail(refusedHandshake(handshake.errorCode, handshake.mechanisms), handshake.errorCode)

  const say = async (authBytes: Buffer): Promise<SaslAuthenticateResponse> => {
    const answer = await socket.exchange(saslAuthenticateApi, { authBytes }, options)
    if (answer.errorCode !== 0) throw fail(refusedLogin(answer), answer.errorCode)
    return answer
  }

  const client = saslClientFor(sasl)
  let authBytes: Buffer | undefined = await client.start()
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const answer = await say(authBytes)
    try {
      authBytes = await client.next(answer.authBytes)
    } catch (error) {
      throw error instanceof ScramFailure ? fail(`the broker ${error.message}.`) : error
    }
    if (authBytes === undefined) return Math.max(0, answer.sessionLifetimeMs)
  }
  throw fail(`the broker still goes on after ${MAX_ROUNDS} rounds.`)
}

const factsOf = (code: number) => {
  const { name, retry } = errorCode(code)
  return { code, codeName: name, retriable: retry !== 'no' }
}

const refusedHandshake = (code: number, mechanisms: readonly string[]): string => {
  if (code === UNSUPPORTED_SASL_MECHANISM)
    return `the listener does not offer it. It offers ${mechanisms.map(shown).join(', ') || 'none'}: set sasl.mechanism to one of them, or use another port.`
  if (code === ILLEGAL_SASL_STATE)
    return 'the listener expects no login. Use the port of a SASL listener, or set security.protocol to PLAINTEXT or SSL.'
  return `the broker answered ${errorCode(code).name} (${code}) to SaslHandshake.`
}

const refusedLogin = ({ errorCode: code, errorMessage }: SaslAuthenticateResponse): string =>
  `the broker answered ${errorCode(code).name} (${code})${errorMessage === null || errorMessage === '' ? '' : `, ${shown(errorMessage)}`}. ` +
  'Check the user name, the password or the token (sasl.jaas.config).'

/** What a peer says, on one line and not too long. */
const shown = (text: string): string => JSON.stringify(text.slice(0, 200))
