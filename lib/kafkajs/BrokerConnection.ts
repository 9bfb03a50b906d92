import { setTimeout as setTimeoutPromise } from 'node:timers/promises'
import type { BrokerAddress, KafkaConfig } from '../client/KafkaConfig.js'
import type { KafkaError } from '../client/KafkaError.js'
import type { SendOptions } from '../cluster/Brokers.js'
import { connectionLost, setupOverdue } from '../cluster/connectionErrors.js'
import { ReconnectBackoff } from '../cluster/ReconnectBackoff.js'
import type { ConnectionMetrics } from '../metrics/ConnectionMetrics.js'
import { newestSpoken } from '../protocol/newestSpoken.js'
import type { KafkaApi } from '../protocol/requests/KafkaApi.js'
import { BrokerSocket } from './BrokerSocket.js'
import type { Troubles } from '../standstill/Troubles.js'
import { duration } from '../standstill/words.js'
import type { SetUpProgress } from './login.js'
import { type SetUp, setUpConnection } from './setUpConnection.js'
import { toKafkaError } from './toKafkaError.js'

interface Opened {
  readonly socket: BrokerSocket
  readonly versions: SetUp['versions']
  /** until when its login is good, ms of `performance.now()` */
  readonly sessionEndsAt: number
}

/**
 * A connection to one broker that opens when it is first needed, and again when it was lost. Requests leave in the order of the
 * calls.
 */
export class BrokerConnection {
  readonly name: string
  /** the cluster gave the address */
  private readonly advertised: boolean
  private readonly closing = new AbortController()
  private readonly reconnects: ReconnectBackoff
  private current: Promise<Opened> | undefined
  private opened: Opened | undefined
  private connecting: BrokerSocket | undefined

  constructor(
    readonly address: BrokerAddress,
    private readonly config: KafkaConfig,
    private readonly metrics: ConnectionMetrics,
    /** told of brokers that cannot be reached, by their names */
    private readonly unreachable?: Troubles,
  ) {
    this.name = `${address.host}:${address.port}`
    this.advertised = !config.bootstrapServers.some(({ host, port }) => host === address.host && port === address.port)
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
   * Rejects with a {@link KafkaError}: `Connection` and `Timeout` (retriable), `Unsupported`, `Authentication`.
   */
  async send<Q, R>(api: KafkaApi<Q, R>, request: Q, options: SendOptions = {}): Promise<R> {
    const { socket, versions } = await this.ready()
    return socket.exchange(newestSpoken(this.name, versions, api), request, options)
  }

  /** Closes the socket at once; resolves when it is gone. What is in flight is rejected. */
  async close(): Promise<void> {
    const opening = this.current
    const socket = this.connecting ?? this.opened?.socket
    const gone = socket?.gone()
    this.closing.abort()
    socket?.drop(this.lost('it was closed'))
    await Promise.allSettled([gone, opening])
  }

  private ready(): Promise<Opened> {
    if (this.closing.signal.aborted) return Promise.reject(this.lost('the client was closed'))
    // The socket's end is known before its close is told.
    if (this.opened?.socket.isUsable === false) this.opened.socket.drop(this.lost('the broker closed it'))
    if (this.opened !== undefined && performance.now() >= this.opened.sessionEndsAt) {
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

  /** A session that is about to expire (KIP-368): another connection is logged in when all is answered on this one. */
  private async retire({ socket }: Opened): Promise<void> {
    await socket.idle()
    socket.drop(this.lost('its session ended'))
  }

  private async open(): Promise<Opened> {
    if (this.waitMs > 0) await this.backOff()
    const timeoutMs = this.reconnects.setupTimeoutMs
    const startedAt = this.unreachable?.now()
    const { advertised } = this
    const socket = new BrokerSocket(
      { name: this.name, address: this.address, advertised },
      this.config,
      timeoutMs,
      this.metrics,
      () => this.onLost(socket),
    )
    this.connecting = socket
    try {
      const { versions, sessionLifetimeMs } = await this.setUp(socket, timeoutMs)
      if (!socket.isUsable) throw this.lost('it was closed while it was made')
      this.opened = { socket, versions, sessionEndsAt: sessionEndsAt(sessionLifetimeMs) }
      this.reconnects.succeeded()
      this.unreachable?.over(this.name, (ms) => `Broker ${this.name} can be reached again, after ${duration(ms)}.`)
      return this.opened
    } catch (error) {
      const known = toKafkaError(error, { broker: this.name, settings: this.config, advertised })
      socket.drop(known)
      this.reconnects.failed(performance.now())
      if (known.retriable && !this.closing.signal.aborted)
        this.unreachable?.meet(this.name, (ms) => unreachableFor(this.name, ms, known), startedAt)
      throw known
    } finally {
      this.connecting = undefined
    }
  }

  /** Nothing that a broker or a login mechanism does, or leaves undone, makes this last longer than the time-out, or than a close. */
  private setUp(socket: BrokerSocket, timeoutMs: number): Promise<SetUp> {
    const { signal } = this.closing
    const givenUp = new AbortController()
    const progress: SetUpProgress = { signal: givenUp.signal, mechanismActs: false }
    return new Promise((resolve, reject) => {
      const settle = (outcome: () => void): void => {
        clearTimeout(overdue)
        signal.removeEventListener('abort', abandon)
        outcome()
      }
      const abandon = (): void => {
        const closed = this.lost('the client was closed')
        settle(() => reject(closed))
        givenUp.abort(closed)
      }
      const overdue = setTimeout(() => {
        const within = `within ${Math.round(timeoutMs)} ms (socket.connection.setup.timeout.ms)`
        givenUp.abort(new DOMException(`the login was not done ${within}.`, 'TimeoutError'))
        // A mechanism that is waited for fails with the signal, and the login says so.
        if (!progress.mechanismActs) settle(() => reject(setupOverdue(this.name, timeoutMs, this.advertised)))
      }, timeoutMs)
      signal.addEventListener('abort', abandon)
      setUpConnection(socket, this.config.sasl, this.address, progress).then(
        (done) => settle(() => resolve(done)),
        (error: unknown) => settle(() => reject(error instanceof Error ? error : new Error(String(error)))),
      )
    })
  }

  private async backOff(): Promise<void> {
    const { signal } = this.closing
    await setTimeoutPromise(this.waitMs, undefined, { signal }).catch(() => {})
    if (signal.aborted) throw this.lost('the client was closed')
  }

  /** One that was of use is made again no sooner than the back-off allows. */
  private onLost(socket: BrokerSocket): void {
    if (this.opened?.socket !== socket) return
    this.opened = undefined
    this.current = undefined
    this.reconnects.failed(performance.now())
  }

  private lost(why: string): KafkaError {
    return connectionLost(this.name, why)
  }
}

const unreachableFor = (broker: string, ms: number, { message }: KafkaError): string =>
  `Broker ${broker} cannot be reached for ${duration(ms)}, and is tried again (reconnect.backoff.max.ms): ${message}`

/**
 * When another login is due, of a session that lasts so long from now: at 85 to 95 % of it, as Java's `SaslClientAuthenticator` has
 * it, so that clocks may drift and clients that logged in together do not come back together.
 */
const sessionEndsAt = (lifetimeMs: number): number =>
  lifetimeMs > 0 ? performance.now() + lifetimeMs * (0.85 + 0.1 * Math.random()) : Infinity
