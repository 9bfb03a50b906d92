import { KafkaError } from '../../client/KafkaError.js'
import { result, type Step } from '../../scheduling/coroutine.js'
import type { Restored } from '../../stream/Restored.js'
import type { FormerTransactions } from '../../stream/TwoPhaseCommit.js'
import {
  committablesIn,
  orphanStates,
  type RecoveryContext,
  recoverTransactions,
} from '../committer/recoverTransactions.js'
import { checkTransactionTimeout } from '../transaction/checkTransactionTimeout.js'
import { endFormerTransactions } from '../transaction/endFormerTransactions.js'
import type { SinkTransactions } from '../transaction/SinkTransactions.js'
import { subtasksBeyond, type TakenOwnership, takeOwnership } from '../transaction/takeOwnership.js'
import { decodeWriterState, type KafkaWriterState } from './KafkaWriterState.js'
import { withoutCheckpoints } from './misuse.js'

/** What an exactly-once writer opens with. */
export interface OpeningContext extends RecoveryContext {
  readonly uid: string
  readonly parallelism: number
  readonly hasBegun: () => void
}

/** What an exactly-once writer knows once it is open. */
export interface Opened extends TakenOwnership {
  /** of the transactional ids that the restored checkpoint knows */
  readonly lastNumber: number
}

/**
 * What comes before the first record: the transactional ids become this attempt's own, what the restored checkpoint holds is committed
 * (or the job goes back), and what former attempts left open is aborted. In this order: nothing of another job is touched, and
 * nothing is aborted that is still to be committed.
 */
export function* openExactlyOnce(context: OpeningContext): Generator<Step, Opened> {
  const { sink, restored, parallelism, emit } = context
  const { twoPhase } = sink
  yield* checkTimeout(context)
  context.hasBegun()
  // Not before the attempt has taken over from the one that runs.
  const inheritance = yield* result(twoPhase.inheritance$)
  const taken = yield* takeOwnership(sink, restored.checkpointId === undefined ? subtasksBeyond(parallelism) : [])
  const former = formerStates(context)
  const committed = yield* recoverTransactions(
    context,
    committablesIn([...former, ...orphanStates(inheritance)], restored.checkpointId ?? 0),
  )
  const lastKnown = (subtask: number): number =>
    former.find(({ subtaskIndex }) => subtaskIndex === subtask)?.decoded.checkpointId ?? restored.checkpointId ?? 0
  const own = former.map(({ decoded }) => decoded)
  const lastCommitted = ({ name, subtaskIndex, states }: SinkStates): number | undefined => {
    if (restored.checkpointId === undefined) return 0
    // A sink that was given another prefix may have been given another uid by that.
    return [...own, ...decodedStates(states, restored.checkpointId)].find(
      (state) => state.transactionalIdPrefix === name && state.subtaskIndex === subtaskIndex,
    )?.lastNumber
  }
  const aborted = yield* endFormerTransactions(sink, inheritance.former, { lastKnown, lastCommitted })
  if (aborted.length > 0) emit({ kind: 'lingeringAborted', transactionalIds: aborted })
  const news = recoveryNews(sink, restored.checkpointId, committed, aborted.length)
  if (news !== undefined) sink.logger?.info(news)
  yield* result(twoPhase.settled())
  return {
    ...taken,
    lastNumber: lastCommitted({ name: sink.prefix, subtaskIndex: sink.subtaskIndex, states: [] }) ?? 0,
  }
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
const formerStates = ({ restored, uid, parallelism, sink }: OpeningContext) =>
  restored.statesOf(uid).flatMap((state, index) => {
    const decoded = decodeWriterState(state, { subtaskIndex: index, checkpointId: restored.checkpointId ?? 0 })
    if (decoded._tag === 'Left') throw notASink(uid, restored)
    const { subtaskIndex } = decoded.right
    return subtaskIndex % parallelism === sink.subtaskIndex
      ? [{ uid, state, subtaskIndex, decoded: decoded.right }]
      : []
  })

type SinkStates = Pick<FormerTransactions, 'name' | 'subtaskIndex' | 'states'>

const decodedStates = (states: readonly unknown[], checkpointId: number): readonly KafkaWriterState[] =>
  states.flatMap((state, subtaskIndex) => {
    const decoded = decodeWriterState(state, { subtaskIndex, checkpointId })
    return decoded._tag === 'Right' ? [decoded.right] : []
  })

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

const notASink = (uid: string, { checkpointId }: Restored): KafkaError =>
  new KafkaError({
    _tag: 'Corrupt',
    message:
      `The state of ${uid} in checkpoint ${checkpointId} is not one of a sink. Going on without it would lose its records. Was this uid ` +
      'given to another operator?',
    fatal: true,
  })
