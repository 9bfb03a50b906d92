import { forkJoin, map, type Observable, of } from 'rxjs'
import type { Offset, OffsetsByPartition } from '../../client/Offset.js'
import type { OffsetResetStrategy } from '../../client/OffsetResetStrategy.js'
import { type TopicPartition, topicPartitionKey } from '../../client/TopicPartition.js'
import { type ConfigError, configError } from '../../config/ConfigError.js'
import { committedOffsets, committedOr } from './committedOffsets.js'
import { OffsetSentinel } from './OffsetSentinel.js'
import type { OffsetRole, OffsetsResolver } from './OffsetsResolver.js'
import { resetOffsets } from './resetOffsets.js'

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
        if (!isLegal(offset, role)) return [illegal(key, offset, role)]
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

const sentinels: Readonly<Record<OffsetRole, readonly Offset[]>> = {
  starting: [OffsetSentinel.EARLIEST, OffsetSentinel.LATEST, OffsetSentinel.COMMITTED],
  stopping: [OffsetSentinel.LATEST, OffsetSentinel.COMMITTED],
}

const isLegal = (offset: Offset, role: OffsetRole): boolean =>
  Number.isSafeInteger(offset) && (offset >= 0 || sentinels[role].includes(offset))

const illegal = (key: string, offset: Offset, role: OffsetRole): ConfigError =>
  configError(
    key,
    role === 'starting'
      ? `Invalid starting offset ${offset} is specified for partition ${key}. It should either be non-negative or be one of the ` +
          '[-2(earliest), -1(latest), -3(committed)].'
      : `Illegal stopping offset ${offset} is specified for partition ${key}. It should either be non-negative or be one of the ` +
          '[-1(latest), -3(committed)].',
    offset,
  )

const noGroup = (key: string): ConfigError =>
  configError('group.id', `Property group.id is required because partition ${key} is initialized with committed offset`)
