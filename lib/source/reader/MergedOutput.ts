import { asyncScheduler, interval, type Subscriber, Subscription } from 'rxjs'
import { type SplitWatermarks, SourceWatermarks } from '../../eventtime/SourceWatermarks.js'
import type { WatermarkHolder } from '../../eventtime/WatermarkHolder.js'
import type { CheckpointBarrier } from '../../stream/CheckpointBarrier.js'
import type { Restored } from '../../stream/Restored.js'
import type { StreamElement } from '../../stream/StreamElement.js'
import { StreamRecord } from '../../stream/StreamRecord.js'
import { MAX_WATERMARK, Watermark } from '../../stream/Watermark.js'
import { WatermarkStatus } from '../../stream/WatermarkStatus.js'
import type { DeadLetterRecord } from '../deadletter/DeadLetterRecord.js'
import type { KafkaSourceOptions } from '../KafkaSourceOptions.js'
import type { KafkaPartitionSplitState } from '../split/KafkaPartitionSplitState.js'
import type { SourceOutput, SplitOutput } from './SourceOutput.js'

/** From one periodic watermark to the next, in ms. Flink's `pipeline.auto-watermark-interval`. */
const WATERMARK_INTERVAL = 200

/** All splits in one stream: `splits()` and `combineWatermarks()`, fused. */
export class MergedOutput<T> implements SourceOutput<T> {
  readonly parts = 1
  watermark = -Infinity
  private readonly watermarks: SourceWatermarks<T> | undefined
  private readonly ticks = new Subscription()
  private splits = 0
  private anySplit = false
  private idle = false
  private tickDue = false

  /** @param wake asks for a turn of the loop */
  constructor(
    private readonly destination: Subscriber<StreamElement<T | DeadLetterRecord>>,
    { watermarks: strategy, watermarkHolder$, scheduler = asyncScheduler }: KafkaSourceOptions<T>,
    wake: () => void,
  ) {
    if (strategy === undefined) return
    const emit = (element: Watermark | WatermarkStatus): void => {
      if (element.kind === 'watermark') this.watermark = element.timestamp
      destination.next(element)
    }
    const watermarks = new SourceWatermarks(strategy, { emit, wake }, scheduler, watermarkHolder$)
    this.watermarks = watermarks
    destination.add(() => {
      watermarks.leave()
    })
    destination.add(this.ticks)
    this.ticks.add(
      interval(WATERMARK_INTERVAL, scheduler).subscribe(() => {
        this.tickDue = true
        wake()
      }),
    )
  }

  get watermarkHolder(): WatermarkHolder | undefined {
    return this.watermarks?.holder
  }

  get closed(): boolean {
    return this.destination.closed
  }

  restored(restored: Restored): void {
    this.destination.next(restored)
  }

  add({ key }: KafkaPartitionSplitState): SplitOutput<T> {
    const { destination } = this
    this.splits += 1
    this.anySplit = true
    this.setIdle(false)
    const watermarks = this.watermarks?.addSplit(key)
    const release = (): void => {
      watermarks?.release()
      this.splits -= 1
    }
    const sent = { timestamp: -Infinity }
    return {
      live: true,
      get paused() {
        return watermarks?.paused === true
      },
      abandoned: false,
      get timestamp() {
        return sent.timestamp
      },
      get watermark() {
        return watermarks?.watermark ?? -Infinity
      },
      record: watermarks === undefined ? plain(destination, sent) : timed(destination, watermarks, sent),
      deadLetter: plain<DeadLetterRecord>(destination, sent),
      batchEnd: (element) => {
        destination.next(watermarks === undefined ? element : watermarks.watch(element))
      },
      finish: release,
      drop: () => {
        release()
        this.setIdle(this.splits === 0)
      },
    }
  }

  discovered(): void {
    this.setIdle(!this.anySplit)
  }

  turn(): void {
    if (!this.tickDue) return
    this.tickDue = false
    this.watermarks?.onPeriodicEmit()
  }

  ending(): void {
    this.ticks.unsubscribe()
    this.tickDue = false
    this.watermarks?.leave()
  }

  barrier(barriers: readonly CheckpointBarrier[]): void {
    for (const barrier of barriers) this.destination.next(barrier)
  }

  finalWatermark(): void {
    this.destination.next(new Watermark(MAX_WATERMARK))
  }

  complete(): void {
    this.destination.complete()
  }

  error(error: unknown): void {
    this.destination.error(error)
  }

  private setIdle(idle: boolean): void {
    if (this.idle === idle) return
    this.idle = idle
    const status = new WatermarkStatus(idle)
    if (this.watermarks === undefined) this.destination.next(status)
    else this.watermarks.emit(status)
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
  <T>(destination: Subscriber<StreamElement<T>>, watermarks: SplitWatermarks<T>, sent: Sent) =>
  (value: T, recordTimestamp: number): void => {
    const timestamp = watermarks.timestampOf(value, recordTimestamp)
    sent.timestamp = timestamp
    destination.next(new StreamRecord(value, timestamp))
    watermarks.onRecord(value, timestamp)
  }
