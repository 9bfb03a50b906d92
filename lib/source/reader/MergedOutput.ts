import { asyncScheduler, type Subscriber, Subscription } from 'rxjs'
import { type SplitWatermarks, SourceWatermarks } from '../../eventtime/SourceWatermarks.js'
import { ticks } from '../../eventtime/TickConfig.js'
import type { WatermarkHolder } from '../../eventtime/WatermarkHolder.js'
import { WatermarkStrategy } from '../../eventtime/WatermarkStrategy.js'
import type { CheckpointBarrier } from '../../stream/CheckpointBarrier.js'
import type { EventTimeHold } from '../../stream/EventTimeHold.js'
import type { Restored } from '../../stream/Restored.js'
import type { StreamElement } from '../../stream/StreamElement.js'
import { StreamRecord } from '../../stream/StreamRecord.js'
import { MAX_WATERMARK, type Watermark } from '../../stream/Watermark.js'
import type { WatermarkStatus } from '../../stream/WatermarkStatus.js'
import type { DeadLetterRecord } from '../deadletter/DeadLetterRecord.js'
import type { KafkaSourceOptions } from '../KafkaSourceOptions.js'
import type { KafkaPartitionSplitState } from '../split/KafkaPartitionSplitState.js'
import type { SourceOutput, SplitOutput } from './SourceOutput.js'

/** All splits in one stream: `splits()` and `combineWatermarks()`, fused. */
export class MergedOutput<T> implements SourceOutput<T> {
  watermark = -Infinity
  private readonly watermarks: SourceWatermarks<T>
  /** Without a strategy a source tells its status, and its end. */
  private readonly timed: boolean
  private readonly time: ReturnType<typeof ticks>
  private readonly ticks = new Subscription()
  private tickDue = false

  /** @param wake asks for a turn of the loop, in which any split may be read */
  constructor(
    private readonly destination: Subscriber<StreamElement<T | DeadLetterRecord>>,
    { watermarks: strategy, watermarkHolder$, scheduler = asyncScheduler }: KafkaSourceOptions<T>,
    private readonly wake: () => void,
  ) {
    this.timed = strategy !== undefined
    this.time = ticks({ scheduler })
    const emit = (element: Watermark | WatermarkStatus): void => {
      if (element.kind === 'watermark' && element.timestamp !== MAX_WATERMARK) this.watermark = element.timestamp
      destination.next(element)
    }
    const watermarks = new SourceWatermarks<T>(
      strategy ?? WatermarkStrategy.noWatermarks(),
      { emit, wake },
      scheduler,
      this.timed ? watermarkHolder$ : undefined,
      this.time.clock,
    )
    this.watermarks = watermarks
    destination.add(() => {
      watermarks.leave()
    })
    destination.add(this.ticks)
  }

  get watermarkHolder(): WatermarkHolder | undefined {
    return this.watermarks.holder
  }

  get watermarkHoldTime(): number {
    return this.watermarks.holdTime
  }

  get hold(): EventTimeHold | undefined {
    return this.watermarks.hold
  }

  get closed(): boolean {
    return this.destination.closed
  }

  /** The clock starts here: nothing comes before `Restored`, and the time that it took is nobody's idleness. */
  restored(restored: Restored): void {
    this.destination.next(restored)
    if (!this.timed) return
    this.ticks.add(
      this.time.tick$.subscribe(() => {
        this.tickDue = true
        this.wake()
      }),
    )
  }

  add({ key }: KafkaPartitionSplitState): SplitOutput<T> {
    const { destination, watermarks, timed: isTimed } = this
    const split = watermarks.addSplit(key)
    const sent = { timestamp: -Infinity }
    return {
      live: true,
      get paused() {
        return split.paused
      },
      abandoned: false,
      get timestamp() {
        return sent.timestamp
      },
      get watermark() {
        return split.watermark
      },
      record: isTimed ? timed(destination, split, sent) : plain(destination, sent),
      deadLetter: plain<DeadLetterRecord>(destination, sent),
      batchEnd: (element) => {
        destination.next(isTimed ? split.watch(element) : element)
      },
      finish: () => {
        watermarks.end(split)
      },
      drop: () => {
        watermarks.drop(split)
      },
    }
  }

  discovered(): void {
    this.watermarks.discovered()
  }

  turn(): void {
    if (!this.tickDue) return
    this.tickDue = false
    this.watermarks.onPeriodicEmit()
  }

  ending(): void {
    this.ticks.unsubscribe()
    this.tickDue = false
    this.watermarks.leave()
  }

  parts(): number {
    return 1
  }

  barrier(barriers: readonly CheckpointBarrier[]): void {
    for (const barrier of barriers) this.destination.next(barrier)
  }

  finalWatermark(): void {
    this.watermarks.emitFinalWatermark()
  }

  complete(): void {
    this.destination.complete()
  }

  error(error: unknown): void {
    this.destination.error(error)
  }
}

/** What is remembered of the last record. */
interface Sent {
  timestamp: number
}

const plain =
  <T>(destination: Subscriber<StreamElement<T>>, sent: Sent) =>
  (value: T, timestamp: number): void => {
    sent.timestamp = timestamp
    destination.next(new StreamRecord(value, timestamp))
  }

const timed =
  <T>(destination: Subscriber<StreamElement<T>>, split: SplitWatermarks<T>, sent: Sent) =>
  (value: T, recordTimestamp: number): void => {
    const timestamp = split.timestampOf(value, recordTimestamp)
    sent.timestamp = timestamp
    if (split.idle) split.markActive()
    destination.next(new StreamRecord(value, timestamp))
    split.onRecord(value, timestamp)
  }
