import { chain, type Either, mapLeft, tryCatch } from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import { CheckpointError, reasonOf } from './CheckpointError.js'
import type { StoredCheckpoint } from './CheckpointStore.js'
import { type StateCodec, stateCodec } from './StateCodec.js'

const Committed: t.Type<StoredCheckpoint['committed']> = t.record(t.string, t.readonlyArray(t.string))

const Checkpoint: t.Type<StoredCheckpoint> = t.type({
  checkpointId: t.number,
  timestamp: t.number,
  savepoint: t.boolean,
  parallelism: t.number,
  states: t.record(t.string, t.readonlyArray(t.unknown)),
  committed: Committed,
})

/** What an attempt started from, whole, so that it depends on no other attempt's folder. */
export interface RestoredFile {
  /** the attempt that wrote the checkpoint; null at a fresh start */
  readonly from: string | null
  readonly checkpoint: StoredCheckpoint | null
}

const Restored: t.Type<RestoredFile> = t.type({
  from: t.union([t.string, t.null]),
  checkpoint: t.union([Checkpoint, t.null]),
})

/** `chk-<id>.json`, and a savepoint. */
export const checkpointFile = stateCodec('checkpoint', 1, Checkpoint)

/** `….committed.json` beside a checkpoint: committables known to be committed, by uid. */
export const committedFile = stateCodec('committed', 1, Committed)

/** `restored.json`. */
export const restoredFile = stateCodec('restored', 1, Restored)

/** Readable, and a line at the end as an editor would leave it. */
export const toText = <A>(codec: StateCodec<A>, value: A): string =>
  `${JSON.stringify(codec.encode(value), undefined, 1)}\n`

/** Reads a file's text; `Corrupt` with its path when it is not what it should be. */
export const fromText = <A>(codec: StateCodec<A>, path: string, text: string): Either<CheckpointError, A> =>
  pipe(
    tryCatch(
      () => JSON.parse(text) as unknown,
      (cause) => cause,
    ),
    chain((json): Either<unknown, A> => codec.decode(json)),
    mapLeft((cause) => corrupt(path, reasonOf(cause), cause)),
  )

const corrupt = (path: string, reason: string, cause: unknown): CheckpointError =>
  new CheckpointError(
    'Corrupt',
    `${path} cannot be read: ${reason} Files get their final name when they are complete, so it was damaged later. Going back to ` +
      "the checkpoint before may double records; new FileCheckpointStore(directory, { onCorrupt: 'previous' }) accepts that.",
    { cause },
  )
