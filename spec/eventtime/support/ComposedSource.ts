import { NEVER, Observable, Subject } from 'rxjs'
import { mergeSplits } from '../../../lib/eventtime/combineWatermarks.js'
import type { SplitElements } from '../../../lib/eventtime/combineWatermarks.js'
import { SourceEventTime } from '../../../lib/eventtime/SourceEventTime.js'
import type { SplitEventTime } from '../../../lib/eventtime/SplitEventTime.js'
import type { WatermarkStrategy } from '../../../lib/eventtime/WatermarkStrategy.js'
import { controlReceiverOf } from '../../../lib/stream/controlReceiver.js'
import type { StreamElement } from '../../../lib/stream/StreamElement.js'
import { StreamRecord } from '../../../lib/stream/StreamRecord.js'
import { Upstream } from '../../support/elements.js'

interface Split<T> {
  readonly elements: Subject<StreamElement<T>>
  readonly eventTime: SplitEventTime
}

/** What `KafkaSource.elements()` is composed of, by hand: splits with their operators, and their merge. */
export class ComposedSource<T> {
  private now = 0
  private readonly tick$ = new Subject<void>()
  private readonly eventTime: SourceEventTime<T>
  private readonly split$ = new Subject<SplitElements<T>>()
  private readonly splits = new Map<string, Split<T>>()
  private readonly up = new Upstream()

  constructor(strategy: WatermarkStrategy<T>, emit: (element: StreamElement<T>) => void) {
    const eventTime = new SourceEventTime<T>(strategy, {
      time: { clock: { now: () => this.now }, tick$: this.tick$ },
    })
    this.eventTime = eventTime
    // Its splits are not all known yet: without one it is not idle.
    const splits$ = new Observable<SplitElements<T>>((destination) => {
      controlReceiverOf(destination)?.(NEVER)
      return this.split$.subscribe(destination)
    })
    splits$.pipe(mergeSplits(eventTime.mergeConfig())).subscribe((element) => {
      if (element.kind !== 'restored') emit(element)
    })
    eventTime.begin(() => undefined)
  }

  add(id: string): void {
    const elements = new Subject<StreamElement<T>>()
    this.splits.set(id, { elements, eventTime: this.eventTime.addSplit(id) })
    this.split$.next({ id, elements: elements.pipe(this.eventTime.operator(id)) })
    elements.next(this.up.restored())
  }

  record(id: string, value: T, timestamp: number): void {
    this.splits.get(id)!.elements.next(new StreamRecord(value, timestamp))
  }

  drop(id: string): void {
    const { elements, eventTime } = this.splits.get(id)!
    this.splits.delete(id)
    eventTime.release()
    elements.complete()
  }

  pause(id: string): void {
    this.splits.get(id)!.eventTime.pause()
  }

  resume(id: string): void {
    this.splits.get(id)!.eventTime.resume()
  }

  advance(ms: number): void {
    this.now += ms
  }

  tick(ms = 0): void {
    this.advance(ms)
    this.tick$.next()
    this.eventTime.turn(this.splits.size === 0)
  }
}
