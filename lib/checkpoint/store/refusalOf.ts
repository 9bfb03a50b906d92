import { type SchedulerLike, timer } from 'rxjs'
import { result, type Step } from '../../scheduling/coroutine.js'
import { TAKEOVER_MS } from './AttemptLedger.js'
import { type AttemptClaim, attemptName, attemptNamed, byAge, checkNotSuperseded } from './AttemptOrder.js'
import { givenWay, notTakenOver } from './attemptErrors.js'
import type { StoreReader } from './StoreReader.js'

/** How often, in ms, a store is asked what became of an attempt that is about to take over. */
export const TAKEOVER_POLL = 100

/**
 * Why an attempt may not take over. Either the one that runs has waited for it too long: a retry tries again. Or an attempt that was started
 * later is about to: then it is waited for what becomes of that one, or of the one by which that one was refused in turn. When it takes
 * over, this one is `Superseded`, so that a retry of its process does not take back what it has taken over.
 */
export function* refusalOf(claim: AttemptClaim, reader: StoreReader, scheduler: SchedulerLike): Generator<Step, Error> {
  const name = attemptName(claim)
  let by = yield* newerThan(claim, reader)
  if (by === undefined) return notTakenOver(name, TAKEOVER_MS)
  for (let waited = 0; waited < TAKEOVER_MS;) {
    const attempts = yield* reader.attempts()
    checkNotSuperseded(claim, attempts)
    const other: AttemptClaim = by
    if (attempts.some((attempt) => byAge(attempt, other) === 0)) {
      yield* result(timer(TAKEOVER_POLL, scheduler))
      waited += TAKEOVER_POLL
    } else {
      const next: AttemptClaim | undefined = yield* newerThan(other, reader)
      if (next === undefined) break
      by = next
    }
  }
  return givenWay(name, attemptName(by))
}

/** The newer attempt that has refused this one; undefined when it was an older one, or itself. */
function* newerThan(claim: AttemptClaim, reader: StoreReader): Generator<Step, AttemptClaim | undefined> {
  const by = attemptNamed((yield* reader.verdictOf(attemptName(claim)))?.by ?? '')
  return by !== undefined && byAge(by, claim) < 0 ? by : undefined
}
