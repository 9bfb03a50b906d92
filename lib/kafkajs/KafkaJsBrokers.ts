import { asyncScheduler, catchError, defer, EMPTY, from, ignoreElements, type Observable, throwError } from 'rxjs'
import type { BrokerAddress, KafkaConfig } from '../client/KafkaConfig.js'
import { isKafkaError, type KafkaError } from '../client/KafkaError.js'
import { ANY_BROKER, type Brokers, type ConnectionPurpose, type SendOptions } from '../cluster/Brokers.js'
import { clientClosed, noneReached } from '../cluster/connectionErrors.js'
import { ConnectionMetrics } from '../metrics/ConnectionMetrics.js'
import { noMetrics } from '../metrics/noMetrics.js'
import type { KafkaApi } from '../protocol/requests/KafkaApi.js'
import { monotonicClock } from '../scheduling/monotonicClock.js'
import type { Troubles } from '../standstill/Troubles.js'
import { BrokerConnection } from './BrokerConnection.js'
import { toKafkaError } from './toKafkaError.js'

/** {@link Brokers} on kafkajs's connections: one for each address and purpose, opened when it is first used. */
export class KafkaJsBrokers implements Brokers {
  readonly answersInTurn = true
  private readonly connections = new Map<
    string,
    { readonly purpose: ConnectionPurpose; readonly connection: BrokerConnection }
  >()
  /** connections whose socket is not gone yet */
  private readonly closing = new Set<Promise<void>>()
  private readonly metrics: ConnectionMetrics
  private members: readonly BrokerAddress[] = []
  private closed = false

  constructor(
    private readonly config: KafkaConfig,
    /** told of brokers that cannot be reached, by their names */
    private readonly unreachable: () => Troubles,
  ) {
    const { metrics = noMetrics, scheduler = asyncScheduler } = config
    this.metrics = new ConnectionMetrics(metrics, monotonicClock(scheduler))
  }

  send<Q, R>(
    to: BrokerAddress | typeof ANY_BROKER,
    purpose: ConnectionPurpose,
    api: KafkaApi<Q, R>,
    request: Q,
    options?: SendOptions,
  ): Observable<R> {
    return defer(() => {
      if (this.closed) return throwError(clientClosed)
      if (to === ANY_BROKER) return this.sendToAny(this.candidates(purpose), api, request, options, undefined)
      return from(this.connectionAt(to, purpose).send(api, request, options)).pipe(
        catchError((error: unknown) => throwError(() => toKafkaError(error, { api: api.apiName }))),
      )
    })
  }

  retain(members: readonly BrokerAddress[]): void {
    this.members = members
    const addresses = new Set(members.map(addressKey))
    this.closeWhere((_, address) => !addresses.has(addressKey(address)))
  }

  release(purpose: ConnectionPurpose): void {
    this.closeWhere((candidate) => candidate === purpose)
  }

  close(): Observable<never> {
    return defer(() => {
      this.closed = true
      this.closeWhere(() => true)
      return this.closing.size === 0 ? EMPTY : from(Promise.all(this.closing)).pipe(ignoreElements())
    })
  }

  random(): number {
    return Math.random()
  }

  /** Brokers that are connected first, then the others and the bootstrap servers, those last that could not be reached a moment ago. */
  private candidates(purpose: ConnectionPurpose): readonly BrokerConnection[] {
    const all = [...this.members, ...this.config.bootstrapServers].map((address) => this.connectionAt(address, purpose))
    return [...new Set(all)].sort((a, b) => patienceFor(a) - patienceFor(b))
  }

  private sendToAny<Q, R>(
    [first, ...others]: readonly BrokerConnection[],
    api: KafkaApi<Q, R>,
    request: Q,
    options: SendOptions | undefined,
    failure: KafkaError | undefined,
  ): Observable<R> {
    if (this.closed) return throwError(clientClosed)
    if (first === undefined) return throwError(() => noneReached(failure))
    return defer(() => first.send(api, request, options)).pipe(
      catchError((cause: unknown) => {
        const error = toKafkaError(cause, { api: api.apiName })
        if (!isKafkaError(cause)) return throwError(() => error)
        if (error._tag !== 'Connection' && error._tag !== 'Timeout') return throwError(() => error)
        return this.sendToAny(others, api, request, options, error)
      }),
    )
  }

  private connectionAt(address: BrokerAddress, purpose: ConnectionPurpose): BrokerConnection {
    const key = `${addressKey(address)} ${purpose}`
    const known = this.connections.get(key)
    if (known !== undefined) return known.connection
    const connection = new BrokerConnection(address, this.config, this.metrics, this.unreachable())
    this.connections.set(key, { purpose, connection })
    return connection
  }

  private closeWhere(matches: (purpose: ConnectionPurpose, address: BrokerAddress) => boolean): void {
    for (const [key, { purpose, connection }] of this.connections) {
      if (!matches(purpose, connection.address)) continue
      this.connections.delete(key)
      const closing = connection.close().finally(() => this.closing.delete(closing))
      this.closing.add(closing)
    }
  }
}

const addressKey = ({ host, port }: BrokerAddress): string => `${host}:${port}`

/** ms until a request can leave there, those that are connected before all others. */
const patienceFor = (connection: BrokerConnection): number => (connection.isOpen ? -1 : connection.waitMs)
