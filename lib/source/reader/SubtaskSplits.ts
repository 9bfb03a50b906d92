import { catchError, EMPTY, type Observable, type SchedulerLike, Subscription } from 'rxjs'
import type { KafkaClient } from '../../client/KafkaClient.js'
import type { Logger } from '../../client/KafkaConfig.js'
import type { FetchedRecords, FetchFailed, KafkaFetcher } from '../../client/KafkaFetcher.js'
import type { TopicPartition } from '../../client/TopicPartition.js'
import { Boundedness } from '../Boundedness.js'
import type { KafkaSourceState } from '../enumerator/KafkaSourceEnumState.js'
import { type Discovery, KafkaSourceEnumerator } from '../enumerator/KafkaSourceEnumerator.js'
import type { KafkaSourceConfig } from '../KafkaSourceConfig.js'
import { PartitionOffsetsRetriever } from '../offsets/PartitionOffsetsRetriever.js'
import { SourceError } from '../SourceError.js'
import type { KafkaPartitionSplit } from '../split/KafkaPartitionSplit.js'
import { KafkaPartitionSplitState } from '../split/KafkaPartitionSplitState.js'
import { AssignedSplits } from './AssignedSplits.js'
import type { KafkaSourceReaderMetrics } from './KafkaSourceReaderMetrics.js'
import { lagOf } from './lagOf.js'
import { resetPosition } from './resetPosition.js'
import type { SourceOutput } from './SourceOutput.js'
import { SplitReader } from './SplitReader.js'
import type { Turns } from './Turns.js'

/** What it takes to read them. */
export interface SubtaskSplitsContext<T> {
  readonly config: KafkaSourceConfig<T>
  readonly client: KafkaClient
  readonly parallelism: number
  readonly subtaskIndex: number
  readonly output: SourceOutput<T>
  readonly turns: Turns
  readonly metrics: KafkaSourceReaderMetrics
  readonly logger: Logger
  readonly scheduler: SchedulerLike
  /** Ends the stream with the error, in a turn of its own. */
  readonly fail: (error: unknown) => void
}

/**
 * The splits of a subtask: has them discovered, brings what is fetched to each, and goes by the policies when one is gone or
 * cannot go on. What comes from outside of the loop is only noted; the loop calls `assignDiscovered` and `readRound`.
 */
export class SubtaskSplits<T> {
  readonly assigned: AssignedSplits<T>
  private readonly enumerator: KafkaSourceEnumerator
  private readonly fetcher: KafkaFetcher
  private readonly work = new Subscription()
  private readonly discovered: Discovery[] = []
  private discoveryFinished = false
  private found = 0
  /** read from before, in this attempt or an earlier one: what is not in the log there any more is lost */
  private readonly begun = new Set<SplitReader<T>>()
  /** assigned when they have their ends: until then where they were restored */
  private waiting: readonly KafkaPartitionSplit[]
  private initialDiscoveryFinished: boolean

  constructor(
    private readonly context: SubtaskSplitsContext<T>,
    restored: KafkaSourceState | undefined,
  ) {
    const { config, client } = context
    this.assigned = new AssignedSplits(config.consumer.maxPollRecords)
    this.fetcher = client.fetcher(config.consumer.fetcher)
    this.enumerator = enumeratorFor(context, restored)
    this.waiting = this.enumerator.endless
    this.initialDiscoveryFinished = this.enumerator.initialDiscoveryFinished
  }

  /** Begins with what a checkpoint knew, and to discover the rest. */
  start(): void {
    const { turns, fail } = this.context
    this.work.add(
      this.fetcher.fetched$.subscribe({
        next: (fetched) => {
          this.onFetched(fetched)
          turns.run()
        },
        error: fail,
      }),
    )
    this.work.add(
      this.enumerator.discoveries().subscribe({
        next: (discovery) => {
          this.discovered.push(discovery)
          turns.ask()
        },
        error: fail,
      }),
    )
    for (const split of this.enumerator.complete) this.begun.add(this.add(split))
  }

  /** Assigns what was discovered since the last turn. */
  assignDiscovered(): void {
    for (let discovery = this.discovered.shift(); discovery !== undefined; discovery = this.discovered.shift())
      this.apply(discovery)
  }

