import { concatMap, EMPTY, expand, first, lastValueFrom, of } from 'rxjs'
import { defaultConnect, type KafkaClient } from '../lib/index.js'
import { benchValue, PARTITIONS } from './cases/BenchCase.js'
import { kafkaConfig, producerConfig } from './configs.js'

const withClient = async (bootstrapServers: string, act: (client: KafkaClient) => Promise<unknown>): Promise<void> => {
  const client = await lastValueFrom(defaultConnect(kafkaConfig(bootstrapServers)))
  try {
    await act(client)
  } finally {
    await lastValueFrom(client.close(), { defaultValue: undefined })
  }
}

export const createTopic = (bootstrapServers: string, topic: string, partitions = PARTITIONS): Promise<void> =>
  withClient(bootstrapServers, ({ admin }) =>
    lastValueFrom(admin.createTopics([{ topic, partitions }]), { defaultValue: undefined }),
  )

/** Spread evenly over the partitions. */
export const fillTopic = (
  bootstrapServers: string,
  topic: string,
  records: number,
  partitions = PARTITIONS,
): Promise<void> =>
  withClient(bootstrapServers, (client) => {
    const producer = client.producer(producerConfig(bootstrapServers))
    const from = (start: number) => {
      let n = start
      while (n < records) {
        const partition = n % partitions
        if (!producer.append({ topic, partition, value: benchValue(n++) })) break
      }
      const done$ = n < records ? producer.room$.pipe(first()) : producer.flush()
      return done$.pipe(concatMap(() => of(n)))
    }
    return lastValueFrom(from(0).pipe(expand((n) => (n < records ? from(n) : EMPTY))))
  })
