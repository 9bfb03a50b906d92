import { asyncScheduler, interval, type SchedulerLike, Subscription } from 'rxjs'
import type { CheckpointRequest, SourceAttempt } from '../../checkpoint/SourceAttempt.js'
import type { KafkaClient } from '../../client/KafkaClient.js'
import type { Logger } from '../../client/KafkaConfig.js'
import type { FetchedRecords, FetchFailed, KafkaFetcher } from '../../client/KafkaFetcher.js'
import type { Offset } from '../../client/Offset.js'
import type { TopicPartition } from '../../client/TopicPartition.js'
import { consoleLogger } from '../../config/consoleLogger.js'
import { defaultConnect } from '../../defaultClient.js'
import { noMetrics } from '../../metrics/noMetrics.js'
import type { CheckpointOutcome } from '../../stream/CheckpointBarrier.js'
import type { Restored } from '../../stream/Restored.js'
import { Boundedness } from '../Boundedness.js'
import { kafkaSourceState, type KafkaSourceState } from '../enumerator/KafkaSourceEnumState.js'
import { type Discovery, KafkaSourceEnumerator } from '../enumerator/KafkaSourceEnumerator.js'
import { restoredState } from '../enumerator/restoredState.js'
import type { KafkaSourceConfig } from '../KafkaSourceConfig.js'
import type { KafkaSplitsOptions } from '../KafkaSourceOptions.js'
import { PartitionOffsetsRetriever } from '../offsets/PartitionOffsetsRetriever.js'
import { SourceError } from '../SourceError.js'
import type { KafkaPartitionSplit } from '../split/KafkaPartitionSplit.js'
import { KafkaPartitionSplitState } from '../split/KafkaPartitionSplitState.js'
import { AssignedSplits } from './AssignedSplits.js'
import { KafkaSourceReaderMetrics } from './KafkaSourceReaderMetrics.js'
import { OffsetCommitter } from './OffsetCommitter.js'
import { resetPosition } from './resetPosition.js'
import type { SourceOutput } from './SourceOutput.js'
import { SplitReader } from './SplitReader.js'
import { Turns } from './Turns.js'
import { withoutCheckpoints } from './withoutCheckpoints.js'

/**
 * One attempt of one subtask: joins the checkpoints, restores, discovers, reads, answers barriers, ends.
 *
 * 1. The coordinator restores (or nobody does): `Restored` goes out. Meanwhile the client connects.
 * 2. Restored splits are read from where they stood; the first discovery adds the rest. Then the first checkpoint may be taken.
 * 3. **The loop** is the only one that emits. Whatever happens (data, an acknowledgement, a request of the coordinator, a tick)
 *    sets a flag and asks for a turn; flags are looked at when `next()` has returned, requests between two records.
 * 4. All splits at their end, or asked to end: final watermark, final barrier, and completion when its checkpoint is complete.
 * 5. Teardown closes everything at once.
 */
export class KafkaSourceReader<T> {
  private readonly scheduler: SchedulerLike
  private readonly logger: Logger
  private readonly parallelism: number
  private readonly subtaskIndex: number
  private readonly uid: string
  private readonly metrics: KafkaSourceReaderMetrics
  private readonly splits: AssignedSplits<T>
  private readonly work = new Subscription()
  private readonly turns: Turns
  private output!: SourceOutput<T>
  private attempt: SourceAttempt | undefined
  private restored: Restored | undefined
  private client: KafkaClient | undefined
  private fetcher: KafkaFetcher | undefined
  private enumerator: KafkaSourceEnumerator | undefined
  private committer: OffsetCommitter | undefined
  /** discovery, fetches, resets of positions: what is over when the source begins to end */
  private readonly reading = new Subscription()
  private readonly discovered: Discovery[] = []
  private found = 0
  /** the coordinator has asked for something */
  private requested = false
  private endRequested = false
  private discoveryFinished = false
  private readyTold = false
  private phase: 'starting' | 'reading' | 'ending' | 'ended' | 'closed' = 'starting'
  private restoredSent = false
  private finalWatermarkSent = false

