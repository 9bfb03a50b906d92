import { catchError, EMPTY, type Observable, Subscription } from 'rxjs'
import type { KafkaClient } from '../../client/KafkaClient.js'
import type { FetchedRecords, FetchFailed, KafkaFetcher } from '../../client/KafkaFetcher.js'
import type { OffsetsByPartition } from '../../client/Offset.js'
import { latestOffset } from '../../client/OffsetSpec.js'
import { type TopicPartition, topicPartitionKey } from '../../client/TopicPartition.js'
import { Boundedness } from '../Boundedness.js'
import type { KafkaSourceState } from '../enumerator/KafkaSourceEnumState.js'
import { type Discovery, KafkaSourceEnumerator } from '../enumerator/KafkaSourceEnumerator.js'
import { PartitionOffsetsRetriever } from '../offsets/PartitionOffsetsRetriever.js'
import { listOf } from '../listOf.js'
import type { KafkaPartitionSplit } from '../split/KafkaPartitionSplit.js'
import { KafkaPartitionSplitState } from '../split/KafkaPartitionSplitState.js'
import { AssignedSplits } from './AssignedSplits.js'
import { assignmentNews, foundLater } from './assignmentNews.js'
import type { ReaderContext } from './ReaderContext.js'
import { SplitPolicies } from './SplitPolicies.js'
import { SplitReader, type SplitReaderContext } from './SplitReader.js'
import { StopsOfOthers } from './StopsOfOthers.js'
import { TurnTasks } from './TurnTasks.js'

/** What it takes to read them. */
export interface SubtaskSplitsContext<T> extends ReaderContext<T> {
  readonly client: KafkaClient
  /** from which the attempt goes on */
  readonly checkpointId: number | undefined
}

/**
 * The splits of a subtask: has them discovered, brings what is fetched to each, and goes by the policies when one is gone or
 * cannot go on. What comes from outside of the loop is only noted; the loop calls `catchUp` and `readRound`.
 */
export class SubtaskSplits<T> {
  readonly assigned: AssignedSplits<T>
  private readonly enumerator: KafkaSourceEnumerator
  private readonly fetcher: KafkaFetcher
  private readonly work = new Subscription()
  private readonly policies: SplitPolicies<T>
  private readonly readers: SplitReaderContext<T>
  private readonly others: StopsOfOthers
  private readonly tasks: TurnTasks
  private discoveryFinished = false
  /** Of a checkpoint: all its splits had been read to their ends before. */
  private restoredAtEnd = false
  private mayFindMore = true
  /** read from before, in this attempt or an earlier one: what is not in the log there any more is lost */
  private readonly begun = new Set<SplitReader<T>>()
  /** assigned when they have their ends: until then where they were restored */
  private waiting: readonly KafkaPartitionSplit[]
  private initialDiscoveryFinished: boolean

  constructor(
    private readonly context: SubtaskSplitsContext<T>,
    private readonly restored: KafkaSourceState | undefined,
  ) {
    const { config, client } = context
    this.tasks = new TurnTasks(context.loop)
    this.assigned = new AssignedSplits(config.consumer.maxPollRecords)
    this.fetcher = client.fetcher(config.consumer.fetcher)
    this.enumerator = enumeratorFor(context, restored)
    this.waiting = this.enumerator.endless
    this.initialDiscoveryFinished = this.enumerator.initialDiscoveryFinished
    this.others = new StopsOfOthers(context, this.enumerator)
    this.readers = readersContext(context, this.assigned, this.fetcher)
    this.policies = new SplitPolicies(context, this.enumerator, {
      hasBegun: (split) => this.begun.has(split),
      drop: (partition) => {
        this.drop(partition)
      },
      replace: (split, by) => {
        if (this.assigned.get(by.topicPartition) !== split) return
        this.drop(by.topicPartition)
        this.add(by)
      },
      later: (act) => {
        this.tasks.add(act)
      },
    })
  }

