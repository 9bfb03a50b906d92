import type { Step } from '../../scheduling/coroutine.js'
import type { FormerHolder } from './AttemptLedger.js'
import type { AttemptClaim } from './AttemptOrder.js'
import type { StoreReader } from './StoreReader.js'
import { type AttemptEntry, keysOfAttempt } from './storeKeys.js'

/** The subtask of a job with this parallelism that looks after a subtask of another one. */
const successorOf = (subtask: number, parallelism: number): number => subtask % parallelism

/**
 * Of the attempts before, those whose transactions are not known to be ended, each with the subtasks that are this attempt's to look
 * after. A subtask is done with when a newer attempt that has taken it over is settled.
 *
 * @param older newest first
 */
export function* formerHolders(
  reader: StoreReader,
  { share }: AttemptClaim,
  older: readonly AttemptEntry[],
): Generator<Step, readonly FormerHolder[]> {
  const open = older.flatMap((attempt, index) => {
    const newer = older.slice(0, index).filter(({ settled }) => settled)
    const subtasks = attempt.share.subtasks.filter(
      (subtask) =>
        share.subtasks.includes(successorOf(subtask, share.parallelism)) &&
        !newer.some((other) => other.share.subtasks.includes(successorOf(subtask, other.share.parallelism))),
    )
    return subtasks.length === 0 ? [] : [{ attempt, subtasks }]
  })
  if (open.length === 0) return []
  const blocks = yield* reader.blocks()
  const holders: FormerHolder[] = []
  for (const { attempt, subtasks } of open)
    holders.push({
      attemptId: attempt.name,
      parallelism: attempt.share.parallelism,
      subtasks,
      blocks: blocks.filter(({ owner }) => owner === attempt.name).map(({ first, last }) => ({ first, last })),
      sinks: (yield* reader.sinksAt(keysOfAttempt(attempt.folder).sinks)).filter(({ handedOn }) => handedOn !== true),
      unrecorded: attempt.unrecorded,
    })
  return holders
}
