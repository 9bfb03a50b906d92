import type { BrokerAddress, KafkaConfig } from '../client/KafkaConfig.js'
import { KafkaError } from '../client/KafkaError.js'
import type { ConnectionMetrics } from '../metrics/ConnectionMetrics.js'
import type { KafkaApi } from '../protocol/requests/KafkaApi.js'
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
  private closed = false
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
  }

  get isOpen(): boolean {
    return this.opened !== undefined
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
      throw this.unsupported(api, `kafkajs speaks ${implementedVersions(api).join(', ')}`, range)
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
    this.closed = true
    const opening = this.current
    const connection = this.connecting ?? this.opened?.connection
    if (connection === undefined) return
    const { socket } = connection
    const gone =
      socket === undefined || socket.closed ? undefined : new Promise((resolve) => socket.once('close', resolve))
    this.giveUp(connection, this.lost('it was closed'))
    await Promise.allSettled([gone, opening])
  }

  private ready(): Promise<Opened> {
    if (this.closed) return Promise.reject(this.lost('the client was closed'))
    // The socket's end is known before its close is told.
    if (this.opened !== undefined && !isUsable(this.opened.connection)) {
      this.giveUp(this.opened.connection, this.lost('the broker closed it'))
    }
    if (this.opened !== undefined && this.sessionEnds(this.opened)) {
      const ending = this.opened
      this.opened = undefined
      this.follow(
        this.retire(ending).then(() =>
          this.closed ? Promise.reject(this.lost('the client was closed')) : this.open(),
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
    drop(connection, this.lost('its session ended'))
  }

  private async open(): Promise<Opened> {
    const connection = createConnection(toKafkaJsConfig(this.config, this.address))
    this.connecting = connection
    const overdue = setTimeout(
      () => drop(connection, this.lost('the broker did not answer while the connection was made')),
      this.config.connectionTimeoutMs + this.config.requestTimeoutMs,
    )
    try {
      await connection.connect()
      this.metrics.onOpened()
      connection.socket?.once('close', () => {
        this.metrics.onClosed()
        this.giveUp(connection, this.lost('the broker closed it'))
      })
      const versions = await askVersions(connection)
      connection.setVersions(versions)
      connection.setSupportAuthenticationProtocol(versions[apiKeys.SaslAuthenticate] !== undefined)
      await connection.authenticate()
      if (this.closed || !isUsable(connection)) throw this.lost('it was closed while it was made')
      this.opened = { connection, versions }
      return this.opened
    } catch (error) {
      const known = toKafkaError(error, { broker: this.name })
      drop(connection, known)
      throw known
    } finally {
      clearTimeout(overdue)
      this.connecting = undefined
    }
  }

  private exchange<R>(
    { connection, versions }: Opened,
    api: Pick<KafkaApi<never, R>, 'apiKey' | 'apiVersion' | 'apiName' | 'decode'>,
    body: Buffer,
    { timeoutMs = this.config.requestTimeoutMs, expectResponse = true }: SendOptions,
  ): Promise<R> {
    const range = versions[api.apiKey]
    if (range === undefined || api.apiVersion < range.minVersion || api.apiVersion > range.maxVersion) {
      throw this.unsupported(api.apiName, `we speak ${api.apiVersion}`, range)
    }
    if (!isUsable(connection)) throw this.lost('it is gone')
    return new Promise<R>((resolve, reject) => {
      const correlationId = connection.nextCorrelationId()
      const overdue = setTimeout(() => {
        settle(() => reject(this.timedOut(api.apiName, timeoutMs)))
        this.giveUp(connection, this.lost(`${api.apiName} was not answered within ${timeoutMs} ms`))
      }, timeoutMs)
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

  private giveUp(connection: Connection, error: KafkaError): void {
    if (this.opened?.connection === connection) {
      this.opened = undefined
      this.current = undefined
    }
    drop(connection, error)
  }

  private lost(why: string): KafkaError {
    return new KafkaError({
      _tag: 'Connection',
      retriable: true,
      message: `The connection to broker ${this.name} is lost: ${why}. What was in flight may or may not have had its effect.`,
    })
  }

  private timedOut(apiName: string, timeoutMs: number): KafkaError {
    return new KafkaError({
      _tag: 'Timeout',
      retriable: true,
      api: apiName,
      message:
        `Broker ${this.name} did not answer ${apiName} within ${timeoutMs} ms; it may be overloaded or unreachable. ` +
        'The request may or may not have had its effect. Raise request.timeout.ms if this is its usual speed.',
    })
  }

  private unsupported(
    api: string,
    ours: string,
    theirs: { minVersion: number; maxVersion: number } | undefined,
  ): KafkaError {
    const spoken =
      theirs === undefined ? 'does not know it' : `speaks versions ${theirs.minVersion} to ${theirs.maxVersion}`
    return new KafkaError({
      _tag: 'Unsupported',
      api,
      message: `Broker ${this.name} cannot be asked ${api}: ${ours}, the broker ${spoken}. Use Kafka 2.3 or newer.`,
    })
  }
}

const askVersions = async (connection: Connection): Promise<ApiVersions> => {
  const [best, ...older] = implementedVersions('ApiVersions')
  const ask = (version: number): Promise<VersionsAnswer> =>
    connection.send({ ...protocolCall<VersionsAnswer>('ApiVersions', version, {}), logResponseError: false })
  const answer = await older.reduce(
    (asked, version) =>
      asked.catch((error: unknown) => (isUnsupportedVersion(error) ? ask(version) : Promise.reject(asError(error)))),
    ask(best ?? 0),
  )
  return Object.fromEntries(answer.apiVersions.map(({ apiKey, ...range }) => [apiKey, range]))
}

interface VersionsAnswer {
  readonly apiVersions: readonly { readonly apiKey: number; readonly minVersion: number; readonly maxVersion: number }[]
}

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)))

const isUnsupportedVersion = (error: unknown): boolean => (error as { readonly code?: unknown }).code === 35

/** size and correlation id, which kafkajs takes off */
const RESPONSE_HEADER = 8

/** KIP-219: how long the broker asks us to send nothing more. */
const throttleTime = (answer: unknown): number =>
  typeof answer === 'object' && answer !== null ? ((answer as { throttleTimeMs?: number }).throttleTimeMs ?? 0) : 0

const isUsable = (connection: Connection): boolean => connection.isConnected() && connection.socket?.destroyed === false

/** Ends a connection for good. An error on the socket is what ends kafkajs's wait for a connect, and its timer. */
const drop = (connection: Connection, error: KafkaError): void => {
  connection.rejectRequests(error)
  connection.requestQueue.destroy()
  const { socket } = connection
  if (socket === undefined || socket.destroyed) return
  socket.destroy(socket.connecting ? error : undefined)
}
