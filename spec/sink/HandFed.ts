import { finalize, type Observable, of, type SchedulerLike, Subject, tap } from 'rxjs'
import type { ConnectKafka } from '../../lib/client/KafkaClient.js'
import { sinkTo } from '../../lib/sink/sinkTo.js'
import type { CheckpointOutcome } from '../../lib/stream/CheckpointBarrier.js'
import type { Restored } from '../../lib/stream/Restored.js'
import type { StreamElement } from '../../lib/stream/StreamElement.js'
import { Upstream } from '../support/elements.js'
import { SinkScene } from './sinkScene.js'

export const aborted = (checkpointId: number): CheckpointOutcome => ({
  _tag: 'aborted',
  checkpointId,
  reason: 'it was slow',
})

export const completed = (checkpointId: number): Extract<CheckpointOutcome, { _tag: 'completed' }> => ({
  _tag: 'completed',
  checkpointId,
  markCommitted: () => of(undefined),
})

/** A sink that is given its elements by hand, and the clients it has open. */
export class HandFed {
  readonly upstream = new Upstream()
  readonly elements = new Subject<StreamElement<string>>()
  open = 0

  constructor(readonly scene = new SinkScene()) {}

  readonly connect: ConnectKafka = (kafkaConfig) =>
    this.scene.kafka.connect(kafkaConfig).pipe(
      tap((client) => {
        this.open++
        const close = client.close.bind(client)
        client.close = () => close().pipe(finalize(() => this.open--))
      }),
    )

  /** @param scheduler of the sink alone; brokers have that of the scene */
  start(
    sink = this.scene.sink(),
    elements$: Observable<StreamElement<string>> = this.elements,
    scheduler: SchedulerLike = this.scene.scheduler,
  ) {
    return this.scene.start(elements$.pipe(sinkTo(sink, { connect: this.connect, scheduler })))
  }

  feed(...elements: readonly StreamElement<string>[]): void {
    elements.forEach((element) => this.elements.next(element))
  }

  restored(checkpointId?: number): Restored {
    return { ...this.upstream.restored(checkpointId), checkpointing: { interval: 100, timeout: 1000 } }
  }

  at(ms: number, act: () => void): void {
    this.scene.scheduler.schedule(act, ms)
  }
}
