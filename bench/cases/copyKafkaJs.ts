import { Kafka, logLevel, type Transaction } from 'kafkajs'
import { type BenchCase, stopwatch } from './BenchCase.js'

/** kafkajs's own way: a transaction a second, with the offsets sent into it. */
export const run: BenchCase = async ({ bootstrapServers, topic, output, records }) => {
  const watch = stopwatch()
  const groupId = `bench-${process.pid}`
  const kafka = new Kafka({ brokers: [bootstrapServers], logLevel: logLevel.NOTHING })
  const producer = kafka.producer({ transactionalId: output, idempotent: true, maxInFlightRequests: 5 })
  const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 100, readUncommitted: false })
  await Promise.all([producer.connect(), consumer.connect()])
  await consumer.subscribe({ topic, fromBeginning: true })
  let copied = 0
  let transaction: Transaction | undefined
  let openedAt = 0
  const offsets = new Map<number, string>()
  const commit = async () => {
    if (transaction === undefined) return
    const partitions = [...offsets].map(([partition, offset]) => ({ partition, offset }))
    await transaction.sendOffsets({ consumerGroupId: groupId, topics: [{ topic, partitions }] })
    await transaction.commit()
    transaction = undefined
    offsets.clear()
  }
  await new Promise<void>((resolve, reject) => {
    consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error))
    consumer
      .run({
        autoCommit: false,
        eachBatch: async ({ batch }) => {
          watch.start()
          if (transaction === undefined) {
            transaction = await producer.transaction()
            openedAt = performance.now()
          }
          await transaction.send({ topic: output, messages: batch.messages.map(({ key, value }) => ({ key, value })) })
          offsets.set(batch.partition, String(Number(batch.lastOffset()) + 1))
          copied += batch.messages.length
          if (copied >= records || performance.now() - openedAt > 1000) await commit()
          if (copied >= records) resolve()
        },
      })
      .catch(reject)
  })
  const seconds = watch.seconds()
  await Promise.all([consumer.disconnect(), producer.disconnect()])
  return seconds
}
