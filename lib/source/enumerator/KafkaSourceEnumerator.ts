import {
  catchError,
  concatMap,
  EMPTY,
  exhaustMap,
  forkJoin,
  map,
  type Observable,
  of,
  tap,
  throwError,
  timer,
} from 'rxjs'
import type { SchedulerLike } from 'rxjs'
import type { KafkaAdmin } from '../../client/KafkaAdmin.js'
import type { Logger } from '../../client/KafkaConfig.js'
import { isKafkaError, KafkaError } from '../../client/KafkaError.js'
import type { Offset, OffsetsByPartition } from '../../client/Offset.js'
import { type TopicPartition, topicPartitionKey } from '../../client/TopicPartition.js'
import { earliestOffsets } from '../offsets/logEnds.js'
import { NO_STOPPING_OFFSET } from '../offsets/OffsetSentinel.js'
import type { OffsetsInitializer } from '../offsets/OffsetsInitializer.js'
import type { PartitionOffsetsRetriever } from '../offsets/PartitionOffsetsRetriever.js'
import { resolveOffsets } from '../offsets/resolveOffsets.js'
import { SourceError } from '../SourceError.js'
import type { KafkaPartitionSplit } from '../split/KafkaPartitionSplit.js'
import type { KafkaSubscriber } from '../subscriber/KafkaSubscriber.js'
import { subscribedPartitions } from '../subscriber/subscribedPartitions.js'
import { partitionChange } from './PartitionChange.js'
import { splitOwner } from './splitOwner.js'

export interface KafkaSourceEnumeratorConfig {
  readonly admin: KafkaAdmin
  readonly subscriber: KafkaSubscriber
  readonly retriever: PartitionOffsetsRetriever
  readonly startingOffsets: OffsetsInitializer
  readonly stoppingOffsets: OffsetsInitializer | undefined
  readonly parallelism: number
  readonly subtaskIndex: number
  /** ms between discoveries; 0 or less: once */
  readonly discoveryIntervalMs: number
  readonly scheduler: SchedulerLike
  readonly logger: Logger
}

/** What one discovery has found for this subtask. */
export interface Discovery {
  /** to be read from now on */
  readonly splits: readonly KafkaPartitionSplit[]
  /** known, and missing for a few rounds; told once */
  readonly removed: readonly TopicPartition[]
  /** all partitions of the subscription, those of other subtasks too */
  readonly found: number
}

/** Rounds in a row that may fail, once the first has succeeded: the cluster may be in trouble for a while. What no retry mends may not. */
const TOLERABLE_FAILURES = 3

/** Rounds in a row in which a partition is missing until it is gone: a broker that has just started may not know it yet. */
const MISSING_ROUNDS = 3

/**
 * Finds the partitions to be read, and where they start and stop. Each subtask has its own and keeps to its share, by
 * `splitOwner`, so that subtasks need not talk to each other.
 *
 * 1. What a checkpoint knew is known.
 * 2. A discovery, at once: what is new starts where the user's initializer says. It must succeed.
 * 3. A discovery at each interval, one at a time: what is new now starts from the earliest offset, whatever the initializer
 *    says, so that nothing is missed (FLIP-288). A few may fail in a row. What is missing is read on where it stands, and told
 *    as removed only when it is missing for a few rounds in a row.
 */
export class KafkaSourceEnumerator {
  private readonly known = new Map<string, TopicPartition>()
  /** restored without an end, into a source that has ends: a bounded source always ends */
  endless: readonly KafkaPartitionSplit[]
  /** the rounds in a row in which each was not found */
  private missing: ReadonlyMap<string, number> = new Map()
  private failures = 0

  constructor(
    private readonly config: KafkaSourceEnumeratorConfig,
    private readonly restored: readonly KafkaPartitionSplit[],
    /** What is found from here on is new. */
    public initialDiscoveryFinished: boolean,
  ) {
    for (const { topicPartition } of restored) this.known.set(topicPartitionKey(topicPartition), topicPartition)
    this.endless =
      config.stoppingOffsets === undefined ? [] : restored.filter(({ stoppingOffset }) => stoppingOffset === undefined)
  }

  /** The restored splits that can be read as they are; the first discovery brings the others. */
  get complete(): readonly KafkaPartitionSplit[] {
    return this.restored.filter((split) => !this.endless.includes(split))
  }

  /** The discoveries, from subscription on; completes when there is only one. */
  discoveries(): Observable<Discovery> {
    const { discoveryIntervalMs, scheduler } = this.config
    return discoveryIntervalMs > 0
      ? timer(0, discoveryIntervalMs, scheduler).pipe(exhaustMap(() => this.discover()))
      : this.discover()
  }

