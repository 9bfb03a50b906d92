import type { BrokerMetadata } from '../protocol/requests/metadata.js'

/** At least one. The first is controller and coordinates all groups and transactional ids. */
export type MemoryBrokerList = readonly [BrokerMetadata, ...BrokerMetadata[]]

/** So many brokers, with ids from 1 on. */
export const memoryBrokersOf = (count: number): MemoryBrokerList => [
  brokerOf(1),
  ...Array.from({ length: count - 1 }, (_, i) => brokerOf(i + 2)),
]

const brokerOf = (nodeId: number): BrokerMetadata => ({ nodeId, host: 'memory', port: 9091 + nodeId, rack: null })
