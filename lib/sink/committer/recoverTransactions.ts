import { KafkaError } from '../../client/KafkaError.js'
import { result, type Step } from '../../scheduling/coroutine.js'
import type { Restored } from '../../stream/Restored.js'
import type { RestoredTransaction } from '../../stream/TwoPhaseCommit.js'
import type { SinkEvent } from '../SinkEvent.js'
import { describeStandings, type SettledStanding } from '../transaction/describeStandings.js'
import type { SinkTransactions } from '../transaction/SinkTransactions.js'
import type { KafkaWriterState } from '../writer/KafkaWriterState.js'
import { type KafkaCommittable, markOf } from './KafkaCommittable.js'
import type { KafkaCommitter } from './KafkaCommitter.js'
import { lostTransactions, unknownTransaction } from './commitErrors.js'

/** A transaction of the restored checkpoint, and whose it is. */
export interface RestoredCommittable {
  readonly uid: string
  readonly subtaskIndex: number
  readonly committable: KafkaCommittable
}

/** What recovery needs beside the sink's transactions. */
export interface RecoveryContext {
  readonly sink: SinkTransactions
  readonly committer: KafkaCommitter
  readonly restored: Restored
  readonly emit: (event: SinkEvent) => void
}

/**
 * Recovers the transactions of the restored checkpoint that are not known to be committed. All sinks of the job first find out how
 * theirs stand; then all together commit, or go back to an earlier checkpoint, so that a dead one is no loss as long as nothing after
 * it is visible. Whatever can be committed is, and is marked, before an error says what cannot.
 *
 * Must come before any InitProducerId of these ids, which would abort them.
 *
 * Returns how many are committed now that were not known to be.
 */
export function* recoverTransactions(
  context: RecoveryContext,
  restoredCommittables: readonly RestoredCommittable[],
): Generator<Step, number> {
  const { sink, restored } = context
  const known = new Map<string, ReadonlySet<string>>()
  const isMarked = ({ uid, committable }: RestoredCommittable): boolean => {
    const marked = known.get(uid) ?? new Set(restored.committedOf(uid))
    known.set(uid, marked)
    return marked.has(markOf(committable))
  }
  const open = restoredCommittables
    .filter((one) => !isMarked(one))
    .sort((a, b) => a.committable.checkpointId - b.committable.checkpointId)
  const standings = yield* describeStandings(
    sink,
    open.map(({ committable }) => committable),
  )
  const transactions = open.map(({ uid, subtaskIndex, committable }, index): RestoredTransaction => {
    const { checkpointId } = committable
    const standing = knownStanding(context, committable, standings[index])
    return { uid, subtaskIndex, id: markOf(committable), checkpointId, standing }
  })
  const actions = yield* result(sink.twoPhase.decide(transactions))
  const having = (action: (typeof actions)[number]) => open.filter((_, index) => actions[index] === action)

  const due = having('commit')
  yield* commitAll(context, due, transactions)
  const aborted = having('abort')
  if (aborted.length > 0) {
    for (const { committable } of aborted) yield* abort(context, committable)
    yield* result(sink.twoPhase.goBack())
  }
  yield* lose(context, having('lost'))
  return due.length
}

/** What a broker has forgotten may be committed or lost: whoever knows says so. */
const knownStanding = (
  { sink }: RecoveryContext,
  committable: KafkaCommittable,
  standing: SettledStanding = 'unknown',
): RestoredTransaction['standing'] => {
  // Initialised anew, so what was open is aborted.
  if (standing === 'empty') return 'dead'
  if (standing !== 'unknown') return standing
  switch (sink.config.unknownTransactionPolicy) {
    case 'assumeCommitted':
      return 'committed'
    case 'assumeLost':
      return 'dead'
    default:
      throw unknownTransaction(committable)
  }
}

function* commitAll(
  { sink, committer, restored, emit }: RecoveryContext,
  due: readonly RestoredCommittable[],
  transactions: readonly RestoredTransaction[],
): Generator<Step, void> {
  for (const { committable } of due) {
    const { transactionalId, producerId, epoch, checkpointId, records } = committable
    const standing = transactions.find(({ id }) => id === markOf(committable))?.standing
    // Committed before a crash came: there is nothing to ask the broker for, only to note.
    if (standing !== 'committed')
      yield* result(
        committer.commit(committable, () => sink.client.resume(transactionalId, producerId, epoch).commit()),
      )
    emit({ kind: 'committed', recovered: true, checkpointId, transactionalId, records })
  }
  yield* mark(restored, due)
}

/** Tells a transaction that was committed in the meantime, by a process that was stopped and woke: then the decision was wrong. */
function* abort({ sink }: RecoveryContext, committable: KafkaCommittable): Generator<Step, void> {
  const { transactionalId, producerId, epoch } = committable
  try {
    yield* result(sink.client.resume(transactionalId, producerId, epoch).abort())
  } catch (error) {
    const [standing] = yield* describeStandings(sink, [committable])
    if (standing !== 'prepared' && standing !== 'committed') return
    throw new KafkaError({
      _tag: 'Broker',
      message: `Transaction ${transactionalId} could not be aborted: it is ${standing} by now. The next attempt decides anew.`,
      retriable: true,
      transactionalId,
      cause: error,
    })
  }
}

function* lose({ sink, restored, emit }: RecoveryContext, lost: readonly RestoredCommittable[]): Generator<Step, void> {
  if (lost.length === 0) return
  const error = lostTransactions(lost.map(({ committable }) => committable))
  if (sink.config.commitLostPolicy === 'fail') throw error
  sink.logger?.warn(error.message)
  for (const { committable } of lost) {
    const { checkpointId, transactionalId, records } = committable
    emit({ kind: 'lost', reason: error.message, checkpointId, transactionalId, records })
  }
  // Told once: the next start must not ask again.
  yield* mark(restored, lost)
}

function* mark(restored: Restored, settled: readonly RestoredCommittable[]): Generator<Step, void> {
  for (const uid of new Set(settled.map((one) => one.uid))) {
    const ids = settled.filter((one) => one.uid === uid).map(({ committable }) => markOf(committable))
    yield* result(restored.markCommitted(uid, ids))
  }
}

/** The transactions that these states of a sink hold. */
export const committablesIn = (uid: string, states: readonly KafkaWriterState[]): readonly RestoredCommittable[] =>
  states.flatMap(({ subtaskIndex, committables }) =>
    committables.map((committable) => ({ uid, subtaskIndex, committable })),
  )
