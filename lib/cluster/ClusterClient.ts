import { concat, defer, type Observable, of } from 'rxjs'
import type { KafkaClient } from '../client/KafkaClient.js'
import type { FetcherConfig, ProducerConfig } from '../client/KafkaConfig.js'
import type { KafkaFetcher } from '../client/KafkaFetcher.js'
import type { KafkaProducer, ResumedTransaction, TransactionalProducer } from '../client/KafkaProducer.js'
import { noMetrics } from '../metrics/noMetrics.js'
import { ProduceMetrics } from '../metrics/ProduceMetrics.js'
import { ClusterAdmin } from './admin/ClusterAdmin.js'
import type { Cluster } from './Cluster.js'
import { ClusterFetcher } from './fetcher/ClusterFetcher.js'
import { ClusterProducer } from './producer/ClusterProducer.js'
import { ClusterTransactionalProducer } from './producer/ClusterTransactionalProducer.js'
import { resumeTransaction } from './producer/resumeTransaction.js'
import type { SharedByProducers } from './producer/SharedByProducers.js'
import { SpareBuilders } from './producer/SpareBuilders.js'

/** {@link KafkaClient} above the port of brokers, over sockets and in memory: makes the parts, and closes all it made. */
export class ClusterClient implements KafkaClient {
  readonly admin: ClusterAdmin
  private readonly fetchers: ClusterFetcher[] = []
  private readonly producers = new Set<ClusterProducer | ClusterTransactionalProducer>()
  private shared: SharedByProducers | undefined

  /** @param cluster started, or starting; closed with the client */
  constructor(private readonly cluster: Cluster) {
    this.admin = new ClusterAdmin(cluster)
  }

  fetcher(config: FetcherConfig): KafkaFetcher {
    const fetcher = new ClusterFetcher(this.cluster, config, String(this.fetchers.length))
    this.fetchers.push(fetcher)
    return fetcher
  }

  producer(config: ProducerConfig): KafkaProducer {
    return this.keep(new ClusterProducer(this.cluster, config, this.sharing()))
  }

  transactionalProducer(transactionalId: string, config: ProducerConfig): TransactionalProducer {
    return this.keep(new ClusterTransactionalProducer(this.cluster, transactionalId, config, this.sharing()))
  }

  resume(transactionalId: string, producerId: bigint, epoch: number): ResumedTransaction {
    return resumeTransaction(this.cluster, transactionalId, producerId, epoch)
  }

  close(): Observable<void> {
    return defer(() => {
      this.fetchers.forEach((fetcher) => fetcher.close())
      this.producers.forEach((producer) => producer.close().subscribe({ error: () => undefined }))
      return concat(this.cluster.close(), of(undefined))
    })
  }

  /** Made with the first producer: a client of a source has none, and measures nothing of them. */
  private sharing(): SharedByProducers {
    const { config, now } = this.cluster
    this.shared ??= { spare: new SpareBuilders(), metrics: new ProduceMetrics(config.metrics ?? noMetrics, now) }
    return this.shared
  }

  /** Until it is closed: an exactly-once sink has a new producer for each checkpoint. */
  private keep<P extends ClusterProducer | ClusterTransactionalProducer>(producer: P): P {
    for (const former of this.producers) if (former.isClosed) this.producers.delete(former)
    this.producers.add(producer)
    return producer
  }
}
