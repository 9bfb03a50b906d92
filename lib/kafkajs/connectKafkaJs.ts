import { defer } from 'rxjs'
import { concealSecrets } from '../client/concealSecrets.js'
import type { ConnectKafka } from '../client/KafkaClient.js'
import { Cluster } from '../cluster/Cluster.js'
import { openClient } from '../cluster/openClient.js'
import { KafkaJsBrokers } from './KafkaJsBrokers.js'

/**
 * Opens a client on kafkajs's connections; the default adapter.
 *
 * Errors: `Connection` when no bootstrap server answers within `request.timeout.ms` (a warning says at once that it is waited for),
 * `Authentication` when the cluster refuses us, `Unsupported` for brokers before Kafka 2.3. Unsubscribing ends the wait.
 */
export const connectKafkaJs: ConnectKafka = (given) =>
  defer(() => {
    const config = concealSecrets(given)
    const cluster: Cluster = new Cluster(new KafkaJsBrokers(config, () => cluster.troubles.unreachable), config)
    return openClient(cluster)
  })