  constructor(
    private readonly config: KafkaSourceConfig<T>,
    private readonly options: KafkaSplitsOptions,
  ) {
    this.scheduler = options.scheduler ?? asyncScheduler
    this.logger = config.consumer.client.logger ?? consoleLogger
    this.parallelism = options.parallelism ?? 1
    this.subtaskIndex = options.subtaskIndex ?? 0
    this.uid = options.uid ?? 'source'
    this.turns = new Turns(this.scheduler, () => {
      this.safely(() => {
        this.step()
      })
    })
    this.splits = new AssignedSplits(config.consumer.maxPollRecords)
    this.metrics = new KafkaSourceReaderMetrics(options.metrics ?? noMetrics)
  }

  start(output: SourceOutput<T>): void {
    this.output = output
    this.join()
    this.connect()
  }

  /** Asks for a turn of the loop. Never emits. */
  get wake(): () => void {
    return this.turns.ask
  }

  close(): void {
    if (this.phase === 'closed') return
    this.phase = 'closed'
    this.turns.close()
    this.reading.unsubscribe()
    this.work.unsubscribe()
    this.committer?.close()
    this.fetcher?.close()
    this.attempt?.leave()
    // Nobody is there to be told.
    this.client?.close().subscribe({ error: () => undefined })
  }

  private join(): void {
    const { checkpoints } = this.options
    const requestEnd = (): void => {
      this.endRequested = true
      this.wake()
    }
    if (checkpoints === undefined) {
      this.restored = withoutCheckpoints(requestEnd)
      return this.wake()
    }
    const wake = (): void => {
      this.requested = true
      this.wake()
    }
    const source = { uid: this.uid, subtaskIndex: this.subtaskIndex, parallelism: this.parallelism, wake, requestEnd }
    this.work.add(
      checkpoints.join(source).subscribe({
        next: (attempt) => {
          this.attempt = attempt
          this.restored = attempt.restored
          this.work.add(attempt.failed$.subscribe((error) => this.fail(error)))
          this.wake()
        },
        error: (error: unknown) => this.fail(error),
      }),
    )
  }

  private connect(): void {
    const { client: config, clientIdPrefix, groupId } = this.config.consumer
    const { connect = defaultConnect, scheduler } = this.options
    const rack = this.config.rackIdSupplier?.() || config.rack
    const clientId = `${clientIdPrefix ?? groupId ?? 'KafkaSource'}-${this.subtaskIndex}`
    this.work.add(
      connect({ ...config, clientId, rack, ...(scheduler === undefined ? {} : { scheduler }) }).subscribe({
        next: (client) => {
          this.client = client
          this.wake()
        },
        error: (error: unknown) => this.fail(error),
      }),
    )
  }

  private safely(act: () => void): void {
    try {
      act()
    } catch (error) {
      this.output.error(error)
    }
  }

  /** Everything there is to do now, one batch of each split. */
  private step(): void {
    if (this.phase === 'starting') this.begin()
    for (let discovery = this.discovered.shift(); discovery !== undefined; discovery = this.discovered.shift())
      this.apply(discovery)
    if (this.isClosed()) return
    this.output.turn()
    if (this.requested && this.fetcher !== undefined) this.answer()
    if (this.phase === 'reading' && this.splits.readRound(this.interrupt)) this.wake()
    if (this.isClosed()) return
    if (this.phase === 'reading' && (this.endRequested || this.allFinished())) this.end()
    if (this.phase === 'ending' && this.attempt === undefined) this.endWithoutCheckpoints()
  }

