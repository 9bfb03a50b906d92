import {
  catchError,
  concatMap,
  defer,
  exhaustMap,
  filter,
  map,
  type Observable,
  of,
  take,
  throwError,
  timer,
} from 'rxjs'
import type { SchedulerLike } from 'rxjs'
import { isKafkaError } from '../../client/KafkaError.js'
import type { Offset } from '../../client/Offset.js'
import { type TopicPartition, topicPartitionKey } from '../../client/TopicPartition.js'
import type { OffsetsResolver } from '../offsets/OffsetsResolver.js'
import type { PartitionOffsetsRetriever } from '../offsets/PartitionOffsetsRetriever.js'
import { resolveStops } from './resolveSplits.js'

/** From one look at the logs to the next, in ms. */
const LOOK_INTERVAL = 1_000

/**
 * Emits once, when the log of each of these partitions has come to where the source stops there, whoever reads it: from then on
 * nothing keeps the source waiting. Looks at once, then each second.
 *
 * @param partitions those that are known at each look
 */
export const logsHaveStops = (
  partitions: () => readonly TopicPartition[],
  stopping: OffsetsResolver,
  retriever: PartitionOffsetsRetriever,
  scheduler: SchedulerLike,
): Observable<void> =>
  defer(() => {
    const stops = new Map<string, Offset>()
    const reached = new Set<string>()

    const resolve = (): Observable<unknown> => {
      const unknown = partitions().filter((partition) => !stops.has(topicPartitionKey(partition)))
      const splits = unknown.map((topicPartition) => ({ topicPartition, startingOffset: 0 }))
      return resolveStops(splits, stopping, retriever).pipe(
        map((resolved) => {
          for (const { topicPartition, stoppingOffset = Infinity } of resolved)
            stops.set(topicPartitionKey(topicPartition), stoppingOffset)
        }),
      )
    }
    const look = (): Observable<boolean> => {
      const open = partitions().filter((partition) => !reached.has(topicPartitionKey(partition)))
      return retriever.endOffsets(open).pipe(
        map((ends) => {
          for (const [key, end] of ends) if (end >= (stops.get(key) ?? Infinity)) reached.add(key)
          return partitions().every((partition) => reached.has(topicPartitionKey(partition)))
        }),
      )
    }
    return timer(0, LOOK_INTERVAL, scheduler).pipe(
      exhaustMap(() =>
        resolve().pipe(
          concatMap(look),
          catchError((error: unknown) =>
            isKafkaError(error) && error.retriable ? of(false) : throwError(() => error),
          ),
        ),
      ),
      filter((all) => all),
      take(1),
      map(() => undefined),
    )
  })
