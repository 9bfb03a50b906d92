import { setTimeout as setTimeoutPromise } from 'node:timers/promises'
import type { BrokerAddress, KafkaConfig } from '../client/KafkaConfig.js'
import type { KafkaError } from '../client/KafkaError.js'
import type { ConnectionMetrics } from '../metrics/ConnectionMetrics.js'
import type { KafkaApi } from '../protocol/requests/KafkaApi.js'
import { connectionLost, requestOverdue, setupOverdue, unsupportedApi } from './connectionErrors.js'
import { encodeRequestHeader } from './encodeRequestHeader.js'
import {
  apiKeys,
  type ApiVersions,
  type Connection,
  createConnection,
  implementedVersions,
  type KafkaJsApi,
  type ProtocolCall,
  protocolCall,
} from './internals.js'
import { ReconnectBackoff } from './ReconnectBackoff.js'
import { dropConnection, isUsable, setUpConnection } from './setUpConnection.js'
import { toKafkaError } from './toKafkaError.js'
import { toKafkaJsConfig } from './toKafkaJsConfig.js'

export interface SendOptions {
  /** ms until the request is given up and the connection with it; default: `request.timeout.ms` */
  readonly timeoutMs?: number
  /** false when the broker sends none (produce with acks 0); the call then resolves with undefined once it is written */
  readonly expectResponse?: boolean
}

interface Opened {
  readonly connection: Connection
  readonly versions: ApiVersions
}

/**
 * A connection to one broker that opens when it is first needed, and again when it was lost.
 *
 * Requests leave in the order of the calls. A kafkajs `Connection` is used for one life of the socket only: its reconnect
 * can open two sockets at once, and takes a late connect after a time-out for success.
 *
 * An answer that is overdue costs the connection, as in Kafka's own client: a broker answers in order, so nothing behind
 * it can be answered either.
 */
export class BrokerConnection {
  readonly name: string
  private readonly clientId: Buffer
  private readonly closing = new AbortController()
  private readonly reconnects: ReconnectBackoff
  private current: Promise<Opened> | undefined
  private opened: Opened | undefined
  private connecting: Connection | undefined

  constructor(
    readonly address: BrokerAddress,
    private readonly config: KafkaConfig,
    private readonly metrics: ConnectionMetrics,
  ) {
    this.name = `${address.host}:${address.port}`
    this.clientId = Buffer.from(config.clientId)
    this.reconnects = new ReconnectBackoff(config)
  }

  get isOpen(): boolean {
    return this.opened !== undefined
  }

  /** ms until a connection may be made again, after the last one was lost or could not be made. */
  get waitMs(): number {
    return this.reconnects.waitMs(performance.now())
  }

  /**
   * Sends a request and decodes its answer.
   * Rejects with a {@link KafkaError}: `Connection` and `Timeout` (retriable), `Unsupported`, `Authentication`, or what `decode` throws.
   */
  async send<Q, R>(api: KafkaApi<Q, R>, request: Q, options: SendOptions = {}): Promise<R> {
    const opened = await this.ready()
    return this.exchange(opened, api, api.encode(request), options)
  }

  /** Sends a request that kafkajs has the codec of, in the best version that both sides speak. */
  async call<R>(api: KafkaJsApi, fields: object): Promise<R> {
    const opened = await this.ready()
    const range = opened.versions[apiKeys[api]]
    const version = implementedVersions(api).find(
      (candidate) => range !== undefined && candidate >= range.minVersion && candidate <= range.maxVersion,
    )
    if (version === undefined)
      throw unsupportedApi(this.name, api, `kafkajs speaks ${implementedVersions(api).join(', ')}`, range)
    const { request, response }: ProtocolCall<R> = protocolCall(api, version, fields)
    const payload = await this.exchange(
      opened,
      { ...request, decode: (body) => body },
      (await request.encode()).buffer,
      {},
    )
    try {
      return await response.parse(await response.decode(payload))
    } catch (error) {
      throw toKafkaError(error, { api, broker: this.name })
    }
  }

  /** Closes the socket at once; resolves when it is gone. What is in flight is rejected. */
  async close(): Promise<void> {
    const opening = this.current
    const connection = this.connecting ?? this.opened?.connection
    const socket = connection?.socket
    const gone =
      socket === undefined || socket.closed ? undefined : new Promise((resolve) => socket.once('close', resolve))
    this.closing.abort()
    if (connection !== undefined) this.giveUp(connection, this.lost('it was closed'))
    await Promise.allSettled([gone, opening])
  }

  private ready(): Promise<Opened> {
    if (this.closing.signal.aborted) return Promise.reject(this.lost('the client was closed'))
    // The socket's end is known before its close is told.
    if (this.opened !== undefined && !isUsable(this.opened.connection)) {
      this.giveUp(this.opened.connection, this.lost('the broker closed it'))
    }
    if (this.opened !== undefined && this.sessionEnds(this.opened)) {
      const ending = this.opened
      this.opened = undefined
      this.follow(
        this.retire(ending).then(() =>
          this.closing.signal.aborted ? Promise.reject(this.lost('the client was closed')) : this.open(),
        ),
      )
    }
    if (this.current === undefined) this.follow(this.open())
    return this.current as Promise<Opened>
  }

  /** One promise for all callers of one life of the socket keeps their requests in order. */
  private follow(opening: Promise<Opened>): void {
    this.current = opening
    opening.catch(() => {
      if (this.current === opening) this.current = undefined
    })
  }

