/**
 * The only file that requires `kafkajs/src/**`.
 *
 * kafkajs 2.2.4 has no `exports` map, is frozen, and its public API hides what we need: single connections. We take its
 * sockets, with TLS, and its queue of requests, with throttling, typed here as far as we use them. What a peer sends is read by
 * code of ours alone: kafkajs throws inside the listener of the socket at a frame that is too short, and its decoders run for
 * minutes over a length that is negative. Another version may differ in any line of it, so it is refused when this file is
 * loaded.
 */
import type { Socket } from 'node:net'
import manifest from 'kafkajs/package.json' with { type: 'json' }
// @ts-expect-error kafkajs has no types for its sources
import ConnectionClass from 'kafkajs/src/network/connection.js'
// @ts-expect-error kafkajs has no types for its sources
import socketFactory from 'kafkajs/src/network/socketFactory.js'
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

export interface ConnectionOptions {
  readonly host: string
  readonly port: number
  readonly clientId: string
  readonly ssl: object | null
  readonly connectionTimeout: number
  readonly requestTimeout: number
  readonly enforceRequestTimeout: boolean
  readonly logger: KafkaJsLogger
}

export interface QueuedRequest {
  readonly entry: {
    readonly apiKey: number
    readonly apiName: string
    readonly apiVersion: number
    readonly correlationId: number
    /** ours: kafkajs hands the entry through */
    readonly maxBytes: number
    readonly resolve: (answer: { readonly payload: Buffer | null }) => void
    readonly reject: (error: unknown) => void
  }
  readonly expectResponse: boolean
  readonly sendRequest: () => void
}

export interface RequestQueue {
  /** by correlation id, in the order in which they left */
  readonly inflight: ReadonlyMap<number, Pick<QueuedRequest, 'entry'>>
  readonly pending: readonly unknown[]
  push(request: QueuedRequest): void
  fulfillRequest(response: { readonly correlationId: number; readonly payload: Buffer; readonly size: number }): void
  maybeThrottle(ms: number): void
  scheduleCheckPendingRequests(): void
  waitForPendingRequests(): Promise<void>
  destroy(): void
}

/** One socket to one broker. */
export interface Connection {
  readonly socket: Socket | undefined
  readonly requestQueue: RequestQueue
  /** called with what the socket received */
  processData: (chunk: Buffer) => void
  connect(): Promise<unknown>
  isConnected(): boolean
  nextCorrelationId(): number
  rejectRequests(error: unknown): void
}

const KafkaJsConnection = ConnectionClass as new (options: ConnectionOptions & { socketFactory: unknown }) => Connection
const newSocketFactory = socketFactory as () => unknown

/** @param onData takes what the socket receives, in the place of kafkajs's own framing; must not throw */
export const createConnection = (options: ConnectionOptions, onData: (chunk: Buffer) => void): Connection => {
  const connection = new KafkaJsConnection({ ...options, socketFactory: newSocketFactory() })
  connection.processData = onData
  return tameTimers(connection)
}

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
