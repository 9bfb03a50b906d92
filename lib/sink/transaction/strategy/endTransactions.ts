import { concatMap, from, last, mergeMap } from 'rxjs'
import type { TransactionState } from '../../../client/TransactionDescription.js'
import { result, type Step } from '../../../scheduling/coroutine.js'
import { initialise } from '../initialise.js'
import type { SinkTransactions } from '../SinkTransactions.js'

/** A transaction is open under an id in these states, or is being aborted at this moment. */
export const OPEN_STATES: readonly TransactionState[] = ['Ongoing', 'PrepareAbort', 'PrepareEpochFence']

/** How many ids are initialised at a time. */
const CONCURRENCY = 8

/** Initialises these ids: what is open under them is aborted, and whoever still holds them is fenced. */
export function* endTransactions({ client, config }: SinkTransactions, ids: readonly string[]): Generator<Step, void> {
  if (ids.length === 0) return
  yield* result(
    from(ids).pipe(
      mergeMap(
        (id) => initialise(client, config.producer, id).pipe(concatMap(({ producer }) => producer.close())),
        CONCURRENCY,
      ),
      last(),
    ),
  )
}
