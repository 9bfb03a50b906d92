import { Kafka, logLevel } from 'kafkajs'
import { type BenchCase, stopwatch } from './BenchCase.js'

export const run: BenchCase = async ({ bootstrapServers, topic, records }) => {
  const watch = stopwatch()
  const kafka = new Kafka({ brokers: [bootstrapServers], logLevel: logLevel.ERROR })
  const consumer = kafka.consumer({ groupId: `bench-${process.pid}`, maxWaitTimeInMs: 100 })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  let seen = 0
  let bytes = 0
  await new Promise<void>((resolve, reject) => {
    consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error))
    consumer
      .run({
        eachBatch: ({ batch }) => {
          watch.start()
          for (const { value } of batch.messages) bytes += (value?.toString() ?? '').length
          seen += batch.messages.length
          if (seen >= records) resolve()
          return Promise.resolve()
        },
      })
      .catch(reject)
  })
  const seconds = watch.seconds()
  await consumer.disconnect()
  if (bytes !== records * 100) throw new Error(`${bytes} bytes instead of ${records * 100}`)
  return seconds
}
