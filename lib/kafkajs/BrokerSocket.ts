import type { BrokerAddress, KafkaConfig } from '../client/KafkaConfig.js'
import type { KafkaError } from '../client/KafkaError.js'
import type { SendOptions } from '../cluster/Brokers.js'
import { connectionLost, notKafka, requestOverdue, unreadableAnswer } from '../cluster/connectionErrors.js'
import type { ConnectionMetrics } from '../metrics/ConnectionMetrics.js'
import { encodeRequestHeader } from '../protocol/encodeRequestHeader.js'
import type { KafkaApi } from '../protocol/requests/KafkaApi.js'
import { apiVersionsApi } from '../protocol/requests/apiVersions.js'
import { ResponseFramer } from '../protocol/ResponseFramer.js'
import { type Connection, createConnection } from './internals.js'
import { maxControlResponseBytes } from './responseLimits.js'
import { toKafkaError } from './toKafkaError.js'
import { toKafkaJsConfig } from './toKafkaJsConfig.js'

/** Who is at the other end. */
export interface Peer {
  /** host:port, for errors */
  readonly name: string
  readonly address: BrokerAddress
  /** the address came from the cluster, and does not stand in `bootstrap.servers` */
  readonly advertised: boolean
}

/**
 * One life of a socket to a broker. A kafkajs `Connection` is used for no more than that: its reconnect can open two sockets at
 * once, and takes a late connect after a time-out for success.
 *
 * Whatever the peer sends, or leaves unsent, ends in an answer, or in one error and the end of the connection: bytes that are no
 * answer, an answer that cannot be read, one that is overdue (a broker answers in order, so nothing behind it can be answered
 * either), a peer that closes.
 */
export class BrokerSocket {
  private readonly connection: Connection
  private readonly framer: ResponseFramer
  private readonly clientId: Buffer
  private dropped = false
  /** nothing is answered but what a listener answers before a login */
  private fresh = true

  /** @param onLost called once, when the connection is of no use any more */
  constructor(
    private readonly peer: Peer,
    private readonly config: KafkaConfig,
    setupTimeoutMs: number,
    private readonly metrics: ConnectionMetrics,
    private readonly onLost: () => void,
  ) {
    this.clientId = Buffer.from(config.clientId)
    const options = { ...toKafkaJsConfig(config, peer.address), connectionTimeout: setupTimeoutMs }
    const connection = createConnection(options, (chunk) => this.receive(chunk))
    const { inflight } = connection.requestQueue
    this.connection = connection
    this.framer = new ResponseFramer(
      () => inflight.values().next().value?.entry,
      (payload) => this.answered(payload),
    )
  }

  private get name(): string {
    return this.peer.name
  }

  /** The socket is open, as far as this side can know. */
  get isUsable(): boolean {
    return this.connection.isConnected() && this.connection.socket?.destroyed === false
  }

  /** Opens the socket, with TLS if the configuration says so. */
  async connect(): Promise<void> {
    await this.connection.connect()
    this.metrics.onOpened()
    this.connection.socket?.once('close', () => {
      this.metrics.onClosed()
      this.drop(this.lost('the broker closed it'))
    })
  }

