import type { BrokerAddress, SaslConfig } from '../client/KafkaConfig.js'
import { KafkaError, type KafkaErrorInfo } from '../client/KafkaError.js'
import { ErrorCodes, errorCode } from '../protocol/errorCodes.js'
import { saslAuthenticateApi, type SaslAuthenticateResponse } from '../protocol/requests/saslAuthenticate.js'
import { saslHandshakeApi } from '../protocol/requests/saslHandshake.js'
import { guardedSession, SaslFailure } from '../sasl/guardedSession.js'
import { beginSession } from '../sasl/mechanisms.js'
import type { BrokerSocket } from './BrokerSocket.js'
import { MAX_LOGIN_RESPONSE_BYTES } from './responseLimits.js'

/** Messages of one login: SCRAM takes two, a refused token two as well, Kerberos up to four; what goes on after so many never ends. */
const MAX_ROUNDS = 16

/** Who is waited for while a connection is set up: its time-out says so. */
export interface SetUpProgress {
  /** aborted, with the reason, when the connection is given up: a mechanism that is waited for fails then */
  readonly signal: AbortSignal
  mechanismActs: boolean
}

/**
 * Logs in: SaslHandshake, then SaslAuthenticate as often as the mechanism needs (KIP-152).
 *
 * @returns ms that the session lasts (KIP-368); 0: as long as the connection
 * @throws KafkaError `Authentication` when the broker refuses us, says what the mechanism does not allow, or the mechanism fails
 */
export const login = async (
  socket: Pick<BrokerSocket, 'exchange'>,
  sasl: SaslConfig,
  { host, port }: BrokerAddress,
  progress: SetUpProgress,
): Promise<number> => {
  const { mechanism } = sasl
  const { signal } = progress
  const options = { maxResponseBytes: MAX_LOGIN_RESPONSE_BYTES }
  const fail = (problem: string, facts: Partial<KafkaErrorInfo> = {}): KafkaError =>
    new KafkaError({
      ...facts,
      _tag: 'Authentication',
      message: `Login to broker ${host}:${port} by ${mechanism} failed: ${problem}`,
    })

  const handshake = await socket.exchange(saslHandshakeApi, { mechanism }, options)
  if (handshake.errorCode !== 0)
    throw fail(refusedHandshake(handshake.errorCode, handshake.mechanisms), factsOf(handshake.errorCode))

  const session = guardedSession(() => beginSession(sasl, { host, port, signal }), signal)
  try {
    let challenge: Buffer = Buffer.alloc(0)
    let sessionLifetimeMs = 0
    for (let round = 0; round <= MAX_ROUNDS; round++) {
      progress.mechanismActs = true
      const { done, value: authBytes } = await session.next(challenge)
      progress.mechanismActs = false
      if (done === true) return sessionLifetimeMs
      const answer = await socket.exchange(saslAuthenticateApi, { authBytes }, options)
      if (answer.errorCode !== 0) throw fail(refusedLogin(answer), factsOf(answer.errorCode))
      challenge = answer.authBytes
      sessionLifetimeMs = Math.max(0, answer.sessionLifetimeMs)
    }
    throw fail(`the broker still goes on after ${MAX_ROUNDS} rounds.`)
  } catch (error) {
    if (!(error instanceof SaslFailure)) throw error
    throw fail(error.message, { retriable: error.retriable, cause: error.cause })
  } finally {
    void session.return()
  }
}

const factsOf = (code: number) => {
  const { name, retry } = errorCode(code)
  return { code, codeName: name, retriable: retry !== 'no' }
}

const refusedHandshake = (code: number, mechanisms: readonly string[]): string => {
  if (code === ErrorCodes.UNSUPPORTED_SASL_MECHANISM)
    return `the listener does not offer it. It offers ${mechanisms.map(shown).join(', ') || 'none'}: set sasl.mechanism to one of them, or use another port.`
  if (code === ErrorCodes.ILLEGAL_SASL_STATE)
    return 'the listener expects no login. Use the port of a SASL listener, or set security.protocol to PLAINTEXT or SSL.'
  return `the broker answered ${errorCode(code).name} (${code}) to SaslHandshake.`
}

const refusedLogin = ({ errorCode: code, errorMessage }: SaslAuthenticateResponse): string =>
  `the broker answered ${errorCode(code).name} (${code})${errorMessage === null || errorMessage === '' ? '' : `, ${shown(errorMessage)}`}. ` +
  'Check the user name, the password or the token (sasl.jaas.config).'

/** What a peer says, on one line and not too long. */
const shown = (text: string): string => JSON.stringify(text.slice(0, 200))
