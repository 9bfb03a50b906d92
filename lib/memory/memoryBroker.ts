import type { BrokerMetadata } from '../protocol/requests/metadata.js'

/** The only broker of a cluster in memory: leader, coordinator and controller of all. */
export const MEMORY_BROKER: BrokerMetadata = { nodeId: 1, host: 'memory', port: 9092, rack: null }
