import { concat, defer, of } from 'rxjs'
import { asyncScheduler } from 'rxjs'
import type { ConnectKafka } from '../../../lib/client/KafkaClient.js'
import type { KafkaConfig } from '../../../lib/client/KafkaConfig.js'
import { Cluster } from '../../../lib/cluster/Cluster.js'
import { ClusterClient } from '../../../lib/cluster/ClusterClient.js'
import { MemoryBrokers } from '../../../lib/memory/MemoryBrokers.js'
import { MemoryCluster } from '../../../lib/memory/MemoryCluster.js'
import { MemoryConnection } from '../../../lib/memory/MemoryConnection.js'
import { brokersConfig } from './brokersConfig.js'
import { describeBrokersContract } from './describeBrokersContract.js'
import { describeFetchContract } from './describeFetchContract.js'
import { describeWriteContract } from './describeWriteContract.js'

const bootstrapServers = [{ host: 'memory', port: 9092 }]
const connectionOf = (config: KafkaConfig = brokersConfig(bootstrapServers)): MemoryConnection =>
  new MemoryConnection(config, { latencyMs: 0, fault: () => undefined, observe: () => undefined })

const brokersInMemory = () => new MemoryBrokers(new MemoryCluster({ scheduler: asyncScheduler }), connectionOf())

describeBrokersContract('the in-memory Kafka', brokersInMemory)
describeWriteContract('the in-memory Kafka', brokersInMemory)

describeFetchContract('the in-memory Kafka', () => {
  const cluster = new MemoryCluster({ scheduler: asyncScheduler })
  const connect: ConnectKafka = (config) =>
    defer(() => {
      const known = new Cluster(new MemoryBrokers(cluster, connectionOf(config)), config)
      return concat(known.start(), of(new ClusterClient(known)))
    })
  return { brokers: new MemoryBrokers(cluster, connectionOf()), connect, bootstrapServers }
})