  /** Begins with what a checkpoint knew, and to discover the rest. */
  start(): void {
    const { loop, fail } = this.context
    this.work.add(
      this.fetcher.fetched$.subscribe({
        next: (fetched) => {
          this.onFetched(fetched)
          loop.run()
        },
        error: fail,
      }),
    )
    this.work.add(
      this.fetcher.logs$.subscribe((log) => {
        this.assigned.get(log.topicPartition)?.onLog(log)
        // Nothing is to be sent; who watches what stands still is to look.
        loop.ask()
      }),
    )
    this.work.add(
      this.enumerator.discoveries().subscribe({
        next: (discovery) => {
          this.tasks.add(() => {
            this.apply(discovery)
          })
        },
        error: fail,
        complete: () => {
          this.mayFindMore = false
        },
      }),
    )
    for (const split of this.enumerator.complete) this.begun.add(this.add(split))
    // Splits of a checkpoint are read while the first discovery is on its way, and may come to their end before it.
    this.restoredAtEnd = this.assigned.states.length > 0 && this.assigned.finished
  }

  /** Does what has come up outside of the loop since the last turn: assigns what was discovered, goes by the policies. */
  catchUp(): void {
    this.tasks.run()
    if (this.others.unknown && this.discoveryFinished && !this.enumerator.foundNothing && this.assigned.finished)
      this.others.look()
  }

  /** Where all starting offsets are known: a checkpoint may be taken. */
  get ready(): boolean {
    return this.initialDiscoveryFinished && (this.discoveryFinished || this.waiting.length === 0)
  }

  /**
   * The source has an end, and has come to it: all splits of this subtask have. Of an unbounded source, partitions may still come that
   * this subtask would read, until the logs of all others have come to their stops too.
   */
  get finished(): boolean {
    if (!this.discoveryFinished || this.waiting.length > 0 || !this.assigned.finished) return false
    const { boundedness, stoppingOffsets } = this.context.config
    if (boundedness === Boundedness.BOUNDED) return true
    return stoppingOffsets !== undefined && (this.others.reached || !this.mayFindMore)
  }

  /** Asks where the logs end now; empty when there is no answer: the next question may have one. */
  get logEnds$(): Observable<OffsetsByPartition> {
    const { client, config } = this.context
    const ends = this.assigned.states.map(({ topicPartition }) => [topicPartition, latestOffset] as const)
    return client.admin.listOffsets(ends, config.consumer.fetcher.isolationLevel).pipe(catchError(() => EMPTY))
  }

  /** For a checkpoint. */
  get state(): KafkaSourceState {
    const { subtaskIndex, parallelism } = this.context
    return {
      subtask: { subtaskIndex, parallelism },
      topics: this.enumerator.topics,
      splits: [...this.assigned.splits, ...this.waiting],
      initialDiscoveryFinished: this.initialDiscoveryFinished,
    }
  }

  /** From here on nothing that happens to partitions matters: no failure, and no news. */
  stop(): void {
    this.work.unsubscribe()
    this.others.close()
    this.policies.close()
    this.tasks.clear()
  }

  close(): void {
    this.stop()
    this.fetcher.close()
    this.assigned.close()
  }

  private apply({ splits, removed, unsubscribed, topicIds }: Discovery): void {
    for (const split of splits) this.add(split)
    for (const state of this.assigned.states) state.topicId ??= topicIds.get(state.topicPartition.topic)
    this.waiting = this.waiting.filter(({ topicPartition }) => {
      const assigned = this.assigned.get(topicPartition)
      if (assigned !== undefined) this.begun.add(assigned)
      return assigned === undefined
    })
    for (const partition of removed) this.policies.onRemoved(partition)
    if (unsubscribed.length > 0) this.context.logger.warn(readOn(unsubscribed))
    if (!this.discoveryFinished) this.onFirstDiscovery(splits)
    else if (splits.length > 0) this.context.logger.info(foundLater(splits))
    this.initialDiscoveryFinished = true
    this.others.mayHaveChanged()
    this.context.loop.ask()
  }

