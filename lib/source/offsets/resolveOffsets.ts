import { concatMap, defer, from, map, type Observable, of, take, throwIfEmpty } from 'rxjs'
import { describedType } from '../../checks/described.js'
import type { Offset, OffsetsByPartition } from '../../client/Offset.js'
import { type TopicPartition, topicPartitionKey } from '../../client/TopicPartition.js'
import { SourceError } from '../SourceError.js'
import { illegalOffset, isLegalOffset } from './legalOffset.js'
import { NO_STOPPING_OFFSET } from './OffsetSentinel.js'
import type { OffsetRole, OffsetsResolver } from './OffsetsResolver.js'
import type { PartitionOffsetsRetriever } from './PartitionOffsetsRetriever.js'
import { specifiedOffsets } from './specifiedOffsets.js'

/**
 * Asks an initializer where partitions start or stop. It may be a user's own, so its answer is checked: a position that is no offset
 * would be read from, or waited for, without a word. Flink's markers (-1, -2, -3) are resolved, as Flink does it.
 *
 * Partitions that it gave nothing for are left out. `NO_STOPPING_OFFSET` stays: it stands for no end.
 */
export const resolveOffsets = (
  initializer: OffsetsResolver,
  partitions: readonly TopicPartition[],
  retriever: PartitionOffsetsRetriever,
  role: OffsetRole,
): Observable<OffsetsByPartition> =>
  defer(() => from(initializer.getPartitionOffsets(partitions, retriever, role))).pipe(
    take(1),
    throwIfEmpty(
      () => new SourceError('InvalidOffset', `The ${role} offsets initializer completed without an answer. ${rule}`),
    ),
    concatMap((answer) => {
      const given = checked(answer, partitions, role)
      const marked = new Map([...given].filter(([, offset]) => isMarker(offset)))
      if (marked.size === 0) return of(given)
      const ofMarked = partitions.filter((partition) => marked.has(topicPartitionKey(partition)))
      return specifiedOffsets(Object.fromEntries(marked), initializer.autoOffsetResetStrategy)
        .getPartitionOffsets(ofMarked, retriever, role)
        .pipe(map((resolved) => new Map([...given].map(([key, offset]) => [key, resolved.get(key) ?? offset]))))
    }),
  )

const checked = (answer: unknown, partitions: readonly TopicPartition[], role: OffsetRole): OffsetsByPartition => {
  if (!(answer instanceof Map))
    throw new SourceError('InvalidOffset', `The ${role} offsets initializer answered ${describedType(answer)}. ${rule}`)
  const offsets = new Map<string, Offset>()
  for (const key of partitions.map(topicPartitionKey)) {
    const offset: unknown = answer.get(key)
    if (offset === undefined || offset === null) continue
    if (!isLegalOffset(offset, role)) throw new SourceError('InvalidOffset', illegalOffset(key, offset, role))
    offsets.set(key, offset)
  }
  return offsets
}

const isMarker = (offset: Offset): boolean => offset < 0 && offset !== NO_STOPPING_OFFSET

const rule = 'It emits one Map of an offset for each partition, by `topic-partition`.'
