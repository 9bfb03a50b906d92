import type { Observable } from 'rxjs'

/** The checkpointing of this attempt, as far as a sink must know it. Times in ms. */
export interface CheckpointingInfo {
  readonly interval: number
  readonly timeout: number
}

/**
 * Always the first element: what this attempt starts from. It also is the pipeline's way back to where it comes from, so that
 * no operator needs a reference to the coordinator.
 */
export interface Restored {
  readonly kind: 'restored'
  /** The checkpoint this attempt goes on from; undefined at a fresh start. */
  readonly checkpointId?: number | undefined
  /** Undefined on a stream without checkpoints. */
  readonly checkpointing?: CheckpointingInfo | undefined
  /**
   * The state that `uid` handed over with that checkpoint, from this subtask; undefined when there is none. It is plain JSON
   * as it came from the store: decode it with a codec.
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
}
