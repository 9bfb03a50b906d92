import { defer, type Observable } from 'rxjs'
import type { KafkaClient } from '../client/KafkaClient.js'
import type { FetcherConfig, ProducerConfig } from '../client/KafkaConfig.js'
import type { KafkaFetcher } from '../client/KafkaFetcher.js'
import type { KafkaProducer, ResumedTransaction, TransactionalProducer } from '../client/KafkaProducer.js'
import { ClusterAdmin } from '../cluster/admin/ClusterAdmin.js'
import { ClusterFetcher } from '../cluster/fetcher/ClusterFetcher.js'
import { ClusterProducer } from '../cluster/producer/ClusterProducer.js'
import { ClusterTransactionalProducer } from '../cluster/producer/ClusterTransactionalProducer.js'
import { resumeTransaction } from '../cluster/producer/resumeTransaction.js'
import { SpareBuilders } from '../cluster/producer/SpareBuilders.js'
import type { KafkaJsConnections } from './KafkaJsConnections.js'

/** {@link KafkaClient} on kafkajs's connections: makes the parts, and closes all it made. */
export class KafkaJsClient implements KafkaClient {
  readonly admin: ClusterAdmin
  private readonly fetchers: ClusterFetcher[] = []
  private readonly producers = new Set<ClusterProducer | ClusterTransactionalProducer>()
  private readonly spare = new SpareBuilders()

  constructor(private readonly connections: KafkaJsConnections) {
    this.admin = new ClusterAdmin(connections.cluster)
  }

  fetcher(config: FetcherConfig): KafkaFetcher {
    const fetcher = new ClusterFetcher(this.connections.cluster, config, String(this.fetchers.length))
    this.fetchers.push(fetcher)
    return fetcher
  }

  producer(config: ProducerConfig): KafkaProducer {
    return this.keep(new ClusterProducer(this.connections.cluster, config, this.spare))
  }

  transactionalProducer(transactionalId: string, config: ProducerConfig): TransactionalProducer {
    return this.keep(new ClusterTransactionalProducer(this.connections.cluster, transactionalId, config, this.spare))
  }

  resume(transactionalId: string, producerId: bigint, epoch: number): ResumedTransaction {
    return resumeTransaction(this.connections.cluster, transactionalId, producerId, epoch)
  }

  close(): Observable<void> {
    return defer(() => {
      this.fetchers.forEach((fetcher) => fetcher.close())
      this.producers.forEach((producer) => producer.close().subscribe({ error: () => {} }))
      return this.connections.close()
    })
  }

  /** Until it is closed: an exactly-once sink has a new producer for each checkpoint. */
  private keep<P extends ClusterProducer | ClusterTransactionalProducer>(producer: P): P {
    for (const former of this.producers) if (former.isClosed) this.producers.delete(former)
    this.producers.add(producer)
    return producer
  }
}