  /** `Restored` as soon as it is there; the splits when there is a client too. */
  private begin(): void {
    const { restored, client } = this
    if (restored === undefined) return
    if (this.fetcher === undefined && !this.restoredSent) {
      this.restoredSent = true
      this.output.restored(restored)
      this.output.turn()
    }
    if (client === undefined || this.isClosed()) return
    const state = restoredState(restored, this.uid, this.parallelism, this.subtaskIndex)
    const fetcher = client.fetcher(this.config.consumer.fetcher)
    this.fetcher = fetcher
    this.reading.add(
      fetcher.fetched$.subscribe({
        next: (fetched) => {
          this.onFetched(fetched)
          this.turns.run()
        },
        error: (error: unknown) => this.fail(error),
      }),
    )
    this.phase = 'reading'
    this.startCommitting(client)
    const enumerator = this.startEnumerator(client, state)
    for (const split of enumerator.complete) this.addSplit(split)
    if (enumerator.isRestored) this.tellReady()
  }

  private startEnumerator({ admin }: KafkaClient, state: KafkaSourceState | undefined): KafkaSourceEnumerator {
    const { consumer, boundedness, subscriber, startingOffsets, stoppingOffsets } = this.config
    const enumerator = new KafkaSourceEnumerator(
      {
        admin,
        subscriber,
        retriever: new PartitionOffsetsRetriever(admin, consumer.groupId, consumer.fetcher.isolationLevel),
        startingOffsets,
        stoppingOffsets,
        parallelism: this.parallelism,
        subtaskIndex: this.subtaskIndex,
        discoveryIntervalMs: boundedness === Boundedness.BOUNDED ? -1 : consumer.partitionDiscoveryIntervalMs,
        scheduler: this.scheduler,
        logger: this.logger,
      },
      state?.splits ?? [],
      state?.initialDiscoveryFinished ?? false,
    )
    this.enumerator = enumerator
    this.reading.add(
      enumerator.discoveries().subscribe({
        next: (discovery) => {
          this.discovered.push(discovery)
          this.wake()
        },
        error: (error: unknown) => this.fail(error),
      }),
    )
    return enumerator
  }

  private startCommitting({ admin }: KafkaClient): void {
    const { groupId, commitOffsetsOnCheckpoint, enableAutoCommit, autoCommitIntervalMs } = this.config.consumer
    const automatic = this.attempt === undefined && enableAutoCommit
    if (groupId === undefined || !(automatic || (this.attempt !== undefined && commitOffsetsOnCheckpoint))) return
    this.committer = new OffsetCommitter(admin, groupId, this.metrics, this.logger)
    if (automatic)
      this.work.add(interval(autoCommitIntervalMs, this.scheduler).subscribe(() => this.commitAcknowledged()))
  }

  private apply({ splits, removed, found }: Discovery): void {
    this.found = found
    for (const split of splits) this.addSplit(split)
    for (const partition of removed) this.onRemoved(partition)
    if (!this.discoveryFinished) {
      this.discoveryFinished = true
      this.output.discovered()
    }
    this.tellReady()
    this.wake()
  }

  private tellReady(): void {
    if (this.readyTold) return
    this.readyTold = true
    this.attempt?.ready()
  }

  private addSplit(split: KafkaPartitionSplit): void {
    const state = new KafkaPartitionSplitState(split)
    const reader = new SplitReader(
      state,
      this.output.add(state),
      this.fetcher!,
      this.config,
      this.metrics,
      this.logger,
      this.wake,
    )
    this.splits.add(reader)
    this.metrics.addSplit(state)
    reader.start()
    this.wake()
  }

