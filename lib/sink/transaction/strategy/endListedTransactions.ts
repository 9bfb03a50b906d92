import { result, type Step } from '../../../scheduling/coroutine.js'
import { askPatiently } from '../askPatiently.js'
import type { SinkTransactions } from '../SinkTransactions.js'
import { endTransactions, OPEN_STATES } from './endTransactions.js'
import type { FormerAttempts } from './TransactionStrategy.js'

/**
 * Ends what brokers list as open (KIP-664) under a prefix that the sink has or had, for the subtasks that this one looks after: also what
 * no record tells of. Nothing of this attempt is open yet, and what the restored checkpoint holds is committed. To list an id needs the
 * right to describe it, which the right to write to it implies. (Flink looks for what begins with the prefix, so that of `a` it
 * would abort those of `a-b` too.)
 *
 * Returns the ids under which a transaction was open.
 */
export function* endListedTransactions(
  sink: SinkTransactions,
  { states, recorded, parallelism }: FormerAttempts,
): Generator<Step, readonly string[]> {
  const prefixes = new Set([
    sink.prefix,
    ...recorded.map(({ name }) => name),
    ...states.map(({ transactionalIdPrefix }) => transactionalIdPrefix),
  ])
  const listing$ = sink.client.admin.listTransactions(OPEN_STATES)
  const listed = yield* result(askPatiently(sink, 'transactions are listed', listing$))
  const own = listed
    .map(({ transactionalId }) => transactionalId)
    .filter((id) => {
      const { prefix, subtask } = /^(?<prefix>.*)-(?<subtask>\d+)-\d+$/s.exec(id)?.groups ?? {}
      return prefix !== undefined && prefixes.has(prefix) && Number(subtask) % parallelism === sink.subtaskIndex
    })
  yield* endTransactions(sink, own)
  return own
}
