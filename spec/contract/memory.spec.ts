import { MemoryKafka } from '../../lib/memory/MemoryKafka.js'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { describeClientContract } from '../../lib/conformance/index.js'

const framework = { afterEach, beforeEach, describe, expect, it }
const bootstrapServers = [{ host: 'memory', port: 9092 }]

describeClientContract(
  'the in-memory Kafka',
  () => ({ connect: new MemoryKafka().connect, bootstrapServers }),
  framework,
)

describeClientContract(
  'an in-memory Kafka with latency',
  () => ({ connect: new MemoryKafka({ latencyMs: 3 }).connect, bootstrapServers }),
  framework,
)