  private onRemoved(partition: TopicPartition): void {
    switch (this.config.removedPartitionsPolicy) {
      case 'keep':
        return this.logger.warn(
          `Partition ${String(partition)} is not there any more; it is read on should it come back.`,
        )
      case 'drop': {
        this.enumerator?.forget(partition)
        this.splits.drop(partition)
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
    const split = this.splits.get(fetched.topicPartition)
    if (split === undefined) return
    if (fetched._tag === 'Fetched') split.onFetched(fetched)
    else if (fetched.error._tag === 'OffsetOutOfRange') this.resetOffset(split, fetched)
    else this.fail(fetched.error)
  }

  private resetOffset(split: SplitReader<T>, failed: FetchFailed): void {
    const { offsetOutOfRangePolicy: policy, consumer } = this.config
    this.reading.add(
      resetPosition(failed, policy, this.client!.admin, consumer.fetcher.isolationLevel).subscribe({
        next: (offset) => {
          this.logger.warn(
            `The position of ${split.state.key} is not in the log; going on from the ${policy} offset, ${offset}.`,
          )
          split.seek(offset)
          this.wake()
        },
        error: (error: unknown) => this.fail(error),
      }),
    )
  }

  /** Between two records. True: no more of this batch. */
  private readonly interrupt = (): boolean => {
    if (this.requested) this.answer()
    return this.endRequested || this.phase !== 'reading' || this.output.closed
  }

  /** The positions and the barrier belong to one turn: nothing is read in between. */
  private answer(): void {
    this.requested = false
    const { attempt } = this
    if (attempt === undefined) return
    for (let request = attempt.pending(); request !== undefined && !this.isClosed(); request = attempt.pending())
      this.sendBarrier(attempt, request)
  }

  private sendBarrier(attempt: SourceAttempt, request: CheckpointRequest): void {
    if (request.end !== undefined) this.stopReading()
    if (request.end === 'drain' || request.end === 'finished') this.sendFinalWatermark()
    const { splits } = this.splits
    const state = kafkaSourceState.encode({
      splits,
      initialDiscoveryFinished: this.enumerator!.initialDiscoveryFinished && this.readyTold,
    })
    const offsets = splits.map(({ topicPartition, startingOffset }) => [topicPartition, startingOffset] as const)
    const barriers = attempt.barriers(request, state, this.output.parts)
    this.output.barrier(barriers)
    this.work.add(barriers[0]!.outcome$.subscribe((outcome) => this.onOutcome(outcome, request, offsets)))
  }

  private onOutcome(
    outcome: CheckpointOutcome,
    request: CheckpointRequest,
    offsets: readonly (readonly [TopicPartition, Offset])[],
  ): void {
    // An aborted final checkpoint is asked for again by the coordinator.
    if (outcome._tag === 'aborted') return
    this.committer?.commit(offsets)
    if (request.end !== undefined) this.completeWhenCommitted()
  }

  private allFinished(): boolean {
    if (!this.discoveryFinished) return false
    const ends =
      this.config.boundedness === Boundedness.BOUNDED || (this.config.stoppingOffsets !== undefined && this.found > 0)
    return ends && this.splits.finished
  }

  private end(): void {
    this.stopReading()
    this.sendFinalWatermark()
    this.attempt?.requestFinalCheckpoint()
  }

  /** From here on nothing that happens to partitions matters: no failure, and no news. */
  private stopReading(): void {
    if (this.phase !== 'reading') return
    this.phase = 'ending'
    this.reading.unsubscribe()
    this.discovered.length = 0
    this.output.ending()
  }

  private sendFinalWatermark(): void {
    if (this.finalWatermarkSent) return
    this.finalWatermarkSent = true
    this.output.finalWatermark()
  }

  /** With automatic commits, the tail is waited for, so that it is committed too. */
  private endWithoutCheckpoints(): void {
    if (this.committer !== undefined) {
      if (!this.splits.acknowledged) return
      this.commitAcknowledged()
    }
    this.completeWhenCommitted()
  }

  private completeWhenCommitted(): void {
    this.phase = 'ended'
    const complete = (): void => {
      this.work.add(this.scheduler.schedule(() => this.output.complete()))
    }
    if (this.committer === undefined) complete()
    else this.work.add(this.committer.idle$.subscribe(complete))
  }

  private commitAcknowledged(): void {
    this.committer?.commit(this.splits.acknowledgedPositions)
  }

  private fail(error: unknown): void {
    if (this.phase === 'closed') return
    // In a turn of its own: it may come from within a call.
    this.work.add(this.scheduler.schedule(() => this.output.error(error)))
  }

  private isClosed(): boolean {
    return this.phase === 'closed' || this.output.closed
  }
}
