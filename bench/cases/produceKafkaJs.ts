import { Kafka, logLevel } from 'kafkajs'
import { type BenchCase, benchValue, stopwatch } from './BenchCase.js'

const IN_A_SEND = 1000
const IN_FLIGHT = 5

export const run: BenchCase = async ({ bootstrapServers, output, records }) => {
  const kafka = new Kafka({ brokers: [bootstrapServers], logLevel: logLevel.ERROR })
  const producer = kafka.producer({ idempotent: false })
  await producer.connect()
  const watch = stopwatch()
  watch.start()
  let next = 0
  const worker = async () => {
    while (next < records) {
      const from = next
      next = Math.min(records, next + IN_A_SEND)
      const messages = Array.from({ length: next - from }, (_, n) => ({ value: benchValue(from + n) }))
      await producer.send({ topic: output, messages, acks: -1 })
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker))
  const seconds = watch.seconds()
  await producer.disconnect()
  return seconds
}
