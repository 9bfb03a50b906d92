import { asyncScheduler } from 'rxjs'
import { MemoryBrokers } from '../../../lib/memory/MemoryBrokers.js'
import { MemoryCluster } from '../../../lib/memory/MemoryCluster.js'
import { MemoryConnection } from '../../../lib/memory/MemoryConnection.js'
import { brokersConfig } from './brokersConfig.js'
import { describeBrokersContract } from './describeBrokersContract.js'

describeBrokersContract('the in-memory Kafka', () => {
  const wire = { latencyMs: 0, fault: () => undefined, observe: () => undefined }
  const connection = new MemoryConnection(brokersConfig([{ host: 'memory', port: 9092 }]), wire)
  return new MemoryBrokers(new MemoryCluster({ scheduler: asyncScheduler }), connection)
})
