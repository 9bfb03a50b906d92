import { defer, type Observable } from 'rxjs'
import type { KafkaClient } from '../client/KafkaClient.js'
import type { FetcherConfig, ProducerConfig } from '../client/KafkaConfig.js'
import type { KafkaFetcher } from '../client/KafkaFetcher.js'
import type { KafkaProducer, ResumedTransaction, TransactionalProducer } from '../client/KafkaProducer.js'
import { KafkaJsAdmin } from './KafkaJsAdmin.js'
import type { KafkaJsConnections } from './KafkaJsConnections.js'
import { KafkaJsFetcher } from './KafkaJsFetcher.js'
import { KafkaJsProducer } from './KafkaJsProducer.js'
import { KafkaJsTransactionalProducer } from './KafkaJsTransactionalProducer.js'
import { resumeTransaction } from './resumeTransaction.js'

/** {@link KafkaClient} on kafkajs's connections: makes the parts, and closes all it made. */
export class KafkaJsClient implements KafkaClient {
  readonly admin: KafkaJsAdmin
  private readonly fetchers: KafkaJsFetcher[] = []
  private readonly producers: KafkaProducer[] = []

  constructor(private readonly connections: KafkaJsConnections) {
    this.admin = new KafkaJsAdmin(connections)
  }

  fetcher(config: FetcherConfig): KafkaFetcher {
    const fetcher = new KafkaJsFetcher(this.connections, config, String(this.fetchers.length))
    this.fetchers.push(fetcher)
    return fetcher
  }

  producer(config: ProducerConfig): KafkaProducer {
    const producer = new KafkaJsProducer(this.connections, config)
    this.producers.push(producer)
    return producer
  }

  transactionalProducer(transactionalId: string, config: ProducerConfig): TransactionalProducer {
    const producer = new KafkaJsTransactionalProducer(this.connections, transactionalId, config)
    this.producers.push(producer)
    return producer
  }

  resume(transactionalId: string, producerId: bigint, epoch: number): ResumedTransaction {
    return resumeTransaction(this.connections, transactionalId, producerId, epoch)
  }

  close(): Observable<void> {
    return defer(() => {
      this.fetchers.forEach((fetcher) => fetcher.close())
      this.producers.forEach((producer) => producer.close().subscribe({ error: () => {} }))
      return this.connections.close()
    })
  }
}
