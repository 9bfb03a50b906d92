import {
  asyncScheduler,
  BehaviorSubject,
  type Observable,
  type Observer,
  of,
  ReplaySubject,
  type SchedulerLike,
  Subscription,
} from 'rxjs'
import type { CheckpointRequest, SourceAttempt } from '../../checkpoint/SourceAttempt.js'
import type { KafkaClient } from '../../client/KafkaClient.js'
import type { Logger } from '../../client/KafkaConfig.js'
import type { Offset } from '../../client/Offset.js'
import type { TopicPartition } from '../../client/TopicPartition.js'
import { consoleLogger } from '../../config/consoleLogger.js'
import { operatorMetrics } from '../../metrics/operatorMetrics.js'
import { StandstillWatch } from '../../standstill/StandstillWatch.js'
import type { CheckpointOutcome } from '../../stream/CheckpointBarrier.js'
import { located } from '../../stream/located.js'
import type { Restored } from '../../stream/Restored.js'
import { Boundedness } from '../Boundedness.js'
import { kafkaSourceState } from '../enumerator/KafkaSourceEnumState.js'
import { restoredState } from '../enumerator/restoredState.js'
import type { KafkaSourceConfig } from '../KafkaSourceConfig.js'
import type { KafkaSplitsOptions } from '../KafkaSourceOptions.js'
import { connectSource } from './connectSource.js'
import { eventTimeHeld } from './eventTimeHeld.js'
import { heldBack } from './heldBack.js'
import { joinCheckpoints } from './joinCheckpoints.js'
import type { Lag } from './LagHistory.js'
import { KafkaSourceReaderMetrics } from './KafkaSourceReaderMetrics.js'
import { PipelineParts } from './PipelineParts.js'
import type { PublishedSplits } from './PublishedSplits.js'
import { SubtaskSplits } from './SubtaskSplits.js'
import { readerLag } from './readerLag.js'
import { ReaderLoop } from './ReaderLoop.js'
import { SourceCommits } from './SourceCommits.js'
import { unacknowledged } from './unacknowledged.js'

