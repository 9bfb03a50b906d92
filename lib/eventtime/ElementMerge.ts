import { asyncScheduler, type Observable, type Subscriber, type Subscription } from 'rxjs'
import { WorkLoop } from '../scheduling/WorkLoop.js'
import type { CheckpointBarrier } from '../stream/CheckpointBarrier.js'
import { operate } from '../stream/operate.js'
import type { Restored } from '../stream/Restored.js'
import type { StreamElement } from '../stream/StreamElement.js'
import { StreamError } from '../stream/StreamError.js'
import type { EventTimeHold } from '../stream/EventTimeHold.js'
import { MAX_WATERMARK } from '../stream/Watermark.js'
import { BarrierAlignment } from './BarrierAlignment.js'
import { ElementWatermarkOutput } from './ElementWatermarkOutput.js'
import { inputsHold } from './inputsHold.js'
import type { MergeConfig } from './MergeConfig.js'
import { MergedRestored } from './MergedRestored.js'
import { MergeInput, MergeInputs, type NamedInput } from './MergeInputs.js'
import type { WatermarkCombination } from './WatermarkCombination.js'
import type { WatermarkOutput } from './WatermarkGenerator.js'
import { WatermarkHolderTracker } from './WatermarkHolderTracker.js'

export interface ElementMergeConfig extends MergeConfig {
  /** as it is told to people: as it stands in the program */
  readonly name: string
  readonly combine: (output: WatermarkOutput) => WatermarkCombination<NamedInput>
  /** What event time waits for; by default the slowest inputs. */
  readonly hold?: (() => EventTimeHold | undefined) | undefined
  /** All inputs are of one source: the final watermark is emitted as soon as that one says it. */
  readonly ofOneSource?: boolean | undefined
}

/**
 * Several streams of elements become one: the machine of `combineWatermarks` and `unionElements`.
 *
 * - `Restored`: the first one is emitted; a request to end goes to all.
 * - Records and batch ends pass as they come; a batch end stays that of its own split.
 * - Watermarks and statuses go into the combination, and what that says is emitted; a new input makes an idle stream active. **The final watermark** is emitted
 *   when all inputs there are have sent theirs, and no more can come: right before the final barrier, at the latest at
 *   completion. So an input that has ended never makes the others' watermark jump, whether they are idle or not.
 * - Barriers are aligned: see `BarrierAlignment`. The barrier of an aborted checkpoint is dropped, and who waited goes
 *   on.
 * - When the last input has gone without having ended, and others may come, the stream is idle.
 * - The control stream of a source (see `ControlReceiver`) is an input for `Restored`, barriers and the end, so that the stream has
 *   them without any other input. It is none for watermarks, but says from when on a source without splits is idle.
 */
export class ElementMerge<T> {
  private readonly inputs = new MergeInputs<T>()
  /** Those that hold elements, or have completed: to be drained. */
  private readonly due = new Set<MergeInput<T>>()
  /** None of them, and no checkpoint is being aligned: elements pass. */
  private flowing = true
  private readonly alignment = new BarrierAlignment<MergeInput<T>>()
  private readonly watermarks: WatermarkCombination<NamedInput>
  private readonly output: ElementWatermarkOutput
  private readonly holder: WatermarkHolderTracker<NamedInput> | undefined
  private readonly restored: MergedRestored
  private outcome: Subscription | undefined
  private lastCheckpointId = -1
  /** No input will be added any more. */
  private closed = false
  private finished = false
  /** Inputs have come that the combination has not spoken of yet. */
  private added = false
  /** Asked for from within an element that it gives on: done once that has been taken. */
  private readonly loop = new WorkLoop(() => this.settle())

  constructor(
    private readonly destination: Subscriber<StreamElement<T>>,
    private readonly config: ElementMergeConfig,
  ) {
    this.output = new ElementWatermarkOutput((element) => {
      destination.next(element)
    })
    const watermarks = (this.watermarks = config.combine(this.output))
    const { name, watermarkHolder$, scheduler = asyncScheduler } = config
    const { hold = () => inputsHold(name, watermarks.slowest) } = config
    this.restored = new MergedRestored({ name, holding: hold })
    if (watermarkHolder$ === undefined) return
    this.holder = new WatermarkHolderTracker(() => watermarks.slowest, scheduler, watermarkHolder$)
  }

  /** Adds all inputs before it subscribes to the first, so that each is waited for. */
  add(...sources: readonly { readonly id: string; readonly elements: Observable<StreamElement<T>> }[]): void {
    const inputs = sources.map(({ id, elements }) => ({ input: new MergeInput<T>(id), elements }))
    for (const { input } of inputs) {
      this.inputs.add(input)
      this.alignment.add(input)
      this.watermarks.add(input)
    }
    this.added = true
    this.loop.run()
    for (const { input, elements } of inputs) this.listen(input, elements)
  }

  addControl(control$: Observable<StreamElement<never>>): void {
    const input = new MergeInput<T>('control', true)
    this.inputs.add(input)
    this.alignment.add(input)
    this.listen(input, control$)
  }

  close(): void {
    this.closed = true
    this.loop.run()
  }

