import { MemoryKafka } from '../../lib/memory/MemoryKafka.js'
import { describeClientContract } from './clientContract.js'

const bootstrapServers = [{ host: 'memory', port: 9092 }]

describeClientContract('the in-memory Kafka', () => ({ connect: new MemoryKafka().connect, bootstrapServers }))

describeClientContract('an in-memory Kafka with latency', () => ({
  connect: new MemoryKafka({ latencyMs: 3 }).connect,
  bootstrapServers,
}))
