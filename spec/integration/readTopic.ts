import type { FetcherConfig } from '../../lib/client/KafkaConfig.js'
import type { KafkaClient } from '../../lib/client/KafkaClient.js'
import { TopicPartition } from '../../lib/client/TopicPartition.js'
import { fetcherConfig } from '../../lib/conformance/client/ContractScene.js'

/** From one offset to before another, of the partition with this index. */
export interface Range {
  readonly from: number
  readonly to: number
}

export interface TopicRecord {
  readonly partition: number
  readonly offset: number
  readonly key: string | null
  readonly value: string | null
}

/** Reads all partitions of a topic by one fetcher: several of them in one fetch, as a source does. Answers them one by one. */
export const readTopic = (
  client: KafkaClient,
  topic: string,
  ranges: readonly Range[],
  config: Partial<FetcherConfig>,
): Promise<readonly (readonly TopicRecord[])[]> =>
  new Promise((resolve, reject) => {
    const fetcher = client.fetcher(fetcherConfig(config))
    const records: TopicRecord[][] = ranges.map(() => [])
    const open = new Set(ranges.flatMap(({ from, to }, partition) => (from < to ? [partition] : [])))
    const end = (): void => {
      fetcher.close()
      resolve(records)
    }
    fetcher.fetched$.subscribe({
      next: (fetched) => {
        if (fetched._tag === 'FetchFailed') return reject(fetched.error)
        const { partition } = fetched.topicPartition
        while (!fetched.exhausted) {
          for (const { offset, key, value } of fetched.take(1000)) {
            records[partition]?.push({
              ...{ partition, offset },
              key: key?.toString() ?? null,
              value: value?.toString() ?? null,
            })
          }
        }
        if (fetched.position < ranges[partition]!.to) return fetcher.request(fetched.topicPartition)
        open.delete(partition)
        if (open.size === 0) end()
      },
      error: reject,
    })
    for (const partition of open) {
      const topicPartition = new TopicPartition(topic, partition)
      fetcher.assign(topicPartition, ranges[partition]!.from)
      fetcher.request(topicPartition)
    }
    if (open.size === 0) end()
  })
