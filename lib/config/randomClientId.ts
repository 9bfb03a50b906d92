import { randomBytes } from 'node:crypto'

/**
 * `<name>-<random number>`, as Flink's `KafkaSourceBuilder` names a client that nothing else names: brokers tell clients apart by
 * their ids (quotas, request logs), so two jobs must not share one. Made once, when a source or a sink is built, so that all its
 * attempts keep it.
 */
export const randomClientId = (name: string): string => `${name}-${randomBytes(8).readBigInt64BE()}`
