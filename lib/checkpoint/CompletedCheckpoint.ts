/** What is told of a checkpoint that is durable. */
export interface CompletedCheckpoint {
  /** Rises from checkpoint to checkpoint, also from one attempt to the next; numbers may be left out. */
  readonly checkpointId: number
  /** When it was triggered: ms since the epoch. */
  readonly timestamp: number
  /** From then until it was durable: ms. */
  readonly duration: number
  /** Taken by `stopWithSavepoint`: kept until somebody deletes it. */
  readonly savepoint: boolean
}
