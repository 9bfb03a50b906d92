import { concatMap, map, type Observable, of } from 'rxjs'
import { KafkaError } from '../../client/KafkaError.js'
import type { Offset, OffsetsByPartition } from '../../client/Offset.js'
import { type TopicPartition, topicPartitionKey } from '../../client/TopicPartition.js'
import { NO_STOPPING_OFFSET } from '../offsets/OffsetSentinel.js'
import type { OffsetsResolver } from '../offsets/OffsetsResolver.js'
import type { PartitionOffsetsRetriever } from '../offsets/PartitionOffsetsRetriever.js'
import { resolveOffsets } from '../offsets/resolveOffsets.js'
import { SourceError } from '../SourceError.js'
import type { KafkaPartitionSplit } from '../split/KafkaPartitionSplit.js'

/** Partitions as splits: where each starts and, when there are stopping offsets, where it stops. */
export const resolveSplits = (
  partitions: readonly TopicPartition[],
  starting: OffsetsResolver,
  stopping: OffsetsResolver | undefined,
  retriever: PartitionOffsetsRetriever,
): Observable<readonly KafkaPartitionSplit[]> => {
  if (partitions.length === 0) return of([])
  return resolveOffsets(starting, partitions, retriever, 'starting').pipe(
    map((starts) => partitions.map((partition) => startingAt(partition, starts))),
    concatMap((splits) => (stopping === undefined ? of(splits) : resolveStops(splits, stopping, retriever))),
  )
}

/** The same splits with where they stop. */
export const resolveStops = (
  splits: readonly KafkaPartitionSplit[],
  stopping: OffsetsResolver,
  retriever: PartitionOffsetsRetriever,
): Observable<readonly KafkaPartitionSplit[]> => {
  if (splits.length === 0) return of([])
  const partitions = splits.map(({ topicPartition }) => topicPartition)
  return resolveOffsets(stopping, partitions, retriever, 'stopping').pipe(
    map((stops) => splits.map((split) => ({ ...split, stoppingOffset: stopOf(split.topicPartition, stops) }))),
  )
}

const startingAt = (topicPartition: TopicPartition, starts: OffsetsByPartition): KafkaPartitionSplit => {
  const startingOffset = starts.get(topicPartitionKey(topicPartition))
  if (startingOffset === undefined) throw noStart(topicPartition)
  return { topicPartition, startingOffset, stoppingOffset: undefined }
}

const stopOf = (topicPartition: TopicPartition, stops: OffsetsByPartition): Offset | undefined => {
  const stop = stops.get(topicPartitionKey(topicPartition))
  if (stop !== undefined) return stop === NO_STOPPING_OFFSET ? undefined : stop
  throw new SourceError(
    'NoStoppingOffset',
    `The stopping offsets initializer gave no offset for partition ${topicPartitionKey(topicPartition)}, so it would never end. Resolve ` +
      'every partition.',
  )
}

const noStart = ({ topic, partition }: TopicPartition): KafkaError =>
  new KafkaError({
    _tag: 'NoOffset',
    topic,
    partition,
    message: `Cannot find initial offsets for partitions: [${topic}-${partition}]. The starting offsets initializer gave none.`,
  })
