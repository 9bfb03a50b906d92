import type { Observable } from 'rxjs'
import type { BrokerAddress } from '../client/KafkaConfig.js'
import type { KafkaApi } from '../protocol/requests/KafkaApi.js'

/**
 * What a connection is used for. A broker answers one connection's requests one after the other, so a fetch that waits for
 * data must not stand before a produce, and a produce that waits for replicas not before a commit. Connections open when
 * first used.
 */
export type ConnectionPurpose = 'control' | 'produce' | `fetch ${string}`

/** How one request is sent. */
export interface SendOptions {
  /** ms until the request is given up and the connection with it; default: `request.timeout.ms` */
  readonly timeoutMs?: number
  /** false when the broker sends none (produce with acks 0): it emits undefined once the request is written */
  readonly expectResponse?: boolean
  /** the most bytes that the response may have; by default as many as a response to a question may have */
  readonly maxResponseBytes?: number
  /** called as the request leaves: from then on it may have its effect, whatever comes back, and however late */
  readonly onSent?: () => void
}

/** Whichever broker answers: those that are connected first, then the other members and `bootstrap.servers`. */
export const ANY_BROKER = 'any'

/**
 * **The port between a Kafka client and a cluster**: one request goes out, its response comes back. What a response means, and
 * whether to ask again, is decided above it (`Cluster`, admin). Below it: connections, their back-off, ApiVersions, TLS, SASL and
 * framing; or brokers in memory.
 *
 * - Everything is cold: nothing is sent before it is subscribed to, once per subscription. Unsubscribing drops the response, not the
 *   request.
 * - Requests of one purpose to one broker leave in the order of subscription, also while the connection opens.
 * - Errors are `KafkaError`s of the way: `Connection` and `Timeout` (retriable), `Unsupported`, `Authentication`, `Corrupt`. An error
 *   code of a broker is no error here, but part of the response.
 */
export interface Brokers {
  /**
   * Requests of one purpose to one broker are answered one after the other, as on a connection: a fetch that waits for data holds up what
   * comes behind it. Otherwise each is answered as soon as it can be.
   */
  readonly answersInTurn: boolean

  /**
   * Emits the decoded response and completes.
   *
   * @param to where; {@link ANY_BROKER} asks one after the other, until one can be reached
   */
  send<Q, R>(
    to: BrokerAddress | typeof ANY_BROKER,
    purpose: ConnectionPurpose,
    api: KafkaApi<Q, R>,
    request: Q,
    options?: SendOptions,
  ): Observable<R>

  /** Who is in the cluster now. Connections to other addresses are closed: who has moved must not be asked where it was. */
  retain(members: readonly BrokerAddress[]): void

  /** Closes the connections of one purpose; what waits there is an error. */
  release(purpose: ConnectionPurpose): void

  /** Closes all; what is in flight, and every later request, is an error. Completes when the last connection is gone. */
  close(): Observable<never>

  /** In [0, 1): where chance comes from, so that virtual time is repeatable. */
  random(): number
}
