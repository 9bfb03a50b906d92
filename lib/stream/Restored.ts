import type { Observable } from 'rxjs'
import type { PipelinePart } from './PipelinePart.js'
import type { RecordPosition } from './RecordPosition.js'
import type { TwoPhaseCommit } from './TwoPhaseCommit.js'

/** The checkpointing of this attempt, as far as a sink must know it. Times in ms. */
export interface CheckpointingInfo {
  /** From the start of one checkpoint to the start of the next; 0: only those that are asked for. */
  readonly interval: number
  /** How long a checkpoint may take. */
  readonly timeout: number
  /** How many checkpoints may be on their way at a time. */
  readonly maxConcurrent?: number | undefined
}

/** Which subtask of a job, counted from 0, and of how many. */
export interface SubtaskInfo {
  /** From 0 to `parallelism - 1`. */
  readonly subtaskIndex: number
  /** How many subtasks the job has, over all processes. */
  readonly parallelism: number
}

/**
 * Always the first element: what this attempt starts from. It also is the pipeline's way back to where it comes from, so that
 * no operator needs a reference to the coordinator.
 *
 * An operator of your own whose state is to survive a crash reads it from here and hands it over at each barrier; nothing else
 * is needed. This one drops orders of customers that were there before:
 *
 * ```ts
 * const Customers = stateCodec('customers', 1, t.array(t.string))
 *
 * const firstOrders = (uid: string) =>
 *   elementOperator<Order>((destination) => {
 *     let customers = new Set<string>()
 *     return {
 *       restored: (restored) => {
 *         const decoded = Customers.decode(restored.stateOf(uid) ?? Customers.encode([]))
 *         if (isLeft(decoded)) throw decoded.left
 *         customers = new Set(decoded.right)
 *         destination.next(restored)
 *       },
 *       record: (record) => {
 *         const { customer } = record.value
 *         if (customers.has(customer)) return
 *         customers.add(customer)
 *         destination.next(record)
 *       },
 *       barrier: (barrier) => {
 *         barrier.snapshot(uid, Customers.encode([...customers]))
 *         destination.next(barrier)
 *       },
 *     }
 *   })
 * ```
 *
 * State of a key is what `keyedScan` and `windowByEventTime` keep so.
 */
export interface Restored {
  /** Tells it from other elements. */
  readonly kind: 'restored'
  /** The checkpoint this attempt goes on from; undefined at a fresh start. */
  readonly checkpointId?: number | undefined
  /** Undefined on a stream without checkpoints. */
  readonly checkpointing?: CheckpointingInfo | undefined
  /** The subtask of the source; undefined when whoever made the stream did not say: the only one. */
  readonly subtask?: SubtaskInfo | undefined
  /**
   * For a part of the pipeline that must reach something before it can work, as a sink must its brokers. The attempt takes over from
   * another process that runs the job only when all such parts have called what they get here. To be called as `Restored` passes.
   */
  beginning?(): () => void
  /** For sinks with transactions. Undefined on a stream without checkpoints. */
  readonly twoPhaseCommit?: TwoPhaseCommit | undefined
  /**
   * The state that `uid` handed over with that checkpoint, from this subtask; undefined when there is none. It
   * comes from the store, perhaps from an older release of yours: decode it with a codec.
   */
  stateOf(uid: string): unknown
  /** The states of all subtasks there were, in their order. After a rescale every subtask reads all and takes its share. */
  statesOf(uid: string): readonly unknown[]
  /** The ids of committables of `uid` that the store knows to be committed: they need not be committed again. */
  committedOf(uid: string): readonly string[]
  /** Notes durably that these committables of the restored checkpoint are committed. Acts once per subscription. */
  markCommitted(uid: string, ids: readonly string[]): Observable<void>
  /** Asks the source to end as a bounded one does: final watermark, final barrier, completion. Only sets a flag. */
  requestEnd(): void
  /**
   * Makes a part of the pipeline known to the source, for what is said when nothing moves: who waits, and for what. Ends do, and
   * operators that hold records; one of your own may. Sources of this library have it.
   */
  present?(part: PipelinePart): void
  /**
   * The record that is being emitted right now, for messages; undefined between records, and where that is not known. Valid
   * until the call that emits it returns: copy what is kept.
   *
   * An operator that emits records later than it has received them passes on a `Restored` of its own that answers for them.
   */
  readonly emitting?: () => RecordPosition | undefined
}
