import { concat, defer, EMPTY, ignoreElements, map, type Observable, Subject, take, throwError } from 'rxjs'
import type { KafkaProducer } from '../../client/KafkaProducer.js'
import type { ProducerRecord } from '../../client/ProducerRecord.js'
import type { CheckpointBarrier } from '../../stream/CheckpointBarrier.js'
import type { Restored } from '../../stream/Restored.js'
import { DeliveryGuarantee } from '../DeliveryGuarantee.js'
import type { SinkEvent } from '../SinkEvent.js'
import type { BarrierWork, KafkaWriter } from './KafkaWriter.js'
import { withoutCheckpoints, withoutFinalBarrier } from './misuse.js'

/**
 * NONE and AT_LEAST_ONCE: one producer for life, no state. The two differ in what a barrier waits for: nothing, or all
 * acknowledgements. At the end of the input both wait.
 */
export class FlushingKafkaWriter implements KafkaWriter {
  ready = true
  readonly ready$ = new Subject<void>()
  readonly failed$: Observable<unknown>
  private sinceBarrier = 0

  constructor(
    private readonly producer: KafkaProducer,
    private readonly guarantee: Exclude<DeliveryGuarantee, 'exactly-once'>,
  ) {
    this.failed$ = producer.failed$
  }

  open(restored: Restored): Observable<SinkEvent> {
    return this.atLeastOnce && restored.checkpointing === undefined
      ? throwError(() => withoutCheckpoints(this.guarantee))
      : EMPTY
  }

  write(record: ProducerRecord): void {
    this.sinceBarrier++
    if (this.producer.append(record)) return
    this.ready = false
    this.producer.room$.pipe(take(1)).subscribe(() => {
      this.ready = true
      this.ready$.next()
    })
  }

  barrier(barrier: CheckpointBarrier): BarrierWork {
    const records = this.sinceBarrier
    const { checkpointId } = barrier
    this.sinceBarrier = 0
    // Subscribed in its turn, perhaps later: then it waits for some records after the barrier as well, which does no harm.
    const flushed$ =
      this.atLeastOnce || barrier.end !== undefined
        ? this.producer.flush().pipe(map((): SinkEvent => ({ kind: 'flushed', checkpointId, records })))
        : EMPTY
    const acknowledged$ = defer(() => {
      barrier.acknowledge()
      return EMPTY
    })
    return { prepare$: concat(flushed$, acknowledged$), settle$: EMPTY }
  }

  complete(): Observable<SinkEvent> {
    return this.atLeastOnce && this.sinceBarrier > 0
      ? throwError(() => withoutFinalBarrier(this.sinceBarrier))
      : this.producer.flush().pipe(ignoreElements())
  }

  close(): Observable<unknown> {
    return this.producer.close()
  }

  private get atLeastOnce(): boolean {
    return this.guarantee === DeliveryGuarantee.AT_LEAST_ONCE
  }
}
