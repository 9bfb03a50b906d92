import * as t from 'io-ts'
import { explained } from '../../../checkpoint/StateCodec.js'
import { KafkaError } from '../../../client/KafkaError.js'
import type { KafkaWriterState } from '../../writer/KafkaWriterState.js'
import type { FormerAttempts, RecordedTransactions } from '../TransactionStrategy.js'

/** What INCREMENTING keeps in a checkpoint. */
const IncrementingState = t.intersection([
  t.type({ strategy: t.literal('INCREMENTING') }),
  // Ids with higher numbers had no transaction that the checkpoint knew of. Not there in early states.
  t.partial({ lastNumber: t.number }),
])

export type IncrementingState = t.TypeOf<typeof IncrementingState>

/** Above this number the restored checkpoint knows of no transaction of a sink's subtask; undefined: that is not known. */
export const lastNumberOf = (
  { checkpointId, states }: FormerAttempts,
  { name, subtaskIndex, states: others }: Pick<RecordedTransactions, 'name' | 'subtaskIndex' | 'states'>,
): number | undefined => {
  if (checkpointId === undefined) return 0
  // A sink that was given another prefix may have been given another uid by that.
  const known = [...states, ...others].map((state) => [state, decoded(state).lastNumber] as const)
  return known.find(([state]) => state.transactionalIdPrefix === name && state.subtaskIndex === subtaskIndex)?.[1]
}

const decoded = (state: KafkaWriterState): IncrementingState => {
  const { strategy } = state.naming
  if (strategy !== 'INCREMENTING') throw switchedBack(state)
  const naming = explained('naming of KafkaSink', IncrementingState.decode(state.naming))
  if (naming._tag === 'Left') throw naming.left
  return naming.right
}

/** It begins with Flink's message. */
const switchedBack = ({ transactionalIdPrefix, subtaskIndex, checkpointId, naming }: KafkaWriterState): KafkaError =>
  new KafkaError({
    _tag: 'Config',
    message:
      'Attempted to switch the transaction naming strategy back to INCREMENTING which may result in data loss. The transactions of prefix ' +
      `"${transactionalIdPrefix}" (subtask ${subtaskIndex}) in checkpoint ${checkpointId} were named by ${naming.strategy}, and INCREMENTING does not find ` +
      `what is still open under such ids. Set setTransactionNamingStrategy(TransactionNamingStrategy.${naming.strategy}) as before.`,
    retriable: false,
    fatal: true,
  })
