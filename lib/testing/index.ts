// The in-memory Kafka
export { MemoryKafka } from '../memory/MemoryKafka.js'
export type { MemoryKafkaOptions, MemoryRecord, ObservedCall } from '../memory/MemoryKafka.js'
export type { Fault, FaultPlan } from '../memory/Fault.js'