  /** Sends a request and decodes its answer. Requests leave in the order of the calls. */
  exchange<Q, R>(api: KafkaApi<Q, R>, request: Q, options: SendOptions = {}): Promise<R> {
    const { timeoutMs = this.config.requestTimeoutMs, expectResponse = true, onSent } = options
    const { maxResponseBytes = maxControlResponseBytes(this.config) } = options
    const { apiKey, apiVersion, apiName } = api
    const { connection } = this
    return new Promise<R>((resolve, reject) => {
      const body = api.encode(request)
      if (!this.isUsable) throw this.lost('it is gone')
      const correlationId = connection.nextCorrelationId()
      let overdue: NodeJS.Timeout | undefined
      connection.requestQueue.push({
        entry: {
          ...{ apiKey, apiName, apiVersion, correlationId, maxBytes: maxResponseBytes },
          resolve: ({ payload }) => {
            clearTimeout(overdue)
            // Without a response expected, kafkajs answers null as soon as the request is written.
            if (payload === null) return resolve(undefined as R)
            try {
              const answer = api.decode(payload)
              if (apiKey !== apiVersionsApi.apiKey) this.fresh = false
              this.throttle(throttleTime(answer))
              resolve(answer)
            } catch (cause) {
              const error = unreadableAnswer(this.name, apiName, cause)
              reject(error)
              this.drop(error)
            }
          },
          reject: (error) => {
            clearTimeout(overdue)
            const { config: settings, name: broker, fresh } = this
            reject(toKafkaError(error, { api: apiName, broker, settings, fresh, advertised: this.peer.advertised }))
          },
        },
        expectResponse,
        sendRequest: () => {
          // From when it leaves: what the broker asks us to hold back (KIP-219) is not late.
          overdue = setTimeout(() => {
            reject(requestOverdue(this.name, apiName, timeoutMs))
            this.drop(this.lost(`${apiName} was not answered within ${timeoutMs} ms`))
          }, timeoutMs)
          onSent?.()
          this.write(encodeRequestHeader(api, correlationId, this.clientId, body.length), body)
        },
      })
    })
  }

  /** Resolves when all that was sent is answered. */
  async idle(): Promise<void> {
    await this.connection.requestQueue.waitForPendingRequests()
  }

  /** Ends the connection for good; what is in flight is rejected. */
  drop(error: KafkaError): void {
    if (this.dropped) return
    this.dropped = true
    const { connection } = this
    this.onLost()
    connection.rejectRequests(error)
    connection.requestQueue.destroy()
    const { socket } = connection
    if (socket === undefined || socket.destroyed) return
    // An error on the socket is what ends kafkajs's wait for a connect, and its timer.
    socket.destroy(connection.isConnected() ? undefined : error)
  }

  /** Resolves when the socket is gone. */
  async gone(): Promise<void> {
    const { socket } = this.connection
    if (socket === undefined || socket.closed) return
    await new Promise((resolve) => socket.once('close', resolve))
  }

  /** Runs in a listener of the socket: what is thrown here would end the process. */
  private receive(chunk: Buffer): void {
    if (this.dropped) return
    try {
      this.framer.push(chunk)
    } catch (cause) {
      this.drop(notKafka(this.name, cause))
    }
  }

  private answered(payload: Buffer): void {
    const { requestQueue } = this.connection
    const [correlationId] = requestQueue.inflight.keys()
    this.metrics.onResponse(payload.length + RESPONSE_HEADER)
    requestQueue.fulfillRequest({ correlationId: correlationId!, payload, size: payload.length })
  }

  /** KIP-219: the broker asks us to send nothing more for so long. It is believed up to the time that we wait for an answer. */
  private throttle(ms: number): void {
    const { requestTimeoutMs, logger } = this.config
    if (ms > requestTimeoutMs) {
      logger?.warn(
        `Broker ${this.name} asks this client to send nothing for ${ms} ms (throttle_time_ms). It waits for ${requestTimeoutMs} ms ` +
          '(request.timeout.ms), then goes on. Check the quotas of this client.id and user.',
      )
    }
    this.connection.requestQueue.maybeThrottle(Math.min(ms, requestTimeoutMs))
  }

  private write(header: Buffer, body: Buffer): void {
    const { socket } = this.connection
    this.metrics.onRequest(header.length + body.length)
    socket?.cork()
    socket?.write(header)
    socket?.write(body)
    socket?.uncork()
  }

  private lost(why: string): KafkaError {
    return connectionLost(this.name, why)
  }
}

/** size and correlation id */
const RESPONSE_HEADER = 8

const throttleTime = (answer: unknown): number =>
  typeof answer === 'object' && answer !== null ? ((answer as { throttleTimeMs?: number }).throttleTimeMs ?? 0) : 0
