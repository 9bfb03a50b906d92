import { Observable } from 'rxjs'
import { concealSecrets } from '../client/concealSecrets.js'
import type { ConnectKafka, KafkaClient } from '../client/KafkaClient.js'
import { Cluster } from '../cluster/Cluster.js'
import { ClusterClient } from '../cluster/ClusterClient.js'
import { KafkaJsBrokers } from './KafkaJsBrokers.js'

/**
 * Opens a client on kafkajs's connections; the default adapter.
 *
 * Errors: `Connection` when no bootstrap server answers within `request.timeout.ms` (a warning says at once that it is waited for),
 * `Authentication` when the cluster refuses us, `Unsupported` for brokers before Kafka 2.3. Unsubscribing ends the wait.
 */
export const connectKafkaJs: ConnectKafka = (given) =>
  new Observable<KafkaClient>((subscriber) => {
    const config = concealSecrets(given)
    const cluster: Cluster = new Cluster(new KafkaJsBrokers(config, () => cluster.troubles.unreachable), config)
    let started = false
    const starting = cluster.start().subscribe({
      error: (error: unknown) => subscriber.error(error),
      complete: () => {
        started = true
        subscriber.next(new ClusterClient(cluster))
        subscriber.complete()
      },
    })
    return () => {
      starting.unsubscribe()
      if (!started) cluster.close().subscribe({ error: () => undefined })
    }
  })
