import type { BrokerAddress, SaslConfig } from '../client/KafkaConfig.js'
import { KafkaError } from '../client/KafkaError.js'
import { errorCode } from '../protocol/errorCodes.js'
import { apiVersionsApi } from '../protocol/requests/apiVersions.js'
import { newestSpoken, type SpokenVersions } from '../protocol/newestSpoken.js'
import { saslAuthenticateApi } from '../protocol/requests/saslAuthenticate.js'
import { saslHandshakeApi } from '../protocol/requests/saslHandshake.js'
import type { BrokerSocket } from './BrokerSocket.js'
import { MAX_LOGIN_RESPONSE_BYTES } from './responseLimits.js'
import { login, type SetUpProgress } from './login.js'

/** What is known of a connection when it is set up. */
export interface SetUp {
  readonly versions: SpokenVersions
  /** ms that the session of the login lasts; 0: as long as the connection */
  readonly sessionLifetimeMs: number
}

/** From the socket to the login. */
export const setUpConnection = async (
  socket: Pick<BrokerSocket, 'connect' | 'exchange'>,
  sasl: SaslConfig | undefined,
  address: BrokerAddress,
  progress: SetUpProgress,
): Promise<SetUp> => {
  const broker = `${address.host}:${address.port}`
  await socket.connect()
  const answer = await socket.exchange(apiVersionsApi, undefined, { maxResponseBytes: MAX_LOGIN_RESPONSE_BYTES })
  if (answer.errorCode !== 0) throw tooOld(broker, answer.errorCode)
  const versions = new Map(answer.apis.map((range) => [range.apiKey, range]))
  if (sasl === undefined) return { versions, sessionLifetimeMs: 0 }
  newestSpoken(broker, versions, saslHandshakeApi)
  newestSpoken(broker, versions, saslAuthenticateApi)
  return { versions, sessionLifetimeMs: await login(socket, sasl, address, progress) }
}

const tooOld = (broker: string, code: number): KafkaError =>
  new KafkaError({
    _tag: 'Unsupported',
    code,
    codeName: errorCode(code).name,
    api: apiVersionsApi.apiName,
    message: `Broker ${broker} answered ${errorCode(code).name} (${code}) to ApiVersions, version ${apiVersionsApi.apiVersion}. Use Kafka 2.3 or newer.`,
  })
