import { concat, defer, type Observable, of } from 'rxjs'
import { ClusterAdmin } from '../cluster/admin/ClusterAdmin.js'
import { Cluster } from '../cluster/Cluster.js'
import { ClusterFetcher } from '../cluster/fetcher/ClusterFetcher.js'
import { ClusterProducer } from '../cluster/producer/ClusterProducer.js'
import { ClusterTransactionalProducer } from '../cluster/producer/ClusterTransactionalProducer.js'
import { resumeTransaction } from '../cluster/producer/resumeTransaction.js'
import { SpareBuilders } from '../cluster/producer/SpareBuilders.js'
import type { KafkaClient } from '../client/KafkaClient.js'
import type { FetcherConfig, ProducerConfig } from '../client/KafkaConfig.js'
import type { KafkaFetcher } from '../client/KafkaFetcher.js'
import type { KafkaProducer, ResumedTransaction, TransactionalProducer } from '../client/KafkaProducer.js'
import { MemoryBrokers } from './MemoryBrokers.js'
import type { MemoryCluster } from './MemoryCluster.js'
import type { MemoryConnection } from './MemoryConnection.js'

/** {@link KafkaClient} on the in-memory Kafka. */
export class MemoryClient implements KafkaClient {
  readonly admin: ClusterAdmin
  private readonly known: Cluster
  private readonly fetchers: ClusterFetcher[] = []
  private readonly producers = new Set<ClusterProducer | ClusterTransactionalProducer>()
  private readonly spare = new SpareBuilders()

  constructor(
    cluster: MemoryCluster,
    connection: MemoryConnection,
    private readonly closed: () => void,
  ) {
    const { config, process: scheduler } = connection
    this.known = new Cluster(new MemoryBrokers(cluster, connection), { ...config, scheduler })
    this.admin = new ClusterAdmin(this.known)
  }

  /** Completes once it knows who is in the cluster. */
  start(): Observable<never> {
    return this.known.start()
  }

  fetcher(config: FetcherConfig): KafkaFetcher {
    const fetcher = new ClusterFetcher(this.known, config, String(this.fetchers.length))
    this.fetchers.push(fetcher)
    return fetcher
  }

  producer(config: ProducerConfig): KafkaProducer {
    return this.keep(new ClusterProducer(this.known, config, this.spare))
  }

  transactionalProducer(transactionalId: string, config: ProducerConfig): TransactionalProducer {
    return this.keep(new ClusterTransactionalProducer(this.known, transactionalId, config, this.spare))
  }

  resume(transactionalId: string, producerId: bigint, epoch: number): ResumedTransaction {
    return resumeTransaction(this.known, transactionalId, producerId, epoch)
  }

  close(): Observable<void> {
    return defer(() => {
      this.fetchers.forEach((fetcher) => fetcher.close())
      this.producers.forEach((producer) => producer.close().subscribe({ error: () => undefined }))
      this.closed()
      return concat(this.known.close(), of(undefined))
    })
  }

  /** A sink makes a producer per checkpoint, so those that are closed are forgotten. */
  private keep<P extends ClusterProducer | ClusterTransactionalProducer>(producer: P): P {
    for (const former of this.producers) if (former.isClosed) this.producers.delete(former)
    this.producers.add(producer)
    return producer
  }
}
