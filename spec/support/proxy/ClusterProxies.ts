import type { KafkaCluster } from '../kafka/KafkaCluster.js'
import type { Interception } from './Interception.js'
import { type Conditions, KafkaProxy } from './KafkaProxy.js'

/** A proxy before every broker of a cluster that was started with `clientListener`. */
export class ClusterProxies {
  private constructor(readonly proxies: readonly KafkaProxy[]) {}

  static async before(cluster: KafkaCluster): Promise<ClusterProxies> {
    const starting = cluster.brokers.map(({ id, host, clientListener }) => {
      if (clientListener === undefined) throw new Error('start the cluster with clientListener: true')
      const { port, advertisedPort } = clientListener
      return KafkaProxy.start({ port: advertisedPort, target: { host, port }, brokerId: id })
    })
    return new ClusterProxies(await Promise.all(starting))
  }

  /** Clients that start from here meet proxies only. */
  get bootstrapServers(): string {
    return this.proxies.map(({ address }) => address).join()
  }

  async become(conditions: Conditions): Promise<void> {
    await Promise.all(this.proxies.map((proxy) => proxy.become(conditions)))
  }

  cut(how?: 'fin' | 'rst'): void {
    for (const proxy of this.proxies) proxy.cut(how)
  }

  /** Counts over all brokers. */
  intercept(interception: Interception): void {
    for (const proxy of this.proxies) proxy.intercept(interception)
  }

  forget(interception: Interception): void {
    for (const proxy of this.proxies) proxy.forget(interception)
  }

  async stop(): Promise<void> {
    await Promise.all(this.proxies.map((proxy) => proxy.stop()))
  }
}
