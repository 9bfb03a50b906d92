/**
 * The only file that requires `kafkajs/src/**`.
 *
 * kafkajs 2.2.4 has no `exports` map, is frozen, and its public API hides what we need: single connections. We take its
 * sockets, TLS, SASL, framing, throttling and the request definitions of the admin calls, typed here as far as we use
 * them. Another version may differ in any line of it, so it is refused when this file is loaded.
 */
import type { Socket } from 'node:net'
import manifest from 'kafkajs/package.json' with { type: 'json' }
// @ts-expect-error kafkajs has no types for its sources
import ConnectionClass from 'kafkajs/src/network/connection.js'
// @ts-expect-error kafkajs has no types for its sources
import socketFactory from 'kafkajs/src/network/socketFactory.js'
// @ts-expect-error kafkajs has no types for its sources
import apiKeysByName from 'kafkajs/src/protocol/requests/apiKeys.js'
// @ts-expect-error kafkajs has no types for its sources
import requestDefinitions from 'kafkajs/src/protocol/requests/index.js'
import { KafkaError } from '../client/KafkaError.js'

const knownVersion = '2.2.4'

/** @throws KafkaError `Unsupported` for any version of kafkajs but the one that was read line by line */
export const refuseOtherVersions = (version: string): void => {
  if (version === knownVersion) return
  throw new KafkaError({
    _tag: 'Unsupported',
    message:
      `kafkajs ${version} is installed, but rx-kafka builds on the sources of kafkajs ${knownVersion}. ` +
      `Install kafkajs@${knownVersion}; look for a second copy if that one is in your package.json.`,
  })
}

refuseOtherVersions(manifest.version)

export interface KafkaJsLogger {
  namespace(name: string): KafkaJsLogger
  debug(message: string, extra?: object): void
  info(message: string, extra?: object): void
  warn(message: string, extra?: object): void
  error(message: string, extra?: object): void
}

export interface KafkaJsSasl {
  readonly mechanism: string
  readonly username?: string
  readonly password?: string
  readonly oauthBearerProvider?: () => Promise<{ readonly value: string }>
}

export interface ConnectionOptions {
  readonly host: string
  readonly port: number
  readonly clientId: string
  readonly ssl: object | null
  readonly sasl: KafkaJsSasl | null
  readonly connectionTimeout: number
  readonly requestTimeout: number
  readonly enforceRequestTimeout: boolean
  readonly logger: KafkaJsLogger
}

/** The versions of each API, by API key, that a broker speaks. */
export type ApiVersions = Readonly<Record<number, { readonly minVersion: number; readonly maxVersion: number }>>

export interface QueuedRequest {
  readonly entry: {
    readonly apiKey: number
    readonly apiName: string
    readonly apiVersion: number
    readonly correlationId: number
    readonly resolve: (answer: { readonly payload: Buffer | null }) => void
    readonly reject: (error: unknown) => void
  }
  readonly expectResponse: boolean
  readonly sendRequest: () => void
}

export interface RequestQueue {
  readonly inflight: ReadonlyMap<number, unknown>
  readonly pending: readonly unknown[]
  push(request: QueuedRequest): void
  maybeThrottle(ms: number): void
  scheduleCheckPendingRequests(): void
  waitForPendingRequests(): Promise<void>
  destroy(): void
}

/** A request and its response as kafkajs defines them. */
export interface ProtocolCall<R> {
  readonly request: {
    readonly apiKey: number
    readonly apiVersion: number
    readonly apiName: string
    encode(): Promise<{ readonly buffer: Buffer }>
  }
  readonly response: { decode(payload: Buffer): Promise<unknown>; parse(decoded: unknown): Promise<R> }
}

/** One socket to one broker. */
export interface Connection {
  readonly host: string
  readonly port: number
  readonly socket: Socket | undefined
  readonly requestQueue: RequestQueue
  connect(): Promise<unknown>
  authenticate(): Promise<void>
  isConnected(): boolean
  isAuthenticated(): boolean
  setVersions(versions: ApiVersions): void
  setSupportAuthenticationProtocol(supported: boolean): void
  send<R>(call: ProtocolCall<R> & { readonly logResponseError?: boolean }): Promise<R>
  nextCorrelationId(): number
  rejectRequests(error: unknown): void
  disconnect(): Promise<unknown>
}

const KafkaJsConnection = ConnectionClass as new (options: ConnectionOptions & { socketFactory: unknown }) => Connection
const newSocketFactory = socketFactory as () => unknown

export const createConnection = (options: ConnectionOptions): Connection =>
  tameTimers(new KafkaJsConnection({ ...options, socketFactory: newSocketFactory() }))

/**
 * kafkajs asks every millisecond, on every connection and for ever, whether a throttled request may go now. Only ask when
 * one waits.
 */
const tameTimers = (connection: Connection): Connection => {
  const queue = connection.requestQueue
  const schedule = queue.scheduleCheckPendingRequests.bind(queue)
  queue.scheduleCheckPendingRequests = () => {
    if (queue.pending.length > 0) schedule()
  }
  return connection
}

interface RequestDefinition {
  readonly versions: readonly string[]
  protocol(options: { readonly version: number }): (fields: object) => ProtocolCall<unknown>
}

/** The APIs that are sent as kafkajs defines them; the others have codecs of ours. */
export type KafkaJsApi = 'ApiVersions' | 'CreateTopics' | 'DeleteTopics' | 'CreatePartitions' | 'DescribeConfigs'

const { requests: definitions } = requestDefinitions as {
  readonly requests: Readonly<Record<KafkaJsApi, RequestDefinition>>
}
export const apiKeys = apiKeysByName as Readonly<Record<KafkaJsApi | 'SaslAuthenticate', number>>

/** The versions of an API that kafkajs can speak, best first. */
export const implementedVersions = (api: KafkaJsApi): readonly number[] =>
  definitions[api].versions.map(Number).sort((a, b) => b - a)

export const protocolCall = <R>(api: KafkaJsApi, version: number, fields: object): ProtocolCall<R> =>
  definitions[api].protocol({ version })(fields) as ProtocolCall<R>
