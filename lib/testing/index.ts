// The in-memory Kafka
export { MemoryKafka } from '../memory/MemoryKafka.js'
export type { MemoryKafkaOptions, MemoryRecord, ObservedCall } from '../memory/MemoryKafka.js'
export { Fault } from '../memory/Fault.js'
export type { FaultPlan } from '../memory/Fault.js'
