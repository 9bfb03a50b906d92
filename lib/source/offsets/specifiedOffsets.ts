import { forkJoin, map, type Observable, of } from 'rxjs'
import type { Offset, OffsetsByPartition } from '../../client/Offset.js'
import type { OffsetResetStrategy } from '../../client/OffsetResetStrategy.js'
import { type TopicPartition, topicPartitionKey } from '../../client/TopicPartition.js'
import { type ConfigError, configError } from '../../config/ConfigError.js'
import { committedOffsets, committedOr } from './committedOffsets.js'
import { illegalOffset, isLegalOffset } from './legalOffset.js'
import { OffsetSentinel } from './OffsetSentinel.js'
import type { OffsetRole, OffsetsResolver } from './OffsetsResolver.js'
import { resetOffsets } from './resetOffsets.js'

/** Offsets by partition. Keys are compared by topic and number, so any object with these two is one. */
export type OffsetsByTopicPartition = ReadonlyMap<{ readonly topic: string; readonly partition: number }, Offset>

/** These offsets; partitions without: committed, then by the reset strategy. */
export const specifiedOffsets = (
  offsets: OffsetsByTopicPartition | Readonly<Record<string, Offset>>,
  reset: OffsetResetStrategy,
): OffsetsResolver => {
  const given = byKey(offsets)
  const committed = committedOffsets(reset)
  return {
    autoOffsetResetStrategy: reset,
    getPartitionOffsets: (partitions, retriever, role) => {
      const having = (offset: Offset | undefined): readonly TopicPartition[] =>
        partitions.filter((partition) => given.get(topicPartitionKey(partition)) === offset)
      const others = committedOr(having(undefined), retriever, (missing) =>
        resetOffsets(missing, reset, retriever, 'Cannot find initial offsets for partitions'),
      )
      return merged([
        of(plain(given, partitions)),
        retriever.beginningOffsets(having(OffsetSentinel.EARLIEST)),
        retriever.endOffsets(having(OffsetSentinel.LATEST)),
        committed.getPartitionOffsets(having(OffsetSentinel.COMMITTED), retriever, role),
        others,
      ])
    },
    validate: (properties, role) =>
      [...given].flatMap(([key, offset]) => {
        if (!isLegalOffset(offset, role)) return [illegal(key, offset, role)]
        return offset === OffsetSentinel.COMMITTED && properties['group.id'] === undefined ? [noGroup(key)] : []
      }),
  }
}

const byKey = (offsets: OffsetsByTopicPartition | Readonly<Record<string, Offset>>): ReadonlyMap<string, Offset> =>
  offsets instanceof Map
    ? new Map(
        [...(offsets as OffsetsByTopicPartition)].map(([partition, offset]) => [topicPartitionKey(partition), offset]),
      )
    : new Map(Object.entries(offsets))

const plain = (given: ReadonlyMap<string, Offset>, partitions: readonly TopicPartition[]): OffsetsByPartition =>
  new Map(
    partitions.map(topicPartitionKey).flatMap((key) => {
      const offset = given.get(key)
      return offset === undefined || offset < 0 ? [] : [[key, offset] as const]
    }),
  )

const merged = (parts: readonly Observable<OffsetsByPartition>[]): Observable<OffsetsByPartition> =>
  forkJoin(parts).pipe(map((resolved) => new Map(resolved.flatMap((offsets) => [...offsets]))))

const illegal = (key: string, offset: Offset, role: OffsetRole): ConfigError =>
  configError(key, illegalOffset(key, offset, role), offset)

const noGroup = (key: string): ConfigError =>
  configError('group.id', `Property group.id is required because partition ${key} is initialized with committed offset`)
