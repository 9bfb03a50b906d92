import type { BrokerAddress, KafkaConfig } from '../client/KafkaConfig.js'
import { KafkaError } from '../client/KafkaError.js'
import { brokerError } from '../protocol/errorCodes.js'
import * as findCoordinator from '../protocol/requests/findCoordinator.js'
import * as metadata from '../protocol/requests/metadata.js'
import { BrokerConnection, type SendOptions } from './BrokerConnection.js'
import { ClusterMetadata, type Leader, type MetadataAnswer } from './ClusterMetadata.js'
import type { KafkaJsApi } from './internals.js'
import type { KafkaApi } from './KafkaApi.js'
import { MetadataRefresh } from './MetadataRefresh.js'
import type { RequestBody } from './requestFrame.js'

/**
 * What a connection is used for. A broker answers one connection's requests one after the other, so a fetch that waits for
 * data must not stand before a produce, and a produce that waits for replicas not before a commit. Connections open when
 * first used.
 */
export type ConnectionPurpose = 'control' | 'produce' | 'fetch'

export type CoordinatorType = 'group' | 'transaction'

/**
 * The connections of one client, and what it knows of the cluster. Everything of the adapter sends through here.
 *
 * Answers are Promises that reject with a {@link KafkaError}; nothing is retried here except the choice of a broker for
 * questions that any broker answers.
 */
export class KafkaJsConnections {
  private readonly connections = new Map<string, BrokerConnection>()
  private readonly coordinators = new Map<string, number>()
  private readonly refresh: MetadataRefresh
  private known = ClusterMetadata.empty
  private closed = false

  private constructor(readonly config: KafkaConfig) {
    this.refresh = new MetadataRefresh(
      (topics, create) => this.askMetadata(topics, create).then(answer => this.learn(answer)),
      config.retryBackoffMs,
    )
  }

  /** Resolves once a bootstrap server has told who is in the cluster; rejects when none can be used. */
  static async open(config: KafkaConfig): Promise<KafkaJsConnections> {
    const connections = new KafkaJsConnections(config)
    try {
      connections.learn(await connections.askMetadata([], false))
      return connections
    } catch (error) {
      connections.close()
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

  /** Asks about topics (null: all) without remembering them. */
  async describeTopics(topics: readonly string[] | null): Promise<MetadataAnswer> {
    const answer = await this.askMetadata(topics, false)
    this.learn({ ...answer, topics: answer.topics.filter(({ name }) => this.known.topics.has(name)) })
    return answer
  }

  /** The broker that coordinates a group or a transactional id. Cached until {@link forgetCoordinator}. */
  async coordinator(type: CoordinatorType, key: string): Promise<number> {
    const cached = this.coordinators.get(`${type} ${key}`)
    if (cached !== undefined && this.known.brokers.has(cached)) return cached
    const answer = await this.askAnyBroker(connection =>
      connection.send(
        findCoordinator,
        findCoordinator.encodeFindCoordinatorRequest({ key, coordinatorType: type }),
        findCoordinator.decodeFindCoordinatorResponse,
      ),
    )
    if (answer.errorCode !== 0) throw brokerError(answer.errorCode, { api: findCoordinator.apiName })
    if (!this.known.brokers.has(answer.nodeId)) await this.refreshMetadata([])
    this.coordinators.set(`${type} ${key}`, answer.nodeId)
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
   * await connections.send(nodeId, 'control', endTxn, encodeEndTxnRequest(fields), decodeEndTxnResponse)
   * ```
   */
  send<R>(
    nodeId: number,
    purpose: ConnectionPurpose,
    api: KafkaApi,
    body: RequestBody,
    decode: (body: Buffer) => R,
    options?: SendOptions,
  ): Promise<R> {
    const connection = this.connectionTo(nodeId, purpose)
    return connection instanceof KafkaError ? Promise.reject(connection) : connection.send(api, body, decode, options)
  }

  /** Sends what kafkajs has the codec of to the cluster's controller. */
  callController<R>(api: KafkaJsApi, fields: object): Promise<R> {
    const connection = this.connectionTo(this.known.controllerId, 'control')
    return connection instanceof KafkaError ? Promise.reject(connection) : connection.call(api, fields)
  }

  /** Closes all sockets and timers at once. Requests in flight are rejected. */
  close(): void {
    this.closed = true
    this.refresh.close()
    this.connections.forEach(connection => connection.close())
    this.connections.clear()
  }

  private connectionTo(nodeId: number, purpose: ConnectionPurpose): BrokerConnection | KafkaError {
    const broker = this.known.brokers.get(nodeId)
    if (this.closed || broker === undefined) {
      return new KafkaError({
        _tag: 'Connection',
        retriable: !this.closed,
        message: this.closed ? 'The client is closed.' : `Broker ${nodeId} is not in the cluster now; metadata may be old.`,
      })
    }
    return this.connectionAt(broker, purpose)
  }

  private connectionAt(address: BrokerAddress, purpose: ConnectionPurpose): BrokerConnection {
    const key = connectionKey(address, purpose)
    const open = this.connections.get(key)
    if (open !== undefined) return open
    const connection = new BrokerConnection(address, this.config)
    this.connections.set(key, connection)
    return connection
  }

  private async askMetadata(topics: readonly string[] | null, create: boolean): Promise<MetadataAnswer> {
    return this.askAnyBroker(connection =>
      connection.send(
        metadata,
        metadata.encodeMetadataRequest({ topics, allowAutoTopicCreation: create }),
        metadata.decodeMetadataResponse,
      ),
    )
  }

  /** Brokers that are connected first, then the others, then the bootstrap servers; the first one that answers. */
  private async askAnyBroker<R>(ask: (connection: BrokerConnection) => Promise<R>): Promise<R> {
    const candidates = [...this.known.brokers.values(), ...this.config.bootstrapServers].map(address =>
      this.closed ? undefined : this.connectionAt(address, 'control'),
    )
    const inOrder = [...new Set(candidates)].sort((a, b) => Number(b?.isOpen ?? false) - Number(a?.isOpen ?? false))
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
      message: this.closed ? 'The client is closed.' : `No broker can be reached. The last one tried: ${failure?.message ?? ''}`,
      cause: failure,
    })
  }

  private learn(answer: MetadataAnswer): void {
    if (answer.brokers.length === 0) return
    this.known = this.known.with(answer)
    const current = new Set([...this.known.brokers.values()].flatMap(broker => purposes.map(purpose => connectionKey(broker, purpose))))
    for (const [key, connection] of this.connections) {
      if (current.has(key)) continue
      connection.close()
      this.connections.delete(key)
    }
  }
}

const purposes: readonly ConnectionPurpose[] = ['control', 'produce', 'fetch']

const connectionKey = ({ host, port }: BrokerAddress, purpose: ConnectionPurpose): string => `${host}:${port} ${purpose}`
