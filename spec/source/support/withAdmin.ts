import { tap } from 'rxjs'
import type { KafkaAdmin } from '../../../lib/client/KafkaAdmin.js'
import type { ConnectKafka } from '../../../lib/client/KafkaClient.js'
import type { MemoryKafka } from '../../../lib/memory/MemoryKafka.js'

/** Connects to the Kafka with some calls of the admin replaced; who replaces is given the true one. */
export const withAdmin =
  (kafka: MemoryKafka, replace: (admin: KafkaAdmin) => Partial<KafkaAdmin>): ConnectKafka =>
  (config) =>
    kafka.connect(config).pipe(
      tap((client) => {
        const admin: unknown = Object.create(client.admin)
        Object.assign(client, { admin: Object.assign(admin as KafkaAdmin, replace(client.admin)) })
      }),
    )