  private listen(input: MergeInput<T>, elements: Observable<StreamElement<T>>): void {
    operate(elements, this.destination, {
      next: (element) => {
        // The way of nearly all elements.
        if (this.flowing && element.kind === 'record' && this.loop.enter()) {
          this.destination.next(element)
          this.loop.leave()
        } else {
          this.next(input, element)
        }
      },
      complete: () => {
        input.completed = true
        this.due.add(input)
        this.loop.run()
      },
    })
  }

  private next(input: MergeInput<T>, element: StreamElement<T>): void {
    const { loop } = this
    if (this.alignment.waits(input) || input.held.length > 0 || !loop.enter()) {
      input.held.push(element)
      this.flowing = false
      this.due.add(input)
      if (loop.running) loop.run()
      return
    }
    this.process(input, element)
    loop.leave()
  }

  private process(input: MergeInput<T>, element: StreamElement<T>): void {
    switch (element.kind) {
      case 'record':
      case 'batchEnd':
        this.destination.next(element)
        break
      case 'watermark':
        if (element.timestamp === MAX_WATERMARK) this.endWatermarks(input)
        else this.watermarks.emitWatermark(input, element.timestamp)
        this.holder?.look()
        break
      case 'watermarkStatus':
        if (input.control) this.onSplitsKnown(input)
        else if (element.idle) this.watermarks.markIdle(input)
        else this.watermarks.markActive(input)
        this.holder?.look()
        break
      case 'restored':
        this.restore(element)
        break
      case 'barrier':
        this.deliver(input, element)
        break
    }
  }

  private restore(restored: Restored): void {
    const one = this.restored.add(restored)
    if (one !== undefined) this.destination.next(one)
  }

  private deliver(input: MergeInput<T>, barrier: CheckpointBarrier): void {
    const { checkpointId } = this.alignment
    if (barrier.checkpointId !== checkpointId && !this.align(barrier)) return
    this.alignment.deliver(input, barrier)
    this.flowing = false
    if (this.alignment.complete) this.loop.run()
  }

  /** Begins the alignment of a checkpoint. False when it has been aborted: then the barrier has no effect. */
  private align(barrier: CheckpointBarrier): boolean {
    let aborted = false
    const outcome = barrier.outcome$.subscribe(({ _tag }) => {
      if (_tag === 'completed') return
      aborted = true
      if (this.alignment.checkpointId !== barrier.checkpointId) return
      this.alignment.abandon()
      this.loop.run()
    })
    // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- set within subscribe, by an outcome that replays
    if (aborted) return false
    this.destination.add(outcome)
    const current = this.alignment.checkpointId ?? this.lastCheckpointId
    if (barrier.checkpointId <= current) throw lateBarrier(barrier.checkpointId, current)
    // The one before was given up by its source without a word; no input can wait for two.
    this.alignment.abandon()
    this.loop.run()
    this.outcome?.unsubscribe()
    this.outcome = outcome
    return true
  }

  /** Does what is to be done until all inputs are empty or wait. */
  private settle(): void {
    if (this.destination.closed) return
    if (this.added) this.updateWatermarks()
    this.emitBarrier()
    for (const input of this.due) this.drain(input)
    this.endIfDone()
    this.flowing = this.due.size === 0 && this.alignment.checkpointId === undefined
  }

  private emitBarrier(): void {
    const barrier = this.alignment.take()
    if (barrier === undefined) return
    this.outcome?.unsubscribe()
    this.lastCheckpointId = barrier.checkpointId
    this.loop.run()
    if (barrier.end !== undefined) this.finished = true
    if (barrier.end === 'finished' || barrier.end === 'drain') this.emitFinalWatermark()
    this.destination.next(barrier)
  }

  private drain(input: MergeInput<T>): void {
    while (input.held.length > 0 && !this.alignment.waits(input)) this.process(input, input.held.shift()!)
    if (input.held.length > 0) return
    this.due.delete(input)
    if (!input.completed) return
    this.inputs.remove(input)
    this.alignment.remove(input)
    this.removeWatermarks(input)
    this.loop.run()
  }

  private endIfDone(): void {
    const { closed, inputs, config } = this
    // A last barrier has said it, or it is that of a suspension, and the stream goes on from there another time.
    if (!this.finished && (closed || (config.ofOneSource === true && inputs.sourceHasEnded))) this.emitFinalWatermark()
    if (closed && inputs.none) this.destination.complete()
    else if (!this.finished && !this.restored.none && inputs.awaitsOthers) this.watermarks.standDown()
  }

  private onSplitsKnown(control: MergeInput<T>): void {
    control.splitsKnown = true
    this.loop.run()
  }

  private endWatermarks(input: MergeInput<T>): void {
    input.ended = true
    this.removeWatermarks(input)
    this.loop.run()
  }

  private removeWatermarks(input: MergeInput<T>): void {
    this.watermarks.remove(input)
    this.updateWatermarks()
  }

  private updateWatermarks(): void {
    this.added = false
    this.watermarks.update()
    this.holder?.look()
  }

  private emitFinalWatermark(): void {
    if (this.inputs.allHaveEnded) this.output.emitWatermark(MAX_WATERMARK)
  }
}

function lateBarrier(checkpointId: number, current: number): StreamError {
  return new StreamError(
    'LateBarrier',
    `The barrier of checkpoint ${checkpointId} arrived when that of checkpoint ${current} was already out or being aligned, so ` +
      'records before it are in the wrong checkpoint. An operator before the merge has let barriers overtake each other, or ' +
      'an input was subscribed to later than the source reckoned.',
  )
}
