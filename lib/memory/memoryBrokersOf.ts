import type { BrokerMetadata } from '../protocol/requests/metadata.js'

/** So many brokers, with ids from 1 on. The first is controller and coordinates all groups and transactional ids. */
export const memoryBrokersOf = (count: number): readonly BrokerMetadata[] =>
  Array.from({ length: count }, (_, i) => ({ nodeId: i + 1, host: 'memory', port: 9092 + i, rack: null }))
