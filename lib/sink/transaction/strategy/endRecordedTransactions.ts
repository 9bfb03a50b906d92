import type { TransactionDescription } from '../../../client/TransactionDescription.js'
import { result, type Step } from '../../../scheduling/coroutine.js'
import { describeTransactions } from '../describeTransactions.js'
import { foreignPrefix } from '../foreignPrefix.js'
import type { SinkTransactions } from '../SinkTransactions.js'
import { transactionalId } from '../transactionalId.js'
import type { FormerAttempts, RecordedTransactions } from './TransactionStrategy.js'
import { endTransactions, OPEN_STATES } from './endTransactions.js'
import { lastNumberOf } from './NumberedState.js'

/** How many ids are asked about at a time where it is not recorded which were used. */
const WINDOW = 16

/**
 * Ends all transactions that former attempts may have opened and that no checkpoint knows: initialises each id that the coordinator
 * knows, which aborts what is open under it and fences whoever still holds it. What is committed is left alone.
 *
 * A former attempt that was stopped and wakes cannot open another one: it asks the store after it has initialised an id, and before
 * it uses it. So an id that is not known here and now needs nothing.
 *
 * Nothing is committed before the store has its checkpoint, and nothing initialised before the store has its number. So a commit that
 * the restored checkpoint does not know of, or an id with a number that only this attempt may use, is of another job, or the store was
 * put back to an older copy: a `Fenced` error, or a warning when the sink's `prefixInUsePolicy` is `takeOver`.
 *
 * Returns the ids under which a transaction was open.
 */
export function* endRecordedTransactions(
  sink: SinkTransactions,
  attempts: FormerAttempts,
): Generator<Step, readonly string[]> {
  const recorded = attempts.recorded.flatMap((one) => idsOf(one, lastNumberOf(attempts, one)))
  const unused = yield* unusedIds(sink, attempts.recorded)
  const all = yield* describe(
    sink,
    [...recorded, ...unused].map(({ id }) => id),
  )
  const foreign =
    unused.find(({ id }) => all.has(id)) ??
    recorded.find(({ id, number, lastNumber }) => number > lastNumber && isCommitted(all.get(id)))
  if (foreign !== undefined) {
    const { name, subtaskIndex } = foreign.of
    const error = foreignPrefix(name, subtaskIndex, foreign.id, sink.prefix)
    if (sink.config.prefixInUsePolicy === 'fail') throw error
    sink.logger?.warn(error.message)
  }
  const described = new Map(
    recorded.flatMap(({ id }) => {
      const description = all.get(id)
      return description === undefined ? [] : [[id, description] as const]
    }),
  )
  for (const one of attempts.recorded)
    if (one.unrecorded)
      for (const [id, description] of yield* search(sink, one, attempts)) described.set(id, description)
  const unended = [...described].filter(([, { state }]) => state !== 'CompleteCommit').map(([id]) => id)
  yield* endTransactions(sink, unended)
  return unended.filter((id) => isOpen(described.get(id)))
}

/** A transactional id, and whose it is. */
interface FormerId {
  readonly id: string
  readonly number: number
  readonly of: RecordedTransactions
}

/** All ids that an attempt has recorded. */
const idsOf = (of: RecordedTransactions, lastNumber = Infinity) =>
  of.blocks.flatMap(({ first, last: end }) =>
    idsFrom(of, first, end - first + 1).map((one) => ({ ...one, lastNumber })),
  )

const idsFrom = (of: RecordedTransactions, first: number, count: number): readonly FormerId[] =>
  Array.from({ length: count }, (_, index) => {
    const number = first + index
    return { id: transactionalId(of.name, of.subtaskIndex, number), number, of }
  })

/**
 * Ids of former prefixes and subtasks with numbers that are reserved for this attempt. Those of its own prefix and subtask are looked at
 * before they are used.
 */
function* unusedIds(
  sink: SinkTransactions,
  former: readonly RecordedTransactions[],
): Generator<Step, readonly FormerId[]> {
  const others = new Map(
    former
      .filter(({ unrecorded }) => !unrecorded)
      .filter(({ name, subtaskIndex }) => name !== sink.prefix || subtaskIndex !== sink.subtaskIndex)
      .map((one) => [transactionalId(one.name, one.subtaskIndex, 0), one]),
  )
  if (others.size === 0) return []
  const first = yield* result(sink.twoPhase.nextNumber(0))
  return [...others.values()].flatMap((one) => idsFrom(one, first, WINDOW))
}

function* describe(
  sink: SinkTransactions,
  ids: readonly string[],
): Generator<Step, ReadonlyMap<string, TransactionDescription>> {
  return ids.length === 0 ? new Map() : yield* result(describeTransactions(sink, [...new Set(ids)]))
}

/** What release 0.1 has left, which recorded nothing: ids upward from the last checkpoint, until many in a row were never used. */
function* search(
  sink: SinkTransactions,
  { name, subtaskIndex }: RecordedTransactions,
  { states, checkpointId = 0 }: FormerAttempts,
): Generator<Step, ReadonlyMap<string, TransactionDescription>> {
  const found = new Map<string, TransactionDescription>()
  const lastKnown = states.find((state) => state.subtaskIndex === subtaskIndex)?.checkpointId ?? checkpointId
  for (let first = lastKnown + 1; ; first += WINDOW) {
    const ids = Array.from({ length: WINDOW }, (_, index) => transactionalId(name, subtaskIndex, first + index))
    const described = yield* describe(sink, ids)
    if (described.size === 0) return found
    for (const [id, description] of described) found.set(id, description)
  }
}

const isCommitted = (described: TransactionDescription | undefined): boolean =>
  described !== undefined && ['PrepareCommit', 'CompleteCommit'].includes(described.state)

const isOpen = (described: TransactionDescription | undefined): boolean =>
  described !== undefined && OPEN_STATES.includes(described.state)
