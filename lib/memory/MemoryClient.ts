import { concat, defer, forkJoin, ignoreElements, merge, type Observable, of } from 'rxjs'
import { ClusterAdmin } from '../cluster/admin/ClusterAdmin.js'
import { Cluster } from '../cluster/Cluster.js'
import { ClusterFetcher } from '../cluster/fetcher/ClusterFetcher.js'
import type { KafkaClient } from '../client/KafkaClient.js'
import type { FetcherConfig, ProducerConfig } from '../client/KafkaConfig.js'
import type { KafkaFetcher } from '../client/KafkaFetcher.js'
import type { KafkaProducer, ResumedTransaction, TransactionalProducer } from '../client/KafkaProducer.js'
import { MemoryBrokers } from './MemoryBrokers.js'
import type { MemoryCluster } from './MemoryCluster.js'
import type { MemoryConnection } from './MemoryConnection.js'
import { MemoryProducer } from './MemoryProducer.js'
import { MemoryTransactionalProducer } from './MemoryTransactionalProducer.js'

/** {@link KafkaClient} on the in-memory Kafka. */
export class MemoryClient implements KafkaClient {
  readonly admin: ClusterAdmin
  private readonly known: Cluster
  private readonly fetchers: ClusterFetcher[] = []
  private producers: readonly MemoryProducer[] = []

  constructor(
    private readonly cluster: MemoryCluster,
    private readonly connection: MemoryConnection,
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
    return this.keep(new MemoryProducer(this.cluster, this.connection, config))
  }

  transactionalProducer(transactionalId: string, config: ProducerConfig): TransactionalProducer {
    return this.keep(new MemoryTransactionalProducer(transactionalId, this.cluster, this.connection, config))
  }

  resume(transactionalId: string, producerId: bigint, epoch: number): ResumedTransaction {
    const transaction = { transactionalId, producerId, epoch }
    const end = (marker: 'commit' | 'abort'): Observable<void> =>
      this.connection.persist({ api: 'EndTxn', transactionalId }, () =>
        this.cluster.endTransaction(transaction, marker),
      )
    return { commit: () => end('commit'), abort: () => end('abort') }
  }

  close(): Observable<void> {
    return defer(() => {
      this.fetchers.forEach((fetcher) => fetcher.close())
      const closing = this.producers.map((producer) => producer.close())
      this.closed()
      return concat(merge(forkJoin(closing).pipe(ignoreElements()), this.known.close()), of(undefined))
    })
  }

  /** A sink makes a producer per checkpoint, so those that are closed are forgotten. */
  private keep<P extends MemoryProducer>(producer: P): P {
    this.producers = [...this.producers.filter(({ isClosed }) => !isClosed), producer]
    return producer
  }
}
