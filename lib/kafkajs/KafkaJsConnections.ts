import { asyncScheduler } from 'rxjs'
import { concealSecrets, inspectCustom } from '../client/concealSecrets.js'
import type { BrokerAddress, KafkaConfig } from '../client/KafkaConfig.js'
import { KafkaError } from '../client/KafkaError.js'
import { ConnectionMetrics } from '../metrics/ConnectionMetrics.js'
import { noMetrics } from '../metrics/noMetrics.js'
import { brokerError, type BrokerErrorContext } from '../protocol/brokerError.js'
import { findCoordinatorApi } from '../protocol/requests/findCoordinator.js'
import type { KafkaApi } from '../protocol/requests/KafkaApi.js'
import { metadataApi, type MetadataResponse } from '../protocol/requests/metadata.js'
import { monotonicClock } from '../scheduling/monotonicClock.js'
import { Troubles } from '../standstill/Troubles.js'
import { duration, listed } from '../standstill/words.js'
import { BrokerConnection } from './BrokerConnection.js'
import type { SendOptions } from './BrokerSocket.js'
import { ClientTroubles } from './ClientTroubles.js'
import { ClusterMetadata, type Leader } from './ClusterMetadata.js'
import { MetadataRefresh } from './MetadataRefresh.js'
import { principalOf } from './principalOf.js'
import { retryTransient } from './retryTransient.js'
import { toKafkaError } from './toKafkaError.js'

/**
 * What a connection is used for. A broker answers one connection's requests one after the other, so a fetch that waits for
 * data must not stand before a produce, and a produce that waits for replicas not before a commit. Connections open when
 * first used.
 */
export type ConnectionPurpose = 'control' | 'produce' | `fetch ${string}`

export type CoordinatorType = 'group' | 'transaction'

/**
 * The connections of one client, and what it knows of the cluster. Everything of the adapter sends through here.
 *
 * Answers are Promises that reject with a {@link KafkaError}; nothing is retried here except the choice of a broker for
 * questions that any broker answers.
 */
export class KafkaJsConnections {
  private readonly connections = new Map<
    string,
    { readonly purpose: ConnectionPurpose; readonly connection: BrokerConnection }
  >()
  /** connections whose socket is not gone yet */
  private readonly closing = new Set<Promise<void>>()
  private readonly pauses = new Set<() => void>()
  private readonly coordinators = new Map<string, number>()
  private readonly refresh: MetadataRefresh
  private readonly metrics: ConnectionMetrics
  readonly troubles: ClientTroubles
  private known = ClusterMetadata.empty
  private closed = false

  readonly config: KafkaConfig

  constructor(config: KafkaConfig) {
    this.config = concealSecrets(config)
    const { metrics = noMetrics, scheduler = asyncScheduler } = config
    this.troubles = new ClientTroubles(config)
    this.metrics = new ConnectionMetrics(metrics, monotonicClock(scheduler))
    this.refresh = new MetadataRefresh(
      (topics, create) => this.askMetadata(topics, create).then((answer) => this.learn(answer)),
      (waitMs) => this.pause(waitMs),
      config.retryBackoffMs,
    )
  }

  /** See {@link start}. */
  static async open(config: KafkaConfig): Promise<KafkaJsConnections> {
    const connections = new KafkaJsConnections(config)
    await connections.start()
    return connections
  }

  /**
   * Resolves once a bootstrap server has told who is in the cluster. Rejects when none can be used: a cluster that does not answer is
   * waited for up to `request.timeout.ms`, with a warning, as it is later on. Closed when it rejects.
   */
  async start(): Promise<void> {
    const { bootstrapServers, requestTimeoutMs, logger } = this.config
    const waiting = new Troubles({ after: 0 }, logger, () => performance.now())
    const servers = listed(bootstrapServers.map(addressKey))
    try {
      const answer = await retryTransient(this, () =>
        this.askMetadata([], false).catch((error: unknown) => {
          const { message, retriable } = toKafkaError(error)
          if (retriable) waiting.meet('', () => waitsForCluster(servers, requestTimeoutMs, message))
          throw error
        }),
      )
      waiting.over('', (ms) => `The cluster of bootstrap.servers (${servers}) answers now, after ${duration(ms)}.`)
      this.learn(answer)
    } catch (error) {
      await this.close()
      throw error
    }
  }

