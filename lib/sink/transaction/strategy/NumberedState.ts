import * as t from 'io-ts'
import { explained } from '../../../checkpoint/StateCodec.js'
import type { KafkaWriterState } from '../../writer/KafkaWriterState.js'
import type { FormerAttempts, RecordedTransactions } from './TransactionStrategy.js'

/** What strategies keep in a checkpoint that number their ids. */
const NumberedState = t.intersection([
  t.type({ strategy: t.union([t.literal('INCREMENTING'), t.literal('POOLING')]) }),
  // Ids with higher numbers had no transaction that the checkpoint knew of. Not there in early states.
  t.partial({ lastNumber: t.number }),
])

export type NumberedState = t.TypeOf<typeof NumberedState>

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

const decoded = (state: KafkaWriterState): NumberedState => {
  const naming = explained('naming of KafkaSink', NumberedState.decode(state.naming))
  if (naming._tag === 'Left') throw naming.left
  return naming.right
}
