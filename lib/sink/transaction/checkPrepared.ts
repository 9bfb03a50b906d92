import { result, type Step } from '../../scheduling/coroutine.js'
import type { TransactionOwner } from '../../stream/TwoPhaseCommit.js'
import { deadTransaction, expiringTransaction } from '../committer/commitErrors.js'
import type { KafkaCommittable } from '../committer/KafkaCommittable.js'
import { describeStandings, type SettledStanding } from './describeStandings.js'
import type { SinkTransactions } from './SinkTransactions.js'
import { becomeOwner, currentOwnership, prefixTaken } from './takeOwnership.js'
import { ownerId } from './transactionalId.js'

/** What a checkpoint is about to rest on. */
export interface PreparedTransactions {
  /** undefined: not known for a while, so that nobody can be told from it */
  readonly owner: TransactionOwner | undefined
  readonly committables: readonly KafkaCommittable[]
  /** Of these, the first that will soon expire. */
  readonly expiring: KafkaCommittable | undefined
}

/**
 * Makes sure that a checkpoint can rest on these transactions: that each lives, and that nobody else has begun to use their ids.
 * Otherwise it errors, before the checkpoint is stored, so that the next attempt goes on from the one before and nothing is lost.
 * Emits the owner: a newer one when a former attempt of this job has woken and has changed it.
 *
 * A flush does not tell: what was acknowledged an hour ago has nothing to send.
 */
export function* checkPrepared(
  sink: SinkTransactions,
  { owner, committables, expiring }: PreparedTransactions,
): Generator<Step, TransactionOwner | undefined> {
  const { config, prefix, subtaskIndex } = sink
  if (expiring !== undefined) throw expiringTransaction(expiring, config.producer.transactionTimeoutMs)
  const owned = owner === undefined ? [] : [ownedAs(owner, ownerId(prefix, subtaskIndex))]
  const standings = yield* describeStandings(sink, [...committables, ...owned])
  const dead = committables.find((_, index) => standings[index] !== 'prepared' && standings[index] !== 'committed')
  const ownerNow = owner && (yield* ownerAfter(sink, owner, standings[committables.length]))
  if (dead !== undefined) throw deadTransaction(dead)
  return ownerNow
}

/** Errors when somebody else has begun to use the sink's ids: `Superseded` when that is a newer attempt of the job. */
export function* checkOwner(
  sink: SinkTransactions,
  owner: TransactionOwner,
): Generator<Step, TransactionOwner | undefined> {
  const { prefix, subtaskIndex } = sink
  const [standing] = yield* describeStandings(sink, [ownedAs(owner, ownerId(prefix, subtaskIndex))])
  return yield* ownerAfter(sink, owner, standing)
}

function* ownerAfter(
  sink: SinkTransactions,
  owner: TransactionOwner,
  standing: SettledStanding | undefined,
): Generator<Step, TransactionOwner | undefined> {
  if (standing !== 'dead') return owner
  // A newer attempt of this job has the same right to them; then the store says so.
  yield* result(sink.twoPhase.confirm())
  if ((yield* currentOwnership(sink, owner)) === 'ours') return yield* becomeOwner(sink)
  throw prefixTaken(sink.prefix, sink.subtaskIndex)
}

const ownedAs = ({ producerId, epoch }: TransactionOwner, transactionalId: string) => ({
  ...{ transactionalId, producerId: BigInt(producerId), epoch },
})
