import { concat, concatMap, defer, EMPTY, expand, from, ignoreElements, type Observable, reduce, tap } from 'rxjs'
import type { IncrementingTransactions, InitialisedTransaction } from './IncrementingTransactions.js'

/** Where to look for transactions that nobody will end. */
export interface LingeringSearch {
  readonly prefix: string
  readonly subtaskIndex: number
  readonly parallelism: number
  /** of the run that left the state; 0 without state */
  readonly formerParallelism: number
  /** the first offset after the restored checkpoint */
  readonly firstOffset: number
}

/**
 * Aborts what former runs left open: initialises ids from the restored checkpoint upward until one was never used (its epoch
 * is 0), for the own subtask and for those that a wider run may have had, until one shows no use. Flink's strategy PROBING.
 *
 * Emits the own subtask's first transaction, ready to begin, and tells `aborted` each id that had been used.
 */
export const abortLingering = (
  transactions: IncrementingTransactions,
  search: LingeringSearch,
  aborted: (transactionalId: string) => void,
): Observable<InitialisedTransaction> => {
  const probe = (subtask: number): Observable<readonly InitialisedTransaction[]> =>
    transactions.initialise(search.firstOffset, subtask, search.prefix).pipe(
      expand((found) =>
        found.identity.epoch === 0 ? EMPTY : transactions.initialise(found.offset + 1, subtask, search.prefix),
      ),
      tap(({ identity }) => {
        if (identity.epoch > 0) aborted(identity.transactionalId)
      }),
      reduce((all: readonly InitialisedTransaction[], one) => [...all, one], []),
    )
  const close = (unneeded: readonly InitialisedTransaction[]) =>
    from(unneeded).pipe(
      concatMap(({ producer }) => producer.close()),
      ignoreElements(),
    )
  const others = (subtask: number): Observable<never> =>
    defer(() => probe(subtask)).pipe(
      concatMap((found) => {
        const next = subtask + search.parallelism
        const goOn = found.length > 1 || next < search.formerParallelism
        return goOn ? concat(close(found), others(next)) : close(found)
      }),
    )
  return probe(search.subtaskIndex).pipe(
    concatMap((found) =>
      concat(close(found.slice(1)), others(search.subtaskIndex + search.parallelism), from(found.slice(0, 1))),
    ),
  )
}