  /** What is known now, without asking. */
  get metadata(): ClusterMetadata {
    return this.known
  }

  /** The leader as known now; undefined says: {@link refreshMetadata}, then look again. */
  leaderOf(topic: string, partition: number): Leader | undefined {
    this.refresh.whenOlderThan(this.config.metadataMaxAgeMs)
    return this.known.leaderOf({ topic, partition })
  }

  /** How many partitions the topic has, as known now. */
  partitionCount(topic: string): number | undefined {
    this.refresh.whenOlderThan(this.config.metadataMaxAgeMs)
    return this.known.partitionCount(topic)
  }

  /**
   * Asks again about these topics and all asked about before. Calls that come while one is on its way share the next, and
   * rounds about the same topics keep `retry.backoff.ms` apart; so callers may ask whenever they doubt.
   *
   * @param create lets the broker create missing topics, if its `auto.create.topics.enable` does
   */
  refreshMetadata(topics: Iterable<string>, create = false): Promise<ClusterMetadata> {
    return this.refresh.request(topics, create).then(() => this.known)
  }

  /** A topic that was deleted and created anew begins with lower epochs, which look stale: only forgetting makes them believed. */
  forgetLeaders(topic: string): void {
    this.known = this.known.without(topic)
  }

  /** Asks about topics (null: all) without remembering them. */
  async describeTopics(topics: readonly string[] | null): Promise<MetadataResponse> {
    const answer = await this.askMetadata(topics, false)
    this.learn({ ...answer, topics: answer.topics.filter(({ topic }) => this.known.topics.has(topic)) })
    return answer
  }

  /** The broker that coordinates a group or a transactional id. Cached until {@link forgetCoordinator}. */
  async coordinator(type: CoordinatorType, key: string): Promise<number> {
    const cached = this.coordinators.get(`${type} ${key}`)
    if (cached !== undefined && this.known.brokers.has(cached)) return cached
    const answer = await this.askAnyBroker((connection) => connection.send(findCoordinatorApi, { key, type }))
    if (answer.errorCode !== 0) {
      throw this.brokerError(answer.errorCode, {
        api: findCoordinatorApi.apiName,
        detail: answer.errorMessage,
        ...(type === 'group' ? { groupId: key } : { transactionalId: key }),
      })
    }
    if (!this.known.brokers.has(answer.nodeId)) await this.refreshMetadata([])
    this.remember(`${type} ${key}`, answer.nodeId)
    return answer.nodeId
  }

  /** After NOT_COORDINATOR, COORDINATOR_NOT_AVAILABLE or a lost connection. */
  forgetCoordinator(type: CoordinatorType, key: string): void {
    this.coordinators.delete(`${type} ${key}`)
  }

  /**
   * Sends one request to one broker. Requests of one purpose leave in the order of the calls.
   *
   * @example
   * ```ts
   * const { errorCode } = await connections.send(nodeId, 'control', endTxnApi, request)
   * ```
   */
  send<Q, R>(
    nodeId: number,
    purpose: ConnectionPurpose,
    api: KafkaApi<Q, R>,
    request: Q,
    options?: SendOptions,
  ): Promise<R> {
    const connection = this.connectionTo(nodeId, purpose)
    return connection instanceof KafkaError ? Promise.reject(connection) : connection.send(api, request, options)
  }

  get isClosed(): boolean {
    return this.closed
  }

  /** A broker's error code as an error, which says who we are to the brokers where that matters. */
  brokerError(code: number, context: BrokerErrorContext): KafkaError {
    return brokerError(code, { principal: principalOf(this.config), ...context })
  }

  /** Sockets and kafkajs's connections hold keys and passwords, so they are not printed with a client. */
  toJSON(): object {
    const { clientId, bootstrapServers } = this.config
    return { clientId, bootstrapServers, brokers: [...this.known.brokers.values()] }
  }

  [inspectCustom](): object {
    return this.toJSON()
  }

