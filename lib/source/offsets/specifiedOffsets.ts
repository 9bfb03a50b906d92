import { map } from 'rxjs'
import type { Offset } from '../../client/Offset.js'
import type { OffsetResetStrategy } from '../../client/OffsetResetStrategy.js'
import { type TopicPartition, topicPartitionKey } from '../../client/TopicPartition.js'
import { configError } from '../../config/ConfigError.js'
import { committedOffsets } from './committedOffsets.js'
import type { OffsetsResolver } from './OffsetsResolver.js'

export type OffsetsByTopicPartition = ReadonlyMap<{ readonly topic: string; readonly partition: number }, Offset>

/** These offsets; partitions without: committed, then by the reset strategy. */
export const specifiedOffsets = (
  offsets: OffsetsByTopicPartition | Readonly<Record<string, Offset>>,
  reset: OffsetResetStrategy,
): OffsetsResolver => {
  const given: ReadonlyMap<string, Offset> =
    offsets instanceof Map
      ? new Map(
          [...(offsets as OffsetsByTopicPartition)].map(([partition, offset]) => [
            topicPartitionKey(partition),
            offset,
          ]),
        )
      : new Map(Object.entries(offsets))
  const others = committedOffsets(reset)
  return {
    autoOffsetResetStrategy: reset,
    getPartitionOffsets: (partitions, retriever) => {
      const isGiven = (partition: TopicPartition): boolean => given.has(topicPartitionKey(partition))
      return others
        .getPartitionOffsets(
          partitions.filter((partition) => !isGiven(partition)),
          retriever,
        )
        .pipe(
          map(
            (rest) =>
              new Map([
                ...rest,
                ...partitions
                  .filter(isGiven)
                  .map(topicPartitionKey)
                  .map((key) => [key, given.get(key)!] as const),
              ]),
          ),
        )
    },
    validate: () =>
      [...given]
        .filter(([, offset]) => !Number.isSafeInteger(offset) || offset < 0)
        .map(([key, offset]) =>
          configError(
            key,
            `Invalid offset ${offset} is specified for partition ${key}. It should be a whole number from 0.`,
            offset,
          ),
        ),
  }
}
