import { EMPTY, exhaustMap, first, map, type Observable, type SchedulerLike, startWith, switchMap, timer } from 'rxjs'
import type { OffsetsByPartition } from '../../client/Offset.js'
import type { KafkaPartitionSplitState } from '../split/KafkaPartitionSplitState.js'
import { type Lag, LagHistory, unknownLag } from './LagHistory.js'

/** From one look at the ends of the logs to the next, in ms. */
const LAG_INTERVAL = 1000

/** Looks: a source has caught up when it has taken over all that there was so many looks ago. */
const CAUGHT_UP_TOLERANCE = 5

/** What the brokers have not confirmed for so long, in ms, is not known any more. */
const LAG_VALID = 10_000

/** What is read, and how far it could be. */
export interface ReadSplits {
  readonly assigned: { readonly states: readonly KafkaPartitionSplitState[] }
  /** Asks the brokers for the ends of their logs, once. */
  readonly logEnds$: Observable<OffsetsByPartition>
}

/**
 * How far a pipeline is behind; unknown once the brokers have not answered for 10 s. Cold: asks once it is known where reading starts, then
 * each second.
 *
 * @param splits undefined: there are none yet
 */
export const readerLag = (
  ready$: Observable<boolean>,
  splits: () => ReadSplits | undefined,
  scheduler: SchedulerLike,
): Observable<Lag> => {
  const history = new LagHistory(CAUGHT_UP_TOLERANCE)
  return ready$.pipe(
    first((ready) => ready, false),
    switchMap(() => timer(0, LAG_INTERVAL, scheduler)),
    exhaustMap(() => splits()?.logEnds$ ?? EMPTY),
    map((ends) => history.look(splits()?.assigned.states ?? [], ends)),
    switchMap((lag) =>
      timer(LAG_VALID, scheduler).pipe(
        map(() => {
          history.forget()
          return unknownLag
        }),
        startWith(lag),
      ),
    ),
  )
}
