import { filter, mergeMap } from 'rxjs'
import type { Observable } from 'rxjs'
import type { MemoryKafka } from '../memory/MemoryKafka.js'
import type { TransactionState } from '../client/TransactionDescription.js'

/**
 * What becomes of the transactions whose id begins with `prefix`: `open delays-0-1`, `committed delays-0-1`, `aborted delays-0-1`.
 * One that expires is told of with the next call that anybody makes.
 */
export function transactionSteps(kafka: MemoryKafka, prefix: string): Observable<string> {
  const states = new Map<string, TransactionState>()
  return kafka.calls$.pipe(
    filter(({ moment }) => moment === 'after'),
    mergeMap(() =>
      kafka.transactions().flatMap(({ transactionalId, state }) => {
        const former = states.get(transactionalId) ?? 'Empty'
        states.set(transactionalId, state)
        if (former === state || !transactionalId.startsWith(prefix)) return []
        if (state === 'Ongoing') return [`open ${transactionalId}`]
        return former === 'Ongoing'
          ? [`${state === 'CompleteCommit' ? 'committed' : 'aborted'} ${transactionalId}`]
          : []
      }),
    ),
  )
}
