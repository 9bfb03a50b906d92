import { recognizeAcrossCopies } from '../errors/recognizeAcrossCopies.js'

/**
 * What can go wrong in a source by itself; trouble with the cluster is a `KafkaError`.
 *
 * - `Deserialization`: a record could not be turned into a value, and the policy is to fail.
 * - `InvalidOffset`, `InvalidPartition`: an offsets initializer or a subscriber of yours answered what is none.
 * - `OffsetOutOfRange`: the position is no longer, or not yet, in the log, and the policy is to fail.
 * - `LogTruncated`: what was read is no longer in the log, since a replica without it became leader, and the policy is to fail.
 * - `PartitionRemoved`: a partition that is being read has gone, and the policy is to fail.
 * - `TopicRecreated`: a topic that is being read was deleted and created anew, and the policy is to fail.
 * - `NoStoppingOffset`: a bounded split whose end could not be told.
 * - `State`: the stored state does not fit.
 */
export type SourceErrorTag =
  | 'Deserialization'
  | 'InvalidOffset'
  | 'InvalidPartition'
  | 'OffsetOutOfRange'
  | 'LogTruncated'
  | 'PartitionRemoved'
  | 'TopicRecreated'
  | 'NoStoppingOffset'
  | 'State'

/**
 * A retry runs into these again, so they are never retriable.
 *
 * @example
 * ```ts
 * source.records().subscribe({
 *   error: (error) => {
 *     if (error instanceof SourceError && error._tag === 'Deserialization') console.error(error.message, error.cause)
 *   },
 * })
 * ```
 */
export class SourceError extends Error {
  static {
    recognizeAcrossCopies(this, 'SourceError')
  }

  /** The name of the class, also where the program is minified. */
  override readonly name = 'SourceError'
  /** A new attempt meets the same error, so {@link restart} does not try. */
  readonly retriable = false

  constructor(
    /** its kind */
    readonly _tag: SourceErrorTag,
    message: string,
    cause?: unknown,
  ) {
    super(message, cause === undefined ? undefined : { cause })
  }
}