  /** Where all starting offsets are known: a checkpoint may be taken. */
  get ready(): boolean {
    return this.initialDiscoveryFinished && this.waiting.length === 0
  }

  /** The source has an end, and all splits have come to theirs. */
  get finished(): boolean {
    if (!this.discoveryFinished) return false
    const { boundedness, stoppingOffsets } = this.context.config
    const ends = boundedness === Boundedness.BOUNDED || (stoppingOffsets !== undefined && this.found > 0)
    return ends && this.assigned.finished
  }

  /** Asks how far the pipeline is behind; empty when there is no answer: the next question may have one. */
  get lag$(): Observable<number> {
    const { client, config } = this.context
    return lagOf(this.assigned.states, client.admin, config.consumer.fetcher.isolationLevel).pipe(
      catchError(() => EMPTY),
    )
  }

  /** For a checkpoint. */
  get state(): KafkaSourceState {
    const { subtaskIndex, parallelism } = this.context
    return {
      subtask: { subtaskIndex, parallelism },
      splits: [...this.assigned.splits, ...this.waiting],
      initialDiscoveryFinished: this.initialDiscoveryFinished,
    }
  }

  /** From here on nothing that happens to partitions matters: no failure, and no news. */
  stop(): void {
    this.work.unsubscribe()
    this.discovered.length = 0
  }

  close(): void {
    this.stop()
    this.fetcher.close()
    this.assigned.close()
  }

  private apply({ splits, removed, found }: Discovery): void {
    this.found = found
    for (const split of splits) this.add(split)
    for (const { topicPartition } of this.waiting) this.begun.add(this.assigned.get(topicPartition)!)
    for (const partition of removed) this.onRemoved(partition)
    if (!this.discoveryFinished) {
      this.discoveryFinished = true
      this.context.output.discovered()
    }
    this.waiting = []
    this.initialDiscoveryFinished = true
    this.context.turns.ask()
  }

  private add(split: KafkaPartitionSplit): SplitReader<T> {
    const { config, output, metrics, logger, turns } = this.context
    const state = new KafkaPartitionSplitState(split)
    const splitOutput = output.add(state)
    const reader = new SplitReader(state, splitOutput, this.fetcher, config, metrics, logger, turns)
    this.assigned.add(reader)
    metrics.addSplit(state, splitOutput)
    reader.start()
    turns.ask()
    return reader
  }

  private onRemoved(partition: TopicPartition): void {
    const { config, logger } = this.context
    switch (config.removedPartitionsPolicy) {
      case 'keep':
        return logger.warn(`Partition ${String(partition)} is not there any more; it is read on should it come back.`)
      case 'drop': {
        this.enumerator.forget(partition)
        this.context.metrics.dropSplit(partition)
        this.assigned.drop(partition)
        return
      }
      case 'fail':
        throw new SourceError(
          'PartitionRemoved',
          `Partition ${String(partition)} is being read and is not there any more. Set setRemovedPartitionsPolicy to keep or drop ` +
            'if partitions may go.',
        )
    }
  }

  private onFetched(fetched: FetchedRecords | FetchFailed): void {
    const split = this.assigned.get(fetched.topicPartition)
    if (split === undefined) return
    if (fetched._tag === 'Fetched') {
      this.begun.add(split)
      split.onFetched(fetched)
    } else if (['OffsetOutOfRange', 'LogTruncated'].includes(fetched.error._tag)) this.resetOffset(split, fetched)
    else this.context.fail(fetched.error)
  }

  private resetOffset(split: SplitReader<T>, failed: FetchFailed): void {
    const { config, client, logger, turns, fail } = this.context
    const { consumer } = config
    const policy = this.begun.has(split) ? config.offsetOutOfRangePolicy : config.startOutOfRangePolicy
    this.work.add(
      resetPosition(failed, policy, client.admin, consumer.fetcher.isolationLevel).subscribe({
        next: (offset) => {
          logger.warn(
            `The position of ${split.state.key} is not in the log; going on from the ${placeOf(failed, policy)} offset, ${offset}.`,
          )
          split.seek(offset)
          turns.ask()
        },
        error: fail,
      }),
    )
  }
}

const placeOf = ({ error }: FetchFailed, policy: string): string =>
  error.divergentOffset === undefined ? policy : 'divergent'

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
    restored?.splits ?? [],
    restored?.initialDiscoveryFinished ?? false,
  )
}
