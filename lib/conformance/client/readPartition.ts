import type { KafkaClient } from '../../client/KafkaClient.js'
import type { FetcherConfig } from '../../client/KafkaConfig.js'
import type { Headers } from '../../client/Headers.js'
import type { TopicPartition } from '../../client/TopicPartition.js'
import { fetcherConfig } from './ContractScene.js'

export interface ReadRecord {
  readonly offset: number
  readonly timestamp: number
  readonly key: string | null
  readonly value: string | null
  readonly headers: Headers
}

export interface ReadOptions extends Partial<FetcherConfig> {
  /** where to begin */
  readonly from?: number
  /** done when the position is here */
  readonly to: number
  /** records per `take` */
  readonly take?: number
}

export interface ReadResult {
  readonly records: readonly ReadRecord[]
  readonly values: readonly (string | null)[]
  /** after each `take` */
  readonly positions: readonly number[]
  readonly fetches: number
  readonly largestFetch: number
}

/** Reads a partition from one offset to another, with demand as a source has it. */
export const readPartition = (
  client: KafkaClient,
  topicPartition: TopicPartition,
  { from = 0, to, take = 1000, ...config }: ReadOptions,
): Promise<ReadResult> =>
  new Promise((resolve, reject) => {
    const fetcher = client.fetcher(fetcherConfig(config))
    const records: ReadRecord[] = []
    const positions: number[] = []
    let fetches = 0
    let largestFetch = 0
    fetcher.fetched$.subscribe({
      next: (fetched) => {
        if (fetched._tag === 'FetchFailed') return reject(fetched.error)
        fetches++
        largestFetch = Math.max(largestFetch, fetched.bytes)
        while (!fetched.exhausted) {
          for (const { offset, timestamp, key, value, headers } of fetched.take(take)) {
            records.push({
              offset,
              timestamp,
              key: key?.toString() ?? null,
              value: value?.toString() ?? null,
              headers: headers.map((header) => ({ key: header.key, value: header.value && Buffer.from(header.value) })),
            })
          }
          positions.push(fetched.position)
        }
        if (fetched.position < to) return fetcher.request(topicPartition)
        fetcher.close()
        positions.push(fetched.position)
        resolve({ records, values: records.map(({ value }) => value), positions, fetches, largestFetch })
      },
      error: reject,
    })
    fetcher.assign(topicPartition, from)
    fetcher.request(topicPartition)
  })
