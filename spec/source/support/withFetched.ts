import { map, tap } from 'rxjs'
import type { ConnectKafka } from '../../../lib/client/KafkaClient.js'
import type { FetchedRecords, KafkaFetcher } from '../../../lib/client/KafkaFetcher.js'
import type { MemoryKafka } from '../../../lib/memory/MemoryKafka.js'

/** Connects to the Kafka with what is fetched replaced. */
export const withFetched =
  (kafka: MemoryKafka, replace: (fetched: FetchedRecords) => FetchedRecords): ConnectKafka =>
  (config) =>
    kafka.connect(config).pipe(
      tap((client) => {
        const make = client.fetcher.bind(client)
        client.fetcher = (fetcherConfig) => {
          const fetcher = make(fetcherConfig)
          const fetched$ = fetcher.fetched$.pipe(map((one) => (one._tag === 'Fetched' ? replace(one) : one)))
          return Object.assign(Object.create(fetcher) as KafkaFetcher, { fetched$ })
        }
      }),
    )