  /** Not known any more: found again, it is new. */
  forget(partition: TopicPartition): void {
    this.known.delete(topicPartitionKey(partition))
  }

  private discover(): Observable<Discovery> {
    const { admin, subscriber, parallelism, subtaskIndex } = this.config
    return subscribedPartitions(subscriber, admin).pipe(
      concatMap((found) => {
        const ours = found.filter((partition) => splitOwner(partition, parallelism) === subtaskIndex)
        const { added, removed } = partitionChange(this.known.values(), ours)
        return forkJoin([this.resolve(added), this.completed()]).pipe(
          map((splits) => ({ splits: splits.flat(), removed: this.gone(removed), found: found.length })),
        )
      }),
      tap(({ splits }) => {
        for (const { topicPartition } of splits) this.known.set(topicPartitionKey(topicPartition), topicPartition)
        this.endless = []
        this.initialDiscoveryFinished = true
        this.failures = 0
      }),
      catchError((error: unknown) => this.tolerate(error)),
    )
  }

  private resolve(partitions: readonly TopicPartition[]): Observable<readonly KafkaPartitionSplit[]> {
    if (partitions.length === 0) return of([])
    const { startingOffsets, stoppingOffsets, retriever } = this.config
    const starting = this.initialDiscoveryFinished ? earliestOffsets : startingOffsets
    return resolveOffsets(starting, partitions, retriever, 'starting').pipe(
      concatMap((starts) =>
        stoppingOffsets === undefined
          ? of(partitions.map((partition) => split(partition, starts)))
          : resolveOffsets(stoppingOffsets, partitions, retriever, 'stopping').pipe(
              map((stops) => partitions.map((partition) => split(partition, starts, stops))),
            ),
      ),
    )
  }

  /** The endless, with their ends. */
  private completed(): Observable<readonly KafkaPartitionSplit[]> {
    const { endless } = this
    const { stoppingOffsets, retriever } = this.config
    if (stoppingOffsets === undefined || endless.length === 0) return of([])
    const partitions = endless.map(({ topicPartition }) => topicPartition)
    return resolveOffsets(stoppingOffsets, partitions, retriever, 'stopping').pipe(
      map((stops) =>
        endless.map((restored) => ({
          ...restored,
          stoppingOffset: stopOf(topicPartitionKey(restored.topicPartition), stops),
        })),
      ),
    )
  }

  private gone(notFound: readonly TopicPartition[]): readonly TopicPartition[] {
    const before = this.missing
    const rounds = (partition: TopicPartition): number => (before.get(topicPartitionKey(partition)) ?? 0) + 1
    this.missing = new Map(notFound.map((partition) => [topicPartitionKey(partition), rounds(partition)]))
    return notFound.filter((partition) => rounds(partition) === MISSING_ROUNDS)
  }

  private tolerate(error: unknown): Observable<never> {
    this.failures += 1
    const awaited = !this.initialDiscoveryFinished || this.endless.length > 0
    const final = isKafkaError(error) && !error.retriable
    if (final || awaited || this.failures > TOLERABLE_FAILURES || this.config.discoveryIntervalMs <= 0)
      return throwError(() => error)
    const reason = error instanceof Error ? error.message : String(error)
    this.config.logger.warn(`Failed to list subscribed topic partitions; the next discovery tries again. ${reason}`)
    return EMPTY
  }
}

const split = (
  topicPartition: TopicPartition,
  starts: OffsetsByPartition,
  stops?: OffsetsByPartition,
): KafkaPartitionSplit => {
  const key = topicPartitionKey(topicPartition)
  const startingOffset = starts.get(key)
  if (startingOffset === undefined) throw noStart(topicPartition)
  return { topicPartition, startingOffset, stoppingOffset: stops === undefined ? undefined : stopOf(key, stops) }
}

const stopOf = (key: string, stops: OffsetsByPartition): Offset | undefined => {
  const stop = stops.get(key)
  if (stop !== undefined) return stop === NO_STOPPING_OFFSET ? undefined : stop
  throw new SourceError(
    'NoStoppingOffset',
    `The stopping offsets initializer gave no offset for partition ${key}, so it would never end. Resolve every partition.`,
  )
}

const noStart = ({ topic, partition }: TopicPartition): KafkaError =>
  new KafkaError({
    _tag: 'NoOffset',
    topic,
    partition,
    message: `Cannot find initial offsets for partitions: [${topic}-${partition}]. The starting offsets initializer gave none.`,
  })
