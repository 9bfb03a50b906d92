import {
  catchError,
  concatMap,
  defer,
  EMPTY,
  exhaustMap,
  forkJoin,
  map,
  type Observable,
  of,
  repeat,
  tap,
  throwError,
  timer,
} from 'rxjs'
import type { SchedulerLike } from 'rxjs'
import type { KafkaAdmin, TopicDescription } from '../../client/KafkaAdmin.js'
import type { Logger } from '../../client/KafkaConfig.js'
import { type TopicPartition, topicPartitionKey } from '../../client/TopicPartition.js'
import { earliestOffsets } from '../offsets/logEnds.js'
import type { OffsetsInitializer } from '../offsets/OffsetsInitializer.js'
import type { PartitionOffsetsRetriever } from '../offsets/PartitionOffsetsRetriever.js'
import { listOf } from '../listOf.js'
import type { KafkaPartitionSplit } from '../split/KafkaPartitionSplit.js'
import type { KafkaSubscriber } from '../subscriber/KafkaSubscriber.js'
import { subscribedPartitions } from '../subscriber/subscribedPartitions.js'
import type { KafkaSourceState } from './KafkaSourceEnumState.js'
import { type CutSplit, cutByTransactions } from './cutByTransactions.js'
import { logsHaveStops } from './logsHaveStops.js'
import { MissingPartitions } from './MissingPartitions.js'
import { NotedTopics } from './NotedTopics.js'
import { partitionChange } from './PartitionChange.js'
import { resolveSplits, resolveStops } from './resolveSplits.js'
import { splitOwner } from './splitOwner.js'
import { ErrorCodes } from '../../protocol/errorCodes.js'
import { memberOf } from '../../checks/memberOf.js'

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
  /** restored, there, and of no topic that is subscribed to; told once */
  readonly unsubscribed: readonly TopicPartition[]
  /** of the topics there are; undefined ones have none */
  readonly topicIds: ReadonlyMap<string, string | undefined>
}

/** Rounds in a row that may fail, once the first has succeeded: the cluster may be in trouble for a while. What no retry mends may not. */
const TOLERABLE_FAILURES = 3

