import type { Either } from 'fp-ts/lib/Either.js'
import type { CheckpointStates } from '../CheckpointStates.js'
import type { CompletedCheckpoint } from '../CompletedCheckpoint.js'
import type { JobShare } from '../JobShare.js'
import type { FormerHolder } from '../store/AttemptLedger.js'
import type { OpenedAttempt } from './openAttempt.js'

/**
 * Where an attempt stands. On its way:
 *
 * 1. `joining`: sources join, and make ready.
 * 2. `opening`: the store is asked, and cannot be called back: what it makes belongs to this process.
 * 3. `pending`: restored. Another attempt may be running, and goes on as long as this one is not able to begin.
 * 4. `takingOver`: it is, and the store is asked.
 * 5. `running`: records flow, and checkpoints are taken.
 * 6. `done`: every source has ended with the last checkpoint. The sinks commit what it holds.
 * 7. `settled`: they have, or they cannot.
 * 8. `over`: every source has left. The next attempt may begin.
 *
 * And off it: `failed`, when it cannot go on; `abandoned` and `committing`, when every source has left while the store was asked, or while
 * the sinks still commit.
 */
export type AttemptPhase =
  | 'joining'
  | 'opening'
  | 'pending'
  | 'takingOver'
  | 'running'
  | 'done'
  | 'settled'
  | 'over'
  | 'failed'
  | 'abandoned'
  | 'committing'

/** What happens to an attempt. */
export type AttemptEvent =
  /** Its sources have reached what they read from. */
  | { readonly _tag: 'Prepared'; readonly share: JobShare; readonly carried: CheckpointStates }
  /** The store has restored. */
  | { readonly _tag: 'Opened'; readonly opened: OpenedAttempt; readonly carried: CheckpointStates }
  /** All parts of the pipeline can work. */
  | { readonly _tag: 'Able' }
  /** Those before do no more. */
  | { readonly _tag: 'TakenOver'; readonly former: readonly FormerHolder[] }
  /** Every source has ended with a checkpoint that is complete. */
  | { readonly _tag: 'Done' }
  /** What it holds is committed, or cannot be. */
  | { readonly _tag: 'Settled'; readonly answer: Either<Error, CompletedCheckpoint> }
  | { readonly _tag: 'Fails'; readonly error: Error }
  /** The last source has left. */
  | { readonly _tag: 'Left' }

/** What is to be done about it. */
export type AttemptEffect =
  | { readonly _tag: 'Open'; readonly share: JobShare; readonly carried: CheckpointStates }
  | { readonly _tag: 'Begin'; readonly opened: OpenedAttempt; readonly carried: CheckpointStates }
  | { readonly _tag: 'TakeOver' }
  | { readonly _tag: 'Run'; readonly former: readonly FormerHolder[] }
  /** The sources that wait for their part get the error. */
  | { readonly _tag: 'Refuse'; readonly error: Error }
  /** The sources that run end with the error. */
  | { readonly _tag: 'EndSources'; readonly error: Error }
  | { readonly _tag: 'AnswerStop'; readonly answer: Either<Error, CompletedCheckpoint> }
  /** Checkpoints on their way, and what users have asked for, come to nothing. */
  | { readonly _tag: 'GiveUp' }
  | { readonly _tag: 'Release'; readonly opened: OpenedAttempt }
  | { readonly _tag: 'HandOver' }

type Step = readonly [AttemptPhase, ...AttemptEffect[]]
type Transition<E> = (event: E) => Step
type Transitions = {
  readonly [P in AttemptPhase]: {
    readonly [T in AttemptEvent['_tag']]?: Transition<Extract<AttemptEvent, { readonly _tag: T }>>
  }
}
type Failure = Extract<AttemptEvent, { readonly _tag: 'Fails' }>

const giveUp = { _tag: 'GiveUp' } as const
const handOver = { _tag: 'HandOver' } as const

const ended = (): Step => ['over', giveUp, handOver]
const refused = ({ error }: Failure): Step => ['failed', { _tag: 'Refuse', error }]
const failed = ({ error }: Failure): Step => ['failed', { _tag: 'EndSources', error }]
const takenOver = ({ former }: Extract<AttemptEvent, { readonly _tag: 'TakenOver' }>): Step => [
  'running',
  { _tag: 'Run', former },
]

const transitions: Transitions = {
  joining: { Prepared: (event) => ['opening', { ...event, _tag: 'Open' }], Fails: refused, Left: ended },
  opening: {
    Opened: (event) => ['pending', { ...event, _tag: 'Begin' }],
    Fails: refused,
    // While it is still beginning, the next attempt would take it for that of another process.
    Left: () => ['abandoned', giveUp],
  },
  abandoned: {
    Opened: ({ opened }) => ['over', { _tag: 'Release', opened }, handOver],
    Fails: () => ['over', handOver],
  },
  pending: { Able: () => ['takingOver', { _tag: 'TakeOver' }], TakenOver: takenOver, Fails: failed, Left: ended },
  takingOver: { TakenOver: takenOver, Fails: failed, Left: ended },
  running: { Done: () => ['done'], Fails: failed, Left: ended },
  done: { Settled: (event) => ['settled', { ...event, _tag: 'AnswerStop' }], Left: () => ['committing'] },
  committing: { Settled: (event) => ['over', { ...event, _tag: 'AnswerStop' }, giveUp, handOver] },
  settled: { Left: ended },
  failed: { Left: ended },
  over: {},
}

/** The phase after an event, and what is to be done, in this order. What does not matter in a phase changes nothing. */
export const stepAttempt = (phase: AttemptPhase, event: AttemptEvent): Step =>
  (transitions[phase][event._tag] as Transition<AttemptEvent> | undefined)?.(event) ?? [phase]

/** The job is done, stopped or has failed: who joins now waits for the next attempt. */
export const isClosed = (phase: AttemptPhase): boolean =>
  !['joining', 'opening', 'pending', 'takingOver', 'running'].includes(phase)
