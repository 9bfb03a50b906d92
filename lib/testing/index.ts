// Pictures in virtual time
export { runMarbles } from './runMarbles.js'
export type { MarbleHelpers } from './runMarbles.js'
export type { Produced, SceneHelpers, SceneOptions } from './KafkaScene.js'
export type { ToBe } from './Expectations.js'
export { MarbleMismatch } from './MarbleMismatch.js'
export type { MarbleCheck } from './MarbleMismatch.js'
export type { Marble } from './Marble.js'
export { record, watermark } from './marbleElements.js'
export type { ElementTable } from './marbleElements.js'
export { showElement } from './showElement.js'
export { Upstream } from './Upstream.js'

// Crashes
export { crashEverywhere } from './crashEverywhere.js'
export type { CrashOptions } from './crashEverywhere.js'
export { CrashMismatch } from './CrashMismatch.js'
export type { CrashCase } from './CrashMismatch.js'

// The in-memory Kafka
export { MemoryKafka } from '../memory/MemoryKafka.js'
export type { MemoryKafkaOptions, MemoryRecord, ObservedCall } from '../memory/MemoryKafka.js'
export { Fault } from '../memory/Fault.js'
export type { FaultPlan } from '../memory/Fault.js'
