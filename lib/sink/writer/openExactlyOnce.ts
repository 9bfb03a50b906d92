import type { CheckpointError } from '../../checkpoint/CheckpointError.js'
import { KafkaError } from '../../client/KafkaError.js'
import { result, type Step } from '../../scheduling/coroutine.js'
import type { Restored } from '../../stream/Restored.js'
import type { TransactionOwner } from '../../stream/TwoPhaseCommit.js'
import { committablesIn, type RecoveryContext, recoverTransactions } from '../committer/recoverTransactions.js'
import { checkTransactionTimeout } from '../transaction/checkTransactionTimeout.js'
import type { SinkTransactions } from '../transaction/SinkTransactions.js'
import { subtasksBeyond, takeOwnership } from '../transaction/takeOwnership.js'
import type { TransactionStrategy } from '../transaction/strategy/TransactionStrategy.js'
import { decodeWriterState, type KafkaWriterState, sinkStatesAmong } from './KafkaWriterState.js'
import { withoutCheckpoints } from './misuse.js'

/** What an exactly-once writer opens with. */
export interface OpeningContext extends RecoveryContext {
  readonly strategy: TransactionStrategy
  readonly uid: string
  readonly parallelism: number
  readonly hasBegun: () => void
}

/**
 * What comes before the first record: the transactional ids become this attempt's own, what the restored checkpoint holds is committed
 * (or the job goes back), and what former attempts left open is aborted. In this order: nothing of another job is touched, and
 * nothing is aborted that is still to be committed.
 */
export function* openExactlyOnce(context: OpeningContext): Generator<Step, TransactionOwner | undefined> {
  const { sink, strategy, restored, uid, parallelism, emit } = context
  const { twoPhase } = sink
  const { checkpointId } = restored
  yield* checkTimeout(context)
  context.hasBegun()
  // Not before the attempt has taken over from the one that runs.
  const { former, orphans } = yield* result(twoPhase.inheritance$)
  const { owner, usedBefore } = yield* takeOwnership(
    sink,
    checkpointId === undefined ? subtasksBeyond(parallelism) : [],
  )
  const states = formerStates(context)
  const among = (some: readonly unknown[]) => sinkStatesAmong(some, checkpointId ?? 0)
  const committed = yield* recoverTransactions(context, [
    ...committablesIn(uid, states),
    ...orphans.flatMap((orphan) => committablesIn(orphan.uid, among(orphan.states))),
  ])
  const recorded = former.map((one) => ({ ...one, states: among(one.states) }))
  const aborted = yield* strategy.endFormer({ checkpointId, parallelism, states, recorded, usedBefore })
  if (aborted.length > 0) emit({ kind: 'lingeringAborted', transactionalIds: aborted })
  const news = recoveryNews(sink, checkpointId, committed, aborted.length)
  if (news !== undefined) sink.logger?.info(news)
  yield* result(twoPhase.settled())
  return owner
}

/** What was found of former attempts and settled, for the log; undefined when there was nothing. */
const recoveryNews = (
  { prefix, subtaskIndex }: SinkTransactions,
  checkpointId: number | undefined,
  committed: number,
  aborted: number,
): string | undefined => {
  if (committed === 0 && aborted === 0) return undefined
  const from = checkpointId === undefined ? 'without a checkpoint' : `from checkpoint ${checkpointId}`
  return (
    `The sink of transactional id prefix "${prefix}" (subtask ${subtaskIndex}) has recovered ${from}: prepared transactions that are ` +
    `committed now: ${committed}; transactions that former attempts had left open, and that are aborted: ${aborted}.`
  )
}

/** The states that this subtask looks after: after a change of the parallelism those of subtasks that are no more, too. */
const formerStates = ({ restored, uid, parallelism, sink }: OpeningContext): readonly KafkaWriterState[] =>
  restored
    .statesOf(uid)
    .map((state, subtaskIndex) => {
      const decoded = decodeWriterState(state, { subtaskIndex, checkpointId: restored.checkpointId ?? 0 })
      if (decoded._tag === 'Left') throw notASink(uid, restored, decoded.left)
      return decoded.right
    })
    .filter(({ subtaskIndex }) => subtaskIndex % parallelism === sink.subtaskIndex)

function* checkTimeout({ sink, restored }: OpeningContext): Generator<Step, void> {
  const { client, config, logger } = sink
  const { checkpointing } = restored
  if (checkpointing === undefined) throw withoutCheckpoints(config.deliveryGuarantee)
  const maximum = yield* result(client.admin.brokerConfig('transaction.max.timeout.ms'))
  const verdict = checkTransactionTimeout(
    config.producer.transactionTimeoutMs,
    maximum === undefined ? undefined : Number(maximum),
    checkpointing,
  )
  if (verdict.error) throw verdict.error
  if (verdict.warning !== undefined) logger?.warn(verdict.warning)
}

const notASink = (uid: string, { checkpointId }: Restored, cause: CheckpointError): CheckpointError | KafkaError =>
  cause._tag === 'UnknownVersion'
    ? cause
    : new KafkaError({
        _tag: 'Corrupt',
        message:
          `The state of ${uid} in checkpoint ${checkpointId} is not one of a sink. Going on without it would lose its records. Was this uid ` +
          `given to another operator? ${cause.message}`,
        fatal: true,
        cause,
      })
