import { Observable } from 'rxjs'
import type { ConnectKafka, KafkaClient } from '../client/KafkaClient.js'
import { KafkaJsClient } from './KafkaJsClient.js'
import { KafkaJsConnections } from './KafkaJsConnections.js'

/**
 * Opens a client on kafkajs's connections; the default adapter.
 *
 * Errors: `Connection` when no bootstrap server answers, `Authentication` when the cluster refuses us, `Unsupported` for
 * brokers before Kafka 2.3. A client that nobody waits for any more when it is ready is closed.
 */
export const connectKafkaJs: ConnectKafka = (config) =>
  new Observable<KafkaClient>((subscriber) => {
    KafkaJsConnections.open(config).then(
      (connections) => {
        if (subscriber.closed) return void connections.close()
        subscriber.next(new KafkaJsClient(connections))
        subscriber.complete()
      },
      (error: unknown) => subscriber.error(error),
    )
  })
