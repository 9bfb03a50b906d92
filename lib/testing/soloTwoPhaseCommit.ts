import { NEVER, of } from 'rxjs'
import type { TwoPhaseCommit } from '../stream/TwoPhaseCommit.js'

/** The two-phase commit of a job with one sink and no former attempts: numbers count up, and nothing is left to be ended. */
export const soloTwoPhaseCommit = (): TwoPhaseCommit => ({
  join: () => ({
    ownerRecords: () => of({ firstAttempt: true, nameKnown: false, owners: [], changing: 0 }),
    recordOwner: () => of(undefined),
    inheritance$: of({ orphans: [], former: [] }),
    decide: (transactions) => of(transactions.map(({ standing }) => (standing === 'dead' ? 'lost' : 'commit'))),
    goBack: () => NEVER,
    settled: () => of(undefined),
    nextNumber: (after) => of(after + 1),
    passOver: () => of(undefined),
    release: () => undefined,
    confirm: () => of(undefined),
    leave: () => undefined,
  }),
})