  /** A SASL session that is about to expire (KIP-368): kafkajs's way to renew it mixes up the answers of requests in flight. */
  private sessionEnds({ connection }: Opened): boolean {
    return this.config.sasl !== undefined && !connection.isAuthenticated()
  }

  private async retire({ connection }: Opened): Promise<void> {
    await connection.requestQueue.waitForPendingRequests()
    dropConnection(connection, this.lost('its session ended'))
  }

  private async open(): Promise<Opened> {
    if (this.waitMs > 0) await this.backOff()
    const timeoutMs = this.reconnects.setupTimeoutMs
    const connection = createConnection({
      ...toKafkaJsConfig(this.config, this.address),
      connectionTimeout: timeoutMs,
    })
    this.connecting = connection
    try {
      const versions = await this.setUp(connection, timeoutMs)
      if (!isUsable(connection)) throw this.lost('it was closed while it was made')
      this.opened = { connection, versions }
      this.reconnects.succeeded()
      return this.opened
    } catch (error) {
      const known = toKafkaError(error, { broker: this.name })
      dropConnection(connection, known)
      this.reconnects.failed(performance.now())
      throw known
    } finally {
      this.connecting = undefined
    }
  }

  /** Nothing that a broker does, or leaves undone, makes this last longer than the time-out, or than a close. */
  private setUp(connection: Connection, timeoutMs: number): Promise<ApiVersions> {
    const { signal } = this.closing
    return new Promise((resolve, reject) => {
      const settle = (outcome: () => void): void => {
        clearTimeout(overdue)
        signal.removeEventListener('abort', abandon)
        outcome()
      }
      const abandon = (): void => settle(() => reject(this.lost('the client was closed')))
      const overdue = setTimeout(() => settle(() => reject(setupOverdue(this.name, timeoutMs))), timeoutMs)
      signal.addEventListener('abort', abandon)
      setUpConnection(connection, () => this.watch(connection)).then(
        (versions) => settle(() => resolve(versions)),
        (error: unknown) => settle(() => reject(asError(error))),
      )
    })
  }

  private watch(connection: Connection): void {
    this.metrics.onOpened()
    connection.socket?.once('close', () => {
      this.metrics.onClosed()
      this.giveUp(connection, this.lost('the broker closed it'))
    })
  }

  private async backOff(): Promise<void> {
    const { signal } = this.closing
    await setTimeoutPromise(this.waitMs, undefined, { signal }).catch(() => {})
    if (signal.aborted) throw this.lost('the client was closed')
  }

  private exchange<R>(
    { connection, versions }: Opened,
    api: Pick<KafkaApi<never, R>, 'apiKey' | 'apiVersion' | 'apiName' | 'advice' | 'decode'>,
    body: Buffer,
    { timeoutMs = this.config.requestTimeoutMs, expectResponse = true }: SendOptions,
  ): Promise<R> {
    const range = versions[api.apiKey]
    if (range === undefined || api.apiVersion < range.minVersion || api.apiVersion > range.maxVersion) {
      throw unsupportedApi(this.name, api.apiName, `we speak ${api.apiVersion}`, range, api.advice)
    }
    if (!isUsable(connection)) throw this.lost('it is gone')
    return new Promise<R>((resolve, reject) => {
      const correlationId = connection.nextCorrelationId()
      let overdue: NodeJS.Timeout | undefined
      // From when it leaves: what the broker asks us to hold back (KIP-219) is not late.
      const startWatch = (): void => {
        overdue = setTimeout(() => {
          settle(() => reject(requestOverdue(this.name, api.apiName, timeoutMs)))
          this.giveUp(connection, this.lost(`${api.apiName} was not answered within ${timeoutMs} ms`))
        }, timeoutMs)
      }
      const settle = (outcome: () => void): void => {
        clearTimeout(overdue)
        outcome()
      }
      connection.requestQueue.push({
        entry: {
          ...{ apiKey: api.apiKey, apiName: api.apiName, apiVersion: api.apiVersion, correlationId },
          resolve: ({ payload }) =>
            settle(() => {
              if (payload !== null) this.metrics.onResponse(payload.length + RESPONSE_HEADER)
              try {
                // Without a response expected, kafkajs answers null as soon as the request is written.
                const answer = payload === null ? (undefined as R) : api.decode(payload)
                connection.requestQueue.maybeThrottle(throttleTime(answer))
                resolve(answer)
              } catch (error) {
                reject(asError(error))
              }
            }),
          reject: (error) => settle(() => reject(toKafkaError(error, { api: api.apiName, broker: this.name }))),
        },
        expectResponse,
        sendRequest: () => {
          startWatch()
          const { socket } = connection
          const header = encodeRequestHeader(api, correlationId, this.clientId, body.length)
          this.metrics.onRequest(header.length + body.length)
          socket?.cork()
          socket?.write(header)
          socket?.write(body)
          socket?.uncork()
        },
      })
    })
  }

  /** A connection that is no longer of use; one that was is made again no sooner than the back-off allows. */
  private giveUp(connection: Connection, error: KafkaError): void {
    if (this.opened?.connection === connection) {
      this.opened = undefined
      this.current = undefined
      this.reconnects.failed(performance.now())
    }
    dropConnection(connection, error)
  }

  private lost(why: string): KafkaError {
    return connectionLost(this.name, why)
  }
}

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)))

/** size and correlation id, which kafkajs takes off */
const RESPONSE_HEADER = 8

/** KIP-219: how long the broker asks us to send nothing more. */
const throttleTime = (answer: unknown): number =>
  typeof answer === 'object' && answer !== null ? ((answer as { throttleTimeMs?: number }).throttleTimeMs ?? 0) : 0
