import { BehaviorSubject, type Observable } from 'rxjs'
import type { ConsumerRecord } from '../../client/ConsumerRecord.js'
import type { KafkaClient } from '../../client/KafkaClient.js'
import type { StandstillWatch } from '../../standstill/StandstillWatch.js'
import { located } from '../../stream/located.js'
import type { KafkaSourceConfig } from '../KafkaSourceConfig.js'
import type { KafkaSplitsOptions } from '../KafkaSourceOptions.js'
import { joinAndConnect } from './joinAndConnect.js'
import type { JoinedCheckpoints } from './joinCheckpoints.js'
import type { Lag } from './LagHistory.js'
import { openReading, type Reading } from './openReading.js'
import { PipelineParts } from './PipelineParts.js'
import type { PublishedSplits } from './PublishedSplits.js'
import { type ReaderContext, readerContext } from './ReaderContext.js'
import { readerLag } from './readerLag.js'
import { type ReaderEffect, type ReaderEvent, type ReaderState, reads, stepReader } from './readerPhase.js'
import { answerRequests, readerTurn, readingOf, type TurningReader } from './readerTurn.js'
import { readerWatch } from './readerWatch.js'
import { RoundGate } from './RoundGate.js'
import { TurnTasks } from './TurnTasks.js'

/**
 * One attempt of one subtask: joins the checkpoints, restores, discovers, reads, answers barriers, ends.
 *
 * What happens is an event; `stepReader` says which state follows, and what is to be done about it, which is done here.
 *
 * **The loop** is the only one that emits (`readerTurn`). Whatever happens (data, an acknowledgement, a request of the coordinator, a tick) is
 * noted, and a turn is asked for; what was noted is looked at when `next()` has returned, requests between two records.
 */
export class KafkaSourceReader<T> implements TurningReader<T> {
  readonly context: ReaderContext<T>
  readonly tasks: TurnTasks
  readonly watch: StandstillWatch
  readonly gate: RoundGate
  private current: ReaderState<Reading<T>> = { phase: 'starting' }
  private readonly ready$ = new BehaviorSubject(false)
  private readonly parts = new PipelineParts()

  constructor(
    config: KafkaSourceConfig<T>,
    private readonly options: KafkaSplitsOptions,
    private readonly output: PublishedSplits<T>,
  ) {
    const fail = (error: unknown): void => this.apply({ _tag: 'Fails', error })
    this.context = readerContext(config, options, output, { turn: () => this.turn(), fail })
    this.tasks = new TurnTasks(this.context.loop)
    this.gate = new RoundGate(output, () => answerRequests(this))
    this.watch = readerWatch(this.context, {
      splits: () => this.reading?.splits.assigned.states ?? [],
      admin: () => ('client' in this.state ? this.state.client.admin : undefined),
      heldSince: () => ('joined' in this.state ? this.state.joined.attempt?.heldSince : undefined),
      parts: this.parts,
    })
  }

  get state(): ReaderState<Reading<T>> {
    return this.current
  }

  start(): void {
    const { context, output, parts } = this
    const { loop, metrics, work } = context
    metrics.watch(output.eventTime)
    const wake = (): void => {
      this.gate.requested = true
      loop.ask()
    }
    const requestEnd = (): void => {
      this.apply({ _tag: 'EndRequested' })
      loop.ask()
    }
    const asked = { wake, requestEnd, waiting: () => parts.waiting }
    work.add(joinAndConnect(context, this.options, asked).subscribe((event) => this.apply(event)))
  }

  /** Asks for a turn of the loop, in which any split may have something to do. Never emits. */
  readonly wake = (): void => {
    this.reading?.splits.assigned.wakeAll()
    this.context.loop.ask()
  }

  /** How far the pipeline is behind. Cold. */
  get lag$(): Observable<Lag> {
    return readerLag(this.ready$, () => this.reading?.splits, this.context.scheduler)
  }

  close(): void {
    this.apply({ _tag: 'Closed' })
  }

  apply(event: ReaderEvent<Reading<T>>): void {
    const [state, ...effects] = stepReader(this.current, event)
    this.current = state
    this.gate.open = reads(state) && !state.endRequested
    for (const effect of effects) this.carryOut(effect)
  }

  private carryOut(effect: ReaderEffect<Reading<T>>): void {
    const { output, tasks } = this
    switch (effect._tag) {
      case 'SendRestored':
        return tasks.add(() => this.sendRestored(effect.joined))
      case 'Open':
        return tasks.add(() => this.open(effect.joined, effect.client))
      case 'Start':
        return effect.reading.splits.start()
      case 'TellReady':
        this.ready$.next(true)
        return effect.joined.attempt?.ready()
      case 'StopDiscovery':
        return effect.reading.splits.stop()
      case 'StopReading':
        effect.reading.splits.stop()
        return output.ending()
      case 'SendFinalWatermark':
        return output.finalWatermark()
      case 'RequestFinalCheckpoint':
        return effect.joined.attempt?.requestFinalCheckpoint()
      case 'SendBarrier':
        return effect.reading.barriers.send(effect.request)
      case 'Complete':
        return this.context.work.add(effect.reading.commits.idle$.subscribe(() => this.soon(() => output.complete())))
      case 'Error':
        // It may come from within a call.
        return this.soon(() => output.error(effect.error))
      case 'Release':
        return this.release(effect.held)
    }
  }

  private sendRestored({ restored }: JoinedCheckpoints): void {
    const { output, parts } = this
    output.restored({ ...restored, present: parts.present, emitting: () => this.emitting })
    output.turn()
  }

  private open(joined: JoinedCheckpoints, client: KafkaClient): void {
    const onLast = (): void => this.apply({ _tag: 'TakenOver' })
    this.apply({ _tag: 'Opened', reading: openReading(this.context, joined, client, onLast) })
  }

  private release(held: ReaderState<Reading<T>>): void {
    const { loop, work } = this.context
    this.tasks.clear()
    loop.close()
    this.watch.close()
    work.unsubscribe()
    if ('reading' in held) held.reading.splits.close()
    if ('joined' in held) held.joined.attempt?.leave()
    // The stream is over: there is no place for an error of closing.
    if ('client' in held) held.client.close().subscribe({ error: () => undefined })
  }

  private turn(): void {
    try {
      readerTurn(this)
    } catch (error) {
      this.output.error(located(error, this.emitting))
    }
  }

  private get reading(): Reading<T> | undefined {
    return readingOf(this.current)
  }

  private get emitting(): ConsumerRecord | undefined {
    return this.reading?.splits.assigned.emitting
  }

  private soon(act: () => void): void {
    const { scheduler, work } = this.context
    work.add(scheduler.schedule(act))
  }
}
