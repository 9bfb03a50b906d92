import type { KafkaProperties, KafkaPropertyValue } from '../config/KafkaProperties.js'
import { randomClientId } from '../config/randomClientId.js'
import { Boundedness } from './Boundedness.js'
import type { OffsetsInitializer } from './offsets/OffsetsInitializer.js'

export interface EffectiveProperties {
  readonly properties: KafkaProperties
  readonly warnings: readonly string[]
}

/** The properties with what a source decides by itself, as Flink's builder leaves them. */
export const effectiveProperties = (
  given: KafkaProperties,
  startingOffsets: OffsetsInitializer,
  boundedness: Boundedness,
): EffectiveProperties => {
  const forced: Record<string, KafkaPropertyValue> = {
    'auto.offset.reset': startingOffsets.autoOffsetResetStrategy,
    ...(boundedness === Boundedness.BOUNDED ? { 'partition.discovery.interval.ms': '-1' } : {}),
    ...(given['group.id'] === undefined ? { 'commit.offsets.on.checkpoint': 'false' } : {}),
  }
  const prefix = given['client.id'] ?? given['group.id'] ?? randomClientId('KafkaSource')
  const overridden = Object.keys(forced).filter(
    (key) => given[key] !== undefined && String(given[key]).toLowerCase() !== String(forced[key]),
  )
  return {
    properties: {
      'enable.auto.commit': 'false',
      'client.id.prefix': prefix,
      ...given,
      ...forced,
    },
    warnings: [
      ...overridden.map(
        (key) =>
          `Property ${key} is provided but will be overridden from ${String(given[key])} to ${String(forced[key])}`,
      ),
      ...(given['group.id'] === undefined
        ? ['Offset commit on checkpoint is disabled because group.id is not specified']
        : []),
    ],
  }
}