/**
 * One attempt of one subtask: joins the checkpoints, restores, discovers, reads, answers barriers, ends.
 *
 * 1. The coordinator restores (or there is none): `Restored` goes out. Meanwhile the client connects.
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
  private readonly work = new Subscription()
  private readonly loop: ReaderLoop
  private readonly parts = new PipelineParts()
  private readonly watch: StandstillWatch
  private attempt: SourceAttempt | undefined
  private restored: Restored | undefined
  private client: KafkaClient | undefined
  private splits: SubtaskSplits<T> | undefined
  private commits: SourceCommits | undefined
  /** the coordinator has asked for something */
  private requested = false
  private endRequested = false
  private readonly ready = new BehaviorSubject(false)
  private phase: 'starting' | 'reading' | 'ending' | 'ended' | 'closed' = 'starting'
  private restoredSent = false
  private finalWatermarkSent = false

  constructor(
    private readonly config: KafkaSourceConfig<T>,
    private readonly options: KafkaSplitsOptions,
    private readonly output: PublishedSplits<T>,
  ) {
    this.scheduler = options.scheduler ?? asyncScheduler
    this.logger = config.consumer.client.logger ?? consoleLogger
    this.parallelism = options.parallelism ?? 1
    this.subtaskIndex = options.subtaskIndex ?? 0
    this.uid = options.uid ?? 'source'
    this.loop = new ReaderLoop(this.scheduler, () => {
      this.safely(() => {
        this.step()
      })
    })
    this.metrics = new KafkaSourceReaderMetrics(operatorMetrics(options.metrics, this.uid, config, this.work), {
      registerConsumerMetrics: config.consumer.registerConsumerMetrics,
      scheduler: this.scheduler,
    })
    this.watch = new StandstillWatch(
      [
        unacknowledged(() => this.splits?.assigned.states ?? [], this.parts),
        heldBack(
          () => this.splits?.assigned.states ?? [],
          () => this.client?.admin,
        ),
        eventTimeHeld(() => this.parts.all, config.boundedness === Boundedness.BOUNDED, this.metrics.now),
      ],
      this.logger,
      this.scheduler,
    )
  }

  start(): void {
    this.metrics.watch(this.output.eventTime)
    const connected = new ReplaySubject<KafkaClient>(1)
    this.join(connected)
    this.connect(connected)
  }

  /** Asks for a turn of the loop, in which any split may have something to do. Never emits. */
  readonly wake = (): void => {
    this.splits?.assigned.wakeAll()
    this.loop.ask()
  }

  /** How far the pipeline is behind. Cold. */
  get lag$(): Observable<Lag> {
    return readerLag(this.ready, () => this.splits, this.scheduler)
  }

  close(): void {
    if (this.phase === 'closed') return
    this.phase = 'closed'
    this.loop.close()
    this.watch.close()
    this.work.unsubscribe()
    this.splits?.close()
    this.attempt?.leave()
    // The stream is over: there is no place for an error of closing.
    this.client?.close().subscribe({ error: () => undefined })
  }

  /** @param connected the attempt waits for it: one that cannot reach a broker takes over from no other */
  private join(connected: Observable<unknown>): void {
    const { uid, subtaskIndex, parallelism } = this
    const wake = (): void => {
      this.requested = true
      this.loop.ask()
    }
    const requestEnd = (): void => {
      this.endRequested = true
      this.loop.ask()
    }
    const waiting = (): readonly string[] => this.parts.waiting
    this.work.add(
      joinCheckpoints(this.options.checkpoints, {
        uid,
        subtaskIndex,
        parallelism,
        prepare: () => connected,
        wake,
        requestEnd,
        waiting,
      }).subscribe({
        next: ({ restored, attempt }) => {
          this.restored = restored
          this.attempt = attempt
          this.work.add(attempt?.failed$.subscribe((error) => this.fail(error)))
          this.loop.ask()
        },
        error: this.fail,
      }),
    )
  }

  private connect(connected: Observer<KafkaClient>): void {
    this.work.add(
      connectSource(this.config, this.options, this.metrics.consumerGroup).subscribe({
        next: (client) => {
          this.client = client
          connected.next(client)
          connected.complete()
          this.loop.ask()
        },
        error: (error: unknown) => {
          // First the stream: it ends with the reason, and not with what follows from it.
          this.fail(error)
          connected.error(error)
        },
      }),
    )
  }

  /** Another process that runs the job reads on until this one takes over. */
  private mayRead(): boolean {
    return this.attempt?.active !== false
  }

  private safely(act: () => void): void {
    try {
      act()
    } catch (error) {
      this.output.error(located(error, this.splits?.assigned.emitting))
    }
  }

  /** Everything there is to do now, one batch of each split. */
  private step(): void {
    if (this.phase === 'starting') this.begin()
    this.splits?.catchUp()
    if (this.splits?.ready === true) this.tellReady()
    if (this.isClosed()) return
    this.output.turn()
    const { splits } = this
    if (splits === undefined) return
    if (this.requested) this.answer(splits)
    if (this.phase === 'reading' && this.mayRead() && splits.assigned.readRound(this.interrupt)) this.loop.ask()
    this.watch.wake()
    if (this.isClosed()) return
    // What it has not begun to read stays as it is, though its end may have to wait until the attempt has taken over.
    if (this.phase === 'reading' && this.endRequested) {
      splits.stop()
      this.tellReady()
    }
    if (this.phase === 'reading' && this.mayRead() && (this.endRequested || splits.finished)) this.end()
    if (this.phase === 'ending' && this.attempt === undefined) this.endWithoutCheckpoints(splits)
  }

  /** `Restored` as soon as it is there; the splits when there is a client too. */
  private begin(): void {
    const { restored, client } = this
    if (restored === undefined) return
    if (!this.restoredSent) {
      this.restoredSent = true
      const emitting = () => this.splits?.assigned.emitting
      this.output.restored({ ...restored, present: this.parts.present, emitting })
      this.output.turn()
    }
    if (client === undefined || this.isClosed()) return
    const { config, parallelism, subtaskIndex, output, loop, metrics, logger, scheduler, work, fail } = this
    const { checkpointId } = restored
    const context = {
      config,
      client,
      parallelism,
      subtaskIndex,
      checkpointId,
      output,
      loop,
      metrics,
      logger,
      scheduler,
      fail,
    }
    const splits = new SubtaskSplits(context, restoredState(restored, this.uid, parallelism, subtaskIndex))
    this.splits = splits
    this.phase = 'reading'
    this.commits = new SourceCommits(
      { config, admin: client.admin, checkpointed: this.attempt !== undefined, metrics, logger, scheduler, work },
      () => splits.assigned.acknowledgedPositions,
    )
    splits.start()
  }

  private tellReady(): void {
    if (this.ready.value) return
    this.ready.next(true)
    this.attempt?.ready()
  }

  /** Between two records. True: no more of this batch. */
  private readonly interrupt = (): boolean => {
    if (this.requested && this.splits !== undefined) this.answer(this.splits)
    return this.endRequested || this.phase !== 'reading' || this.output.closed
  }

  /** The positions and the barrier belong to one turn: nothing is read in between. */
  private answer(splits: SubtaskSplits<T>): void {
    this.requested = false
    const { attempt } = this
    if (attempt === undefined) return
    for (let request = attempt.pending(); request !== undefined && !this.isClosed(); request = attempt.pending())
      this.sendBarrier(splits, attempt, request)
  }

  private sendBarrier(splits: SubtaskSplits<T>, attempt: SourceAttempt, request: CheckpointRequest): void {
    if (request.end !== undefined) this.stopReading()
    if (request.end === 'drain' || request.end === 'finished') this.sendFinalWatermark()
    const noted = splits.state
    const state = kafkaSourceState.encode(noted)
    const offsets = noted.splits.map(({ topicPartition, startingOffset }) => [topicPartition, startingOffset] as const)
    const barriers = attempt.barriers(request, state, this.output.parts())
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
    this.commits?.commit(offsets)
    if (request.end !== undefined) this.completeWhenCommitted()
  }

  private end(): void {
    this.stopReading()
    this.sendFinalWatermark()
    this.attempt?.requestFinalCheckpoint()
  }

  private stopReading(): void {
    if (this.phase !== 'reading') return
    this.phase = 'ending'
    this.splits?.stop()
    this.output.ending()
  }

  private sendFinalWatermark(): void {
    if (this.finalWatermarkSent) return
    this.finalWatermarkSent = true
    this.output.finalWatermark()
  }

  /** With automatic commits, the tail is waited for, so that it is committed too. */
  private endWithoutCheckpoints({ assigned }: SubtaskSplits<T>): void {
    if (this.commits?.commitRest(assigned.acknowledged) !== false) this.completeWhenCommitted()
  }

  private completeWhenCommitted(): void {
    this.phase = 'ended'
    const idle$ = this.commits?.idle$ ?? of(undefined)
    this.work.add(
      idle$.subscribe(() => {
        this.work.add(this.scheduler.schedule(() => this.output.complete()))
      }),
    )
  }

  private readonly fail = (error: unknown): void => {
    if (this.phase === 'closed') return
    // In a turn of its own: it may come from within a call.
    this.work.add(this.scheduler.schedule(() => this.output.error(error)))
  }

  private isClosed(): boolean {
    return this.phase === 'closed' || this.output.closed
  }
}
