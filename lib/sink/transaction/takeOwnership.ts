import { KafkaError } from '../../client/KafkaError.js'
import { result, type Step } from '../../scheduling/coroutine.js'
import type { TransactionOwner } from '../../stream/TwoPhaseCommit.js'
import { describeTransactions } from './describeTransactions.js'
import { foreignPrefix } from './foreignPrefix.js'
import { initialise } from './initialise.js'
import { type Ownership, ownershipOf } from './ownershipOf.js'
import type { SinkTransactions } from './SinkTransactions.js'
import { ownerId } from './transactionalId.js'

/** Who this attempt is to the coordinators from now on. */
export interface TakenOwnership {
  /** undefined: in doubt for a while */
  readonly owner: TransactionOwner | undefined
  /** Others have used the prefix: there may be ids of theirs. */
  readonly usedBefore: boolean
}

/** So many subtasks beyond the parallelism are looked at by a start that restores nothing. */
const SUBTASKS_BEYOND = 15

/**
 * Subtasks that this job does not have, and that a job with the same prefix may have had: where a store was emptied as the parallelism
 * was lowered, their ids may be all that is left of what the job wrote.
 */
export const subtasksBeyond = (parallelism: number): readonly number[] =>
  Array.from({ length: SUBTASKS_BEYOND }, (_, n) => parallelism + n)

/**
 * Makes this attempt the owner of the subtask's transactional ids: initialises the id that stands for them, whose epoch tells from now
 * on whether anybody else has. The store knows before and after, so that a death in between is not taken for another job.
 *
 * @param beyond subtasks that are looked at too, in the same request, when the store knows no sink with the prefix
 */
export function* takeOwnership(sink: SinkTransactions, beyond: readonly number[]): Generator<Step, TakenOwnership> {
  const { config, prefix, subtaskIndex, logger } = sink
  const { ownership, subtask } = yield* ownershipAmong(sink, [subtaskIndex, ...beyond])
  if (ownership === 'inUse') logger?.warn(prefixInUse(prefix, ownerId(prefix, subtask)))
  if (ownership === 'foreign') {
    const error = foreignPrefix(prefix, subtask, ownerId(prefix, subtask))
    if (config.prefixInUsePolicy === 'fail') throw error
    logger?.warn(error.message)
  }
  return { owner: yield* becomeOwner(sink), usedBefore: ownership !== 'ours' }
}

/** Whose the prefix is, and the first subtask that shows it. The store is read last: it knew before of each id that this job has. */
function* ownershipAmong(
  sink: SinkTransactions,
  subtasks: readonly number[],
): Generator<Step, { readonly ownership: Ownership; readonly subtask: number }> {
  const idOf = (subtask: number): string => ownerId(sink.prefix, subtask)
  const described = yield* result(describeTransactions(sink, subtasks.map(idOf)))
  const records = yield* result(sink.twoPhase.ownerRecords())
  // Of a prefix that the store knows, ids of other subtasks may be this job's own.
  const telling = records.nameKnown ? subtasks.slice(0, 1) : subtasks
  const all = telling.map((subtask) => ({ subtask, ownership: ownershipOf(records, described.get(idOf(subtask))) }))
  return all.find(({ ownership }) => ownership !== 'ours') ?? all[0]!
}

/**
 * Whose the ids of the subtask are at this moment.
 *
 * @param own what this attempt is known by, since it has become the owner
 */
export function* currentOwnership(sink: SinkTransactions, own: TransactionOwner): Generator<Step, Ownership> {
  const id = ownerId(sink.prefix, sink.subtaskIndex)
  const described = (yield* result(describeTransactions(sink, [id]))).get(id)
  const records = yield* result(sink.twoPhase.ownerRecords())
  return ownershipOf({ ...records, owners: [...records.owners, own] }, described)
}

/**
 * Initialises the id that stands for the ownership. That is recorded first, so that it is known to be of this job, whenever it happens;
 * and the store is asked, so that an attempt that was superseded does not do it but for the shortest of moments.
 *
 * When a request got no answer before that, brokers may still carry it out, and it would look like another job. Then no owner is recorded,
 * nor returned: whoever is found is taken for this job, until the id is initialised again.
 */
export function* becomeOwner({
  client,
  config,
  prefix,
  subtaskIndex,
  twoPhase,
}: SinkTransactions): Generator<Step, TransactionOwner | undefined> {
  const id = ownerId(prefix, subtaskIndex)
  yield* result(twoPhase.recordOwner(undefined))
  yield* result(twoPhase.confirm())
  const { producer, identity } = yield* result(initialise(client, config.producer, id))
  const owner = { producerId: String(identity.producerId), epoch: identity.epoch }
  yield* result(producer.close())
  if (identity.inDoubt === true) return undefined
  yield* result(twoPhase.recordOwner(owner))
  return owner
}

const prefixInUse = (prefix: string, id: string): string =>
  `The checkpoint store knows no owner, but the transactional id prefix "${prefix}" was used before: ${id}. Either another job uses it: then give ` +
  'this one a prefix of its own (setTransactionalIdPrefix). Or the store of this job was emptied or put back: then it begins again at its ' +
  'starting offsets, and writes a second time what it wrote before. Or the first start of this job was cut off: then nothing is wrong.'

export const prefixTaken = (prefix: string, subtaskIndex: number): KafkaError =>
  new KafkaError({
    _tag: 'Fenced',
    message:
      `Another job has begun to use the transactional id prefix "${prefix}" (subtask ${subtaskIndex}), with a checkpoint store of its own. Two jobs ` +
      'with one prefix abort the transactions of each other. Give each a prefix of its own: setTransactionalIdPrefix.',
    retriable: false,
    fatal: true,
    transactionalId: ownerId(prefix, subtaskIndex),
  })
