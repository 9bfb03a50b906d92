import { Observable } from 'rxjs'
import type { ConnectKafka, KafkaClient } from '../client/KafkaClient.js'
import { KafkaJsClient } from './KafkaJsClient.js'
import { KafkaJsConnections } from './KafkaJsConnections.js'

/**
 * Opens a client on kafkajs's connections; the default adapter.
 *
 * Errors: `Connection` when no bootstrap server answers within `request.timeout.ms` (a warning says at once that it is waited for),
 * `Authentication` when the cluster refuses us, `Unsupported` for brokers before Kafka 2.3. Unsubscribing ends the wait.
 */
export const connectKafkaJs: ConnectKafka = (config) =>
  new Observable<KafkaClient>((subscriber) => {
    const connections = new KafkaJsConnections(config)
    let started = false
    connections.start().then(
      () => {
        started = true
        if (subscriber.closed) return void connections.close()
        subscriber.next(new KafkaJsClient(connections))
        subscriber.complete()
      },
      (error: unknown) => subscriber.error(error),
    )
    return () => {
      if (!started) void connections.close()
    }
  })