  /** Waits, but not longer than the client is open. */
  pause(ms: number): Promise<void> {
    if (this.closed) return Promise.resolve()
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer)
        this.pauses.delete(wake)
        resolve()
      }
      const timer = setTimeout(wake, ms)
      this.pauses.add(wake)
    })
  }

  /** Ends everything at once: requests in flight are rejected, waits end. Resolves when the last socket is gone. */
  async close(): Promise<void> {
    this.closed = true
    this.pauses.forEach((wake) => wake())
    this.closeWhere(() => true)
    await Promise.all(this.closing)
  }

  /** Closes the connections of one purpose, and with them what waits there. */
  closePurpose(purpose: ConnectionPurpose): void {
    this.closeWhere((candidate) => candidate === purpose)
  }

  private connectionTo(nodeId: number, purpose: ConnectionPurpose): BrokerConnection | KafkaError {
    const broker = this.known.brokers.get(nodeId)
    if (this.closed || broker === undefined) {
      return new KafkaError({
        _tag: 'Connection',
        retriable: !this.closed,
        message: this.closed
          ? 'The client is closed.'
          : `Broker ${nodeId} is not in the cluster now; metadata may be old.`,
      })
    }
    return this.connectionAt(broker, purpose)
  }

  private connectionAt(address: BrokerAddress, purpose: ConnectionPurpose): BrokerConnection {
    const key = `${addressKey(address)} ${purpose}`
    const known = this.connections.get(key)
    if (known !== undefined) return known.connection
    const connection = new BrokerConnection(address, this.config, this.metrics, this.troubles.unreachable)
    this.connections.set(key, { purpose, connection })
    return connection
  }

  private async askMetadata(topics: readonly string[] | null, createMissing: boolean): Promise<MetadataResponse> {
    return this.askAnyBroker((connection) => connection.send(metadataApi, { topics, createMissing }))
  }

  /**
   * The first one that answers: brokers that are connected first, then the others and the bootstrap servers, those last that
   * could not be reached a moment ago.
   */
  private async askAnyBroker<R>(ask: (connection: BrokerConnection) => Promise<R>): Promise<R> {
    const candidates = [...this.known.brokers.values(), ...this.config.bootstrapServers].map((address) =>
      this.closed ? undefined : this.connectionAt(address, 'control'),
    )
    const inOrder = [...new Set(candidates)].sort((a, b) => patienceFor(a) - patienceFor(b))
    let failure: KafkaError | undefined
    for (const connection of inOrder) {
      if (this.closed || connection === undefined) break
      try {
        return await ask(connection)
      } catch (error) {
        if (!(error instanceof KafkaError) || !(error._tag === 'Connection' || error._tag === 'Timeout')) throw error
        failure = error
      }
    }
    throw new KafkaError({
      _tag: 'Connection',
      retriable: !this.closed,
      message: this.closed
        ? 'The client is closed.'
        : `No broker can be reached. The last one tried: ${failure?.message ?? ''}`,
      cause: failure,
    })
  }

  private learn(answer: MetadataResponse): void {
    if (answer.brokers.length === 0) return
    this.known = this.known.with(answer)
    const members = new Set([...this.known.brokers.values()].map(addressKey))
    this.closeWhere((_, address) => !members.has(addressKey(address)))
  }

  /** Transactional ids come and go, one with each checkpoint: the oldest is forgotten, which costs a question when it comes back. */
  private remember(key: string, nodeId: number): void {
    this.coordinators.set(key, nodeId)
    const [oldest = key] = this.coordinators.keys()
    if (this.coordinators.size > MAX_COORDINATORS) this.coordinators.delete(oldest)
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

const MAX_COORDINATORS = 1_000
const waitsForCluster = (servers: string, budgetMs: number, why: string): string =>
  `The cluster of bootstrap.servers (${servers}) does not answer; it is waited for, up to ${duration(budgetMs)} (request.timeout.ms). ${why}`

const addressKey = ({ host, port }: BrokerAddress): string => `${host}:${port}`

/** ms until a request can leave there, those that are connected before all others. */
const patienceFor = (connection: BrokerConnection | undefined): number =>
  connection === undefined || connection.isOpen ? -1 : connection.waitMs
