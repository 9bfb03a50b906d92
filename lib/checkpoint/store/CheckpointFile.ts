import { chain, type Either, mapLeft, tryCatch } from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import { CheckpointError, isCheckpointError, reasonOf } from '../CheckpointError.js'
import type { SinkRecord } from './AttemptLedger.js'
import type { StoredCheckpoint, StoredTransaction } from './CheckpointStore.js'
import { type StateCodec, stateCodec } from '../StateCodec.js'

const Committed: t.Type<StoredCheckpoint['committed']> = t.record(t.string, t.readonlyArray(t.string))

const Transaction: t.Type<StoredTransaction> = t.type({ id: t.string, checkpointId: t.number, subtaskIndex: t.number })

const Checkpoint: t.Type<StoredCheckpoint> = t.intersection([
  t.type({
    checkpointId: t.number,
    timestamp: t.number,
    savepoint: t.boolean,
    parallelism: t.number,
    states: t.record(t.string, t.readonlyArray(t.unknown)),
    committed: Committed,
  }),
  // Release 0.1 wrote none: its sinks have their committables in their states alone.
  t.partial({ prepared: t.union([t.undefined, t.record(t.string, t.readonlyArray(Transaction))]) }),
])

/** What an attempt started from, whole, so that it depends on no other attempt's folder. */
export interface RestoredFile {
  /** the attempt that wrote the checkpoint; null at a fresh start */
  readonly from: string | null
  readonly checkpoint: StoredCheckpoint | null
  /** After a change of the parallelism: the attempt that wrote this down for all subtasks. */
  readonly by?: string | undefined
}

const Restored: t.Type<RestoredFile> = t.intersection([
  t.type({ from: t.union([t.string, t.null]), checkpoint: t.union([Checkpoint, t.null]) }),
  t.partial({ by: t.union([t.undefined, t.string]) }),
])

/** `chk-<id>.json`, and a savepoint. */
export const checkpointFile = stateCodec('checkpoint', 1, Checkpoint)

/** `….committed.json` beside a checkpoint: committables known to be committed, by uid. */
export const committedFile = stateCodec('committed', 1, Committed)

/** `restored.json`. */
export const restoredFile = stateCodec('restored', 1, Restored)

const Sink: t.Type<SinkRecord> = t.intersection([
  t.type({ name: t.string, uid: t.string, subtaskIndex: t.number }),
  t.partial({
    owner: t.union([t.undefined, t.type({ producerId: t.string, epoch: t.number })]),
    passedOver: t.union([t.undefined, t.readonlyArray(t.type({ first: t.number, last: t.number }))]),
    handedOn: t.union([t.undefined, t.boolean]),
  }),
])

/** `sinks.json`: the two-phase sinks of an attempt. */
export const sinksFile = stateCodec('sinks', 1, t.readonlyArray(Sink))

/** `claim.json` and a block of ids: who has created it. `host` and `pid` are for people. */
export const ownedFile = stateCodec(
  'claim',
  1,
  t.type({ attempt: t.string, writer: t.string, host: t.string, pid: t.number }),
)

const Verdict = t.type({ taken: t.boolean, by: t.string, writer: t.string })

/** Whether an attempt has taken over from the one before, and the attempt that has decided so. */
export type Verdict = t.TypeOf<typeof Verdict>

/** `verdict.json`. */
export const verdictFile = stateCodec('verdict', 1, Verdict)

/** A key that says all by being there. */
export const EMPTY_FILE = '{"version":1,"state":{}}\n'

/** Readable, and a line at the end as an editor would leave it. */
export const toText = <A>(codec: StateCodec<A>, value: A): string =>
  `${JSON.stringify(codec.encode(value), undefined, 1)}\n`

/** Reads a file's text. Errors name its path: `Corrupt` when it is damaged, `UnknownVersion` when another release has written it. */
export const fromText = <A>(codec: StateCodec<A>, path: string, text: string): Either<CheckpointError, A> =>
  pipe(
    tryCatch(
      () => JSON.parse(text) as unknown,
      (cause) => cause,
    ),
    chain((json): Either<unknown, A> => codec.decode(json)),
    mapLeft((cause) => unreadable(path, cause)),
  )

const unreadable = (path: string, cause: unknown): CheckpointError =>
  isCheckpointError(cause) && cause._tag === 'UnknownVersion'
    ? new CheckpointError('UnknownVersion', `${path} cannot be read: ${cause.message}`, { cause })
    : corrupt(path, reasonOf(cause), cause)

const corrupt = (path: string, reason: string, cause: unknown): CheckpointError =>
  new CheckpointError(
    'Corrupt',
    `${path} cannot be read: ${reason} Files get their final name when they are complete, so it was damaged later. Going back to ` +
      "the checkpoint before may double records; new FileCheckpointStore(directory, { onCorrupt: 'previous' }) accepts that.",
    { cause },
  )
