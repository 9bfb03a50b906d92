import type { Observable } from 'rxjs'
import type { ProducerRecord } from '../../client/ProducerRecord.js'
import type { CheckpointBarrier } from '../../stream/CheckpointBarrier.js'
import type { Restored } from '../../stream/Restored.js'
import type { SinkEvent } from '../SinkEvent.js'

/** What is to be done about a barrier, in two steps; each runs after the same step of the barrier before. */
export interface BarrierWork {
  /** Makes the records before the barrier safe, hands over the state, acknowledges. */
  readonly prepare$: Observable<SinkEvent>
  /** Waits for the outcome of the checkpoint and acts on it. */
  readonly settle$: Observable<SinkEvent>
}

/** The transactions of an exactly-once sink, for people. */
export interface WriterTransactions {
  /** with records, and not flushed yet */
  readonly open: number
  /** flushed, and not known to be committed */
  readonly prepared: number
  /** ms since the first record of the oldest of them; 0 when there is none */
  readonly oldestAge: number
}

/**
 * One subtask's way of writing under one guarantee.
 *
 * 1. `open` recovers what a former attempt left; when it completes, records may be written.
 * 2. `write` as long as `ready`; then wait for `ready$`.
 * 3. `barrier`, called in the place of the barrier between the records.
 * 4. `close` stops at once: what is open is aborted, what is prepared stays for the next attempt.
 */
export interface KafkaWriter {
  open(restored: Restored): Observable<SinkEvent>
  /** Elements may be written now. */
  readonly ready: boolean
  /** Hot: emits when `ready` has become true. */
  readonly ready$: Observable<void>
  write(record: ProducerRecord): void
  barrier(barrier: CheckpointBarrier): BarrierWork
  /** The input has completed and all work of its barriers is done: waits for what is left. Errors when records would be lost. */
  complete(): Observable<SinkEvent>
  /** Hot: a failure outside of all calls. */
  readonly failed$: Observable<unknown>
  /** Undefined without transactions. */
  readonly transactions?: WriterTransactions | undefined
  close(): Observable<unknown>
}
