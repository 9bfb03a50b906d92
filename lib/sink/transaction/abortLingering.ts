import { concat, concatMap, defer, EMPTY, expand, from, ignoreElements, type Observable, reduce, tap } from 'rxjs'
import type { IncrementingTransactions, InitialisedTransaction } from './IncrementingTransactions.js'

/** Where to look for transactions that nobody will end. */
export interface LingeringSearch {
  readonly prefix: string
  readonly subtaskIndex: number
  readonly parallelism: number
  /** of the run that left the state; 0 without state */
  readonly formerParallelism: number
  /** the first offset after the restored checkpoint: the new run's first */
  readonly firstOffset: number
  /** by subtask, the first offset after its own checkpoint: others may have been further when all were restored together */
  readonly formerOffsets: ReadonlyMap<number, number>
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
  const { firstOffset, formerOffsets } = search
  const probeFrom = (subtask: number, start: number): Observable<InitialisedTransaction> => {
    const end = start < firstOffset ? firstOffset : Infinity
    return transactions
      .initialise(start, subtask, search.prefix)
      .pipe(
        expand(({ identity, offset }) =>
          identity.epoch === 0 || offset + 1 === end
            ? EMPTY
            : transactions.initialise(offset + 1, subtask, search.prefix),
        ),
      )
  }
  const probe = (subtask: number): Observable<readonly InitialisedTransaction[]> =>
    from(new Set([firstOffset, Math.min(firstOffset, formerOffsets.get(subtask) ?? firstOffset)])).pipe(
      concatMap((start) => probeFrom(subtask, start)),
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
        const goOn = found.some(({ identity }) => identity.epoch > 0) || next < search.formerParallelism
        return goOn ? concat(close(found), others(next)) : close(found)
      }),
    )
  return probe(search.subtaskIndex).pipe(
    concatMap((found) =>
      concat(close(found.slice(1)), others(search.subtaskIndex + search.parallelism), from(found.slice(0, 1))),
    ),
  )
}