  private onFirstDiscovery(splits: readonly KafkaPartitionSplit[]): void {
    const { config, output, logger, checkpointId, subtaskIndex, parallelism } = this.context
    this.discoveryFinished = true
    output.discovered()
    logger.info(
      assignmentNews({
        subtaskIndex,
        parallelism,
        checkpointId,
        restored: this.restored?.splits ?? [],
        discovered: splits,
      }),
    )
    if (config.stoppingOffsets === undefined || checkpointId === undefined || splits.length > 0) return
    if (this.restoredAtEnd) logger.warn(nothingLeft(checkpointId, this.assigned.states.length))
  }

  private add(split: KafkaPartitionSplit): SplitReader<T> {
    const { output, metrics, loop } = this.context
    const state = new KafkaPartitionSplitState(split)
    const splitOutput = output.add(state)
    const reader = new SplitReader(state, splitOutput, this.readers)
    this.assigned.add(reader)
    metrics.addSplit(state, splitOutput)
    reader.start()
    loop.ask()
    return reader
  }

  private drop(partition: TopicPartition): void {
    this.waiting = this.waiting.filter(
      ({ topicPartition }) => topicPartitionKey(topicPartition) !== topicPartitionKey(partition),
    )
    this.context.metrics.dropSplit(partition)
    this.assigned.drop(partition)
  }

  private onFetched(fetched: FetchedRecords | FetchFailed): void {
    const split = this.assigned.get(fetched.topicPartition)
    if (split === undefined) return
    if (fetched._tag === 'FetchFailed') return this.policies.onFailed(split, fetched)
    this.begun.add(split)
    this.policies.onFetched(split)
    split.onFetched(fetched)
    this.assigned.wake(split)
  }
}

const readersContext = <T>(
  { config, metrics, logger, loop }: SubtaskSplitsContext<T>,
  assigned: AssignedSplits<T>,
  fetcher: KafkaFetcher,
): SplitReaderContext<T> => ({
  ...{ config, metrics, logger, fetcher, inFlight: assigned.inFlight },
  wake: (reader) => {
    assigned.wake(reader)
    loop.ask()
  },
  wakeLater: (reader, ms) => {
    const later = loop.askLater(ms)
    later.add(() => assigned.wake(reader))
    return later
  },
})

const enumeratorFor = <T>(context: SubtaskSplitsContext<T>, restored: KafkaSourceState | undefined) => {
  const { config, client, parallelism, subtaskIndex, scheduler, logger } = context
  const { consumer, boundedness, subscriber, startingOffsets, stoppingOffsets } = config
  return new KafkaSourceEnumerator(
    {
      admin: client.admin,
      subscriber,
      retriever: new PartitionOffsetsRetriever(client.admin, consumer.groupId, consumer.fetcher.isolationLevel),
      startingOffsets,
      stoppingOffsets,
      parallelism,
      subtaskIndex,
      discoveryIntervalMs: boundedness === Boundedness.BOUNDED ? -1 : consumer.partitionDiscoveryIntervalMs,
      scheduler,
      logger,
    },
    restored,
  )
}

const readOn = (partitions: readonly TopicPartition[]): string =>
  `The checkpoint holds ${listOf(partitions.map(topicPartitionKey))}, which nothing that is subscribed to has any more. They are read on from ` +
  'there, as in Flink. To leave them out, start without the checkpoint, or under another uid.'

const nothingLeft = (checkpointId: number, splits: number): string =>
  `Nothing is left to read: in checkpoint ${checkpointId}, from which this attempt goes on, all splits (${splits}) are at their stopping ` +
  'offsets. To read from the beginning, start with an empty checkpoint store, or under another uid.'
