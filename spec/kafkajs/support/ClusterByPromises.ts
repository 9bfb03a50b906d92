import { firstValueFrom, lastValueFrom, type Observable } from 'rxjs'
import { inspectCustom } from '../../../lib/client/concealSecrets.js'
import type { KafkaConfig } from '../../../lib/client/KafkaConfig.js'
import type { KafkaError } from '../../../lib/client/KafkaError.js'
import type { ConnectionPurpose, SendOptions } from '../../../lib/cluster/Brokers.js'
import type { ClientTroubles } from '../../../lib/cluster/ClientTroubles.js'
import { Cluster } from '../../../lib/cluster/Cluster.js'
import type { ClusterMetadata, Leader } from '../../../lib/cluster/ClusterMetadata.js'
import type { CoordinatorType } from '../../../lib/cluster/Coordinators.js'
import type { BrokerErrorContext } from '../../../lib/protocol/brokerError.js'
import type { KafkaApi } from '../../../lib/protocol/requests/KafkaApi.js'
import type { MetadataResponse } from '../../../lib/protocol/requests/metadata.js'
import { KafkaJsBrokers } from '../../../lib/kafkajs/KafkaJsBrokers.js'

/** A {@link Cluster} on kafkajs's connections whose answers are Promises, for specs of the wire. They reject with a `KafkaError`. */
export class ClusterByPromises {
  readonly cluster: Cluster

  constructor(config: KafkaConfig) {
    this.cluster = new Cluster(new KafkaJsBrokers(config, () => this.troubles.unreachable), config)
  }

  /** See {@link start}. */
  static async open(config: KafkaConfig): Promise<ClusterByPromises> {
    const connections = new ClusterByPromises(config)
    await connections.start()
    return connections
  }

  /** See `Cluster.start`. */
  async start(): Promise<void> {
    await ended(this.cluster.start())
  }

  get config(): KafkaConfig {
    return this.cluster.config
  }

  get troubles(): ClientTroubles {
    return this.cluster.troubles
  }

  get metadata(): ClusterMetadata {
    return this.cluster.metadata
  }

  leaderOf(topic: string, partition: number): Leader | undefined {
    return this.cluster.leaderOf(topic, partition)
  }

  partitionCount(topic: string): number | undefined {
    return this.cluster.partitionCount(topic)
  }

  refreshMetadata(topics: Iterable<string>, create = false): Promise<ClusterMetadata> {
    return firstValueFrom(this.cluster.refreshMetadata(topics, create))
  }

  forgetLeaders(topic: string): void {
    this.cluster.forgetLeaders(topic)
  }

  describeTopics(topics: readonly string[] | null): Promise<MetadataResponse> {
    return firstValueFrom(this.cluster.describeTopics(topics))
  }

  coordinator(type: CoordinatorType, key: string): Promise<number> {
    return firstValueFrom(this.cluster.coordinators.of(type, key))
  }

  forgetCoordinator(type: CoordinatorType, key: string): void {
    this.cluster.coordinators.forget(type, key)
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
    return firstValueFrom(this.cluster.send(nodeId, purpose, api, request, options))
  }

  get isClosed(): boolean {
    return this.cluster.isClosed
  }

  brokerError(code: number, context: BrokerErrorContext): KafkaError {
    return this.cluster.brokerError(code, context)
  }

  toJSON(): object {
    return this.cluster.toJSON()
  }

  [inspectCustom](): object {
    return this.toJSON()
  }

  /** Waits, but not longer than the client is open. */
  async pause(ms: number): Promise<void> {
    await firstValueFrom(this.cluster.pause(ms))
  }

  /** Ends everything at once: requests in flight are rejected, waits end. Resolves when the last socket is gone. */
  async close(): Promise<void> {
    await ended(this.cluster.close())
  }
}

const ended = (work$: Observable<never>): Promise<undefined> => lastValueFrom(work$, { defaultValue: undefined })
