import type { KafkaError } from '../client/KafkaError.js'
import { apiKeys, type ApiVersions, type Connection, implementedVersions, protocolCall } from './internals.js'

/** From the socket to the login; the versions that the broker speaks. */
export const setUpConnection = async (connection: Connection, onSocketOpen: () => void): Promise<ApiVersions> => {
  await connection.connect()
  onSocketOpen()
  const versions = await askVersions(connection)
  connection.setVersions(versions)
  connection.setSupportAuthenticationProtocol(versions[apiKeys.SaslAuthenticate] !== undefined)
  await connection.authenticate()
  return versions
}

/** The socket is open, as far as this side can know. */
export const isUsable = (connection: Connection): boolean =>
  connection.isConnected() && connection.socket?.destroyed === false

/** Ends a connection for good. An error on the socket is what ends kafkajs's wait for a connect, and its timer. */
export const dropConnection = (connection: Connection, error: KafkaError): void => {
  connection.rejectRequests(error)
  connection.requestQueue.destroy()
  const { socket } = connection
  if (socket === undefined || socket.destroyed) return
  socket.destroy(connection.isConnected() ? undefined : error)
}

const askVersions = async (connection: Connection): Promise<ApiVersions> => {
  const [best, ...older] = implementedVersions('ApiVersions')
  const ask = (version: number): Promise<VersionsAnswer> =>
    connection.send({ ...protocolCall<VersionsAnswer>('ApiVersions', version, {}), logResponseError: false })
  const answer = await older.reduce(
    (asked, version) =>
      asked.catch((error: unknown) => {
        if (isUnsupportedVersion(error)) return ask(version)
        throw error
      }),
    ask(best ?? 0),
  )
  return Object.fromEntries(answer.apiVersions.map(({ apiKey, ...range }) => [apiKey, range]))
}

interface VersionsAnswer {
  readonly apiVersions: readonly { readonly apiKey: number; readonly minVersion: number; readonly maxVersion: number }[]
}

const isUnsupportedVersion = (error: unknown): boolean => (error as { readonly code?: unknown }).code === 35