/** Until the cluster is asked again for a partition without which the source cannot begin, in ms. */
const RETRY_INTERVAL = 1_000

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
  /** how many partitions each topic has, or had when it was found last */
  private readonly counts: Map<string, number>
  /** of the subscription, those of other subtasks too */
  private found: readonly TopicPartition[] = []
  /** restored without an end, into a source that has ends: a bounded source always ends */
  endless: readonly KafkaPartitionSplit[]
  /** What is found from here on is new. */
  initialDiscoveryFinished: boolean
  private readonly restored: readonly KafkaPartitionSplit[]
  private readonly missing = new MissingPartitions()
  private first = true
  private failures = 0

  constructor(
    private readonly config: KafkaSourceEnumeratorConfig,
    restored: KafkaSourceState | undefined,
  ) {
    this.restored = restored?.splits ?? []
    this.initialDiscoveryFinished = restored?.initialDiscoveryFinished ?? false
    this.counts = new Map(restored?.topics)
    for (const { topicPartition } of this.restored) this.know(topicPartition)
    this.endless =
      config.stoppingOffsets === undefined
        ? []
        : this.restored.filter(({ stoppingOffset }) => stoppingOffset === undefined)
  }

  /** The restored splits that can be read as they are; a discovery brings the others. */
  get complete(): readonly KafkaPartitionSplit[] {
    return this.restored.filter((split) => !this.endless.includes(split))
  }

  /** How many partitions each topic has, or had when it was found last: for a checkpoint. */
  get topics(): ReadonlyMap<string, number> {
    return this.counts
  }

  /** Nothing is subscribed to that is there, in any subtask. */
  get foundNothing(): boolean {
    return this.found.length === 0
  }

  /** The discoveries, from subscription on; completes when there is none to come. */
  discoveries(): Observable<Discovery> {
    const { discoveryIntervalMs, scheduler } = this.config
    return discoveryIntervalMs > 0
      ? timer(0, discoveryIntervalMs, scheduler).pipe(exhaustMap(() => this.discover()))
      : this.discover().pipe(
          repeat({ delay: () => (this.endless.length > 0 ? timer(RETRY_INTERVAL, scheduler) : EMPTY) }),
        )
  }

  /** Emits once, when the logs of all partitions that other subtasks read have come to their stops. */
  othersHaveStops(stopping: OffsetsInitializer): Observable<void> {
    const { retriever, scheduler } = this.config
    const others = (): readonly TopicPartition[] => this.found.filter((partition) => !this.isOurs(partition))
    return logsHaveStops(others, stopping, retriever, scheduler)
  }

  /** Not known any more: found again, it is new. */
  forget(partition: TopicPartition): void {
    this.known.delete(topicPartitionKey(partition))
    this.endless = this.endless.filter(
      ({ topicPartition }) => topicPartitionKey(topicPartition) !== topicPartitionKey(partition),
    )
  }

  /** Where a partition starts and stops whose topic was created anew. */
  anew(partition: TopicPartition, starting: OffsetsInitializer): Observable<KafkaPartitionSplit> {
    const { stoppingOffsets, retriever } = this.config
    return resolveSplits([partition], starting, stoppingOffsets, retriever).pipe(concatMap((splits) => splits))
  }

  private discover(): Observable<Discovery> {
    const { admin, subscriber } = this.config
    return defer(() => {
      const noted = new NotedTopics(admin)
      return subscribedPartitions(subscriber, noted.admin).pipe(
        tap((found) => subscriber.check?.(found, ({ topic, partition }) => partition < (this.counts.get(topic) ?? 0))),
        concatMap((found) => this.lookFor(found, noted).pipe(concatMap(() => this.compare(found, noted.topics)))),
      )
    }).pipe(catchError((error: unknown) => this.tolerate(error)))
  }

  /** What was found, and what is known, if the subscriber has not asked about it. */
  private lookFor(found: readonly TopicPartition[], noted: NotedTopics): Observable<unknown> {
    const topics = [...found, ...this.known.values()].map(({ topic }) => topic)
    const unknown = noted.unknown(topics)
    return unknown.length === 0 ? of([]) : noted.describe(unknown)
  }

  private compare(found: readonly TopicPartition[], topics: readonly TopicDescription[]): Observable<Discovery> {
    const { startingOffsets, stoppingOffsets, retriever } = this.config
    // Of a pattern, the cluster has told all its topics.
    const read = new Set([...found, ...this.known.values()].map(({ topic }) => topic))
    const there = topics.filter(({ name }) => read.has(name))
    const counts = new Map(there.map(({ name, partitions }) => [name, partitions.length]))
    const topicIds = new Map(there.map(({ name, topicId }) => [name, topicId]))
    const ours = found.filter((partition) => this.isOurs(partition))
    const { added, missing, unsubscribed } = partitionChange(this.known.values(), ours, counts)
    const isThere = ({ topicPartition }: KafkaPartitionSplit): boolean => !missing.includes(topicPartition)
    const starting = this.initialDiscoveryFinished ? earliestOffsets : startingOffsets
    return forkJoin([
      resolveSplits(added, starting, stoppingOffsets, retriever),
      stoppingOffsets === undefined ? of([]) : resolveStops(this.endless.filter(isThere), stoppingOffsets, retriever),
    ]).pipe(
      map(([starts, ends]) => {
        const splits = [...starts, ...ends].map((split) => ({
          ...split,
          topicId: split.topicId ?? topicIds.get(split.topicPartition.topic),
        }))
        const discovery = {
          splits,
          removed: this.missing.note(missing),
          unsubscribed: this.first ? unsubscribed : [],
          topicIds,
        }
        this.note(found, splits, counts)
        return discovery
      }),
      concatMap((discovery) => this.tellCut(discovery.splits).pipe(map(() => discovery))),
    )
  }

  /** A bound that stops short of what the log holds is as it should be, and still a surprise. */
  private tellCut(splits: readonly KafkaPartitionSplit[]): Observable<unknown> {
    const { admin, retriever, logger } = this.config
    if (retriever.isolationLevel !== 'read_committed') return of([])
    return cutByTransactions(splits, admin).pipe(
      tap((cut) => {
        if (cut.length > 0) logger.warn(stopsBeforeTransactions(cut))
      }),
      // A word less is no reason to fail.
      catchError(() => of([])),
    )
  }

  private note(
    found: readonly TopicPartition[],
    splits: readonly KafkaPartitionSplit[],
    counts: ReadonlyMap<string, number>,
  ): void {
    this.found = found
    for (const [topic, count] of counts) this.counts.set(topic, count)
    for (const { topicPartition } of splits) this.know(topicPartition)
    const ended = new Set(splits.map(({ topicPartition }) => topicPartitionKey(topicPartition)))
    this.endless = this.endless.filter(({ topicPartition }) => !ended.has(topicPartitionKey(topicPartition)))
    this.first = false
    this.initialDiscoveryFinished = true
    this.failures = 0
  }

  private know(partition: TopicPartition): void {
    this.known.set(topicPartitionKey(partition), partition)
    this.counts.set(partition.topic, Math.max(partition.partition + 1, this.counts.get(partition.topic) ?? 0))
  }

  private isOurs(partition: TopicPartition): boolean {
    const { parallelism, subtaskIndex } = this.config
    return splitOwner(partition, parallelism) === subtaskIndex
  }

  private tolerate(error: unknown): Observable<never> {
    this.failures += 1
    const awaited = !this.initialDiscoveryFinished || this.endless.length > 0
    const isUnknown = memberOf(error, 'code') === ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION
    const final = memberOf(error, 'retriable') === false || (this.first && isUnknown)
    if (final || awaited || this.failures > TOLERABLE_FAILURES || this.config.discoveryIntervalMs <= 0)
      return throwError(() => error)
    const reason = error instanceof Error ? error.message : String(error)
    this.config.logger.warn(`Failed to list subscribed topic partitions; the next discovery tries again. ${reason}`)
    return EMPTY
  }
}

const stopsBeforeTransactions = (cut: readonly CutSplit[]): string => {
  const splits = cut.map(
    ({ split: { topicPartition, stoppingOffset }, highWatermark }) =>
      `${topicPartitionKey(topicPartition)} at offset ${stoppingOffset} of ${highWatermark}`,
  )
  return (
    `The source stops before transactions that are still open: ${listOf(splits)}. With isolation.level read_committed that is where the log ` +
    'ends for now; what these transactions commit later is not read.'
  )
}
