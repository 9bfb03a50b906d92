import { timer } from 'rxjs'
import { KafkaError } from '../../client/KafkaError.js'
import type { PreparedTransaction } from '../../client/KafkaProducer.js'
import { result, type Step } from '../../scheduling/coroutine.js'
import { describeTransactions } from './describeTransactions.js'
import type { SinkTransactions } from './SinkTransactions.js'
import { type DescribedStanding, standingOf } from './standingOf.js'

/** Pauses in ms between questions about a transaction that its coordinator is ending: together some 30 s. */
const PAUSES = [20, 50, 100, 200, 400, 800, 1_600, 3_200, 6_400, 8_000, 10_000]

/** How a transaction stands for good: not `ending`. */
export type SettledStanding = Exclude<DescribedStanding, 'ending'>

/**
 * How prepared transactions stand, in their order. One that its coordinator is ending at this moment is asked about again, until it
 * is known what became of it.
 */
export function* describeStandings(
  sink: SinkTransactions,
  transactions: readonly PreparedTransaction[],
): Generator<Step, readonly SettledStanding[]> {
  const standings = new Map<string, DescribedStanding>()
  for (const pause of [...PAUSES, undefined]) {
    const open = transactions.filter(({ transactionalId }) => (standings.get(transactionalId) ?? 'ending') === 'ending')
    if (open.length === 0) break
    const ids = open.map(({ transactionalId }) => transactionalId)
    const described = yield* result(describeTransactions(sink, ids))
    for (const one of open) standings.set(one.transactionalId, standingOf(one, described.get(one.transactionalId)))
    const [ending] = open.filter(({ transactionalId }) => standings.get(transactionalId) === 'ending')
    if (ending === undefined) break
    if (pause === undefined) throw stillEnding(ending)
    yield* result(timer(pause, sink.scheduler))
  }
  return transactions.map(({ transactionalId }) => standings.get(transactionalId) as SettledStanding)
}

const stillEnding = ({ transactionalId }: PreparedTransaction): KafkaError =>
  new KafkaError({
    _tag: 'Timeout',
    message:
      `The coordinator of transaction ${transactionalId} has been ending it for 30 s. A partition of it likely has no leader: see whether ` +
      'all brokers are up.',
    retriable: true,
    transactionalId,
  })
