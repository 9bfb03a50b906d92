import type { CheckpointRequest } from '../../checkpoint/SourceAttempt.js'
import type { KafkaClient } from '../../client/KafkaClient.js'
import type { EndOfStream } from '../../stream/CheckpointBarrier.js'
import type { JoinedCheckpoints } from './joinCheckpoints.js'

/** The end of the stream was asked for (`Restored.requestEnd`); it comes in the turn that allows it. */
interface MayBeAsked {
  readonly endRequested: boolean
}

/** @typeParam R what it reads with */
interface WithSplits<R, P> {
  readonly phase: P
  readonly joined: JoinedCheckpoints
  readonly client: KafkaClient
  readonly reading: R
}

/**
 * Where a reader stands, with what it has there. On its way:
 *
 * 1. `starting`: it joins the checkpoints and connects, side by side. The one comes first (`restored`) or the other (`connected`).
 * 2. `opening`: both are there. Its splits are made in the next turn of the loop.
 * 3. `discovering`: restored splits are read; where the others start is not known yet.
 * 4. `reading`: it is, so checkpoints may be taken.
 * 5. `finishing`: all is read, or the job drains. The final watermark has been sent, the last barrier follows.
 *    `suspending`: the job goes on from a savepoint another time. There is no final watermark.
 * 6. `ended`: the last checkpoint is complete, or there are none and everything is acknowledged. The stream completes when what is
 *    committed to the group is.
 * 7. `closed`: the subscriber has left, at any time.
 */
export type ReaderState<R> =
  | { readonly phase: 'starting' }
  | { readonly phase: 'connected'; readonly client: KafkaClient }
  | ({ readonly phase: 'restored'; readonly joined: JoinedCheckpoints } & MayBeAsked)
  | ({ readonly phase: 'opening'; readonly joined: JoinedCheckpoints; readonly client: KafkaClient } & MayBeAsked)
  | (WithSplits<R, 'discovering'> & MayBeAsked)
  | (WithSplits<R, 'reading'> & MayBeAsked)
  | WithSplits<R, 'suspending'>
  | WithSplits<R, 'finishing'>
  | WithSplits<R, 'ended'>
  | { readonly phase: 'closed' }

/** What happens to a reader. */
export type ReaderEvent<R> =
  /** It is known what the attempt starts from. */
  | { readonly _tag: 'Joined'; readonly joined: JoinedCheckpoints }
  | { readonly _tag: 'Connected'; readonly client: KafkaClient }
  | { readonly _tag: 'Opened'; readonly reading: R }
  /** It is known where all splits start. */
  | { readonly _tag: 'OffsetsKnown' }
  /** The pipeline asks for the end. */
  | { readonly _tag: 'EndRequested' }
  /** A turn has read what it may. `active`: records may be emitted; `finished`: all splits are at their ends. */
  | { readonly _tag: 'RoundOver'; readonly active: boolean; readonly finished: boolean }
  /** The coordinator asks for a barrier. */
  | { readonly _tag: 'Requested'; readonly request: CheckpointRequest }
  /** The checkpoint that the stream ends with is complete, or there are none and the pipeline has taken over everything. */
  | { readonly _tag: 'TakenOver' }
  | { readonly _tag: 'Fails'; readonly error: unknown }
  | { readonly _tag: 'Closed' }

/** What is to be done about it. */
export type ReaderEffect<R> =
  /** In the next turn of the loop. */
  | { readonly _tag: 'SendRestored'; readonly joined: JoinedCheckpoints }
  /** In the next turn of the loop. */
  | { readonly _tag: 'Open'; readonly joined: JoinedCheckpoints; readonly client: KafkaClient }
  | { readonly _tag: 'Start'; readonly reading: R }
  | { readonly _tag: 'TellReady'; readonly joined: JoinedCheckpoints }
  /** What happens to partitions does not matter any more. */
  | { readonly _tag: 'StopDiscovery'; readonly reading: R }
  /** Nothing is read any more, and nothing sent by the clock. */
  | { readonly _tag: 'StopReading'; readonly reading: R }
  | { readonly _tag: 'SendFinalWatermark' }
  | { readonly _tag: 'RequestFinalCheckpoint'; readonly joined: JoinedCheckpoints }
  | { readonly _tag: 'SendBarrier'; readonly reading: R; readonly request: CheckpointRequest }
  | { readonly _tag: 'Complete'; readonly reading: R }
  | { readonly _tag: 'Error'; readonly error: unknown }
  /** @param held what the state before had */
  | { readonly _tag: 'Release'; readonly held: ReaderState<R> }

export type ReaderPhase = ReaderState<unknown>['phase']
type Effects = readonly ReaderEffect<unknown>[]
type Step<R> = readonly [ReaderState<R>, ...ReaderEffect<R>[]]
type In<R, P> = Extract<ReaderState<R>, { readonly phase: P }>
type Of<R, T> = Extract<ReaderEvent<R>, { readonly _tag: T }>
type Transitions<R> = {
  readonly [P in ReaderPhase]: {
    readonly [T in ReaderEvent<R>['_tag']]?: (state: In<R, P>, event: Of<R, T>) => Step<R>
  }
}
type Open = In<unknown, 'discovering' | 'reading'>
type Ending = In<unknown, 'suspending' | 'finishing' | 'ended'>

const requestEnd = (state: Extract<ReaderState<unknown>, MayBeAsked>): Step<unknown> => [
  { ...state, endRequested: true },
]

const finishing = ({ joined, client, reading }: Open): Step<unknown> => [
  { phase: 'finishing', joined, client, reading },
  { _tag: 'StopReading', reading },
  { _tag: 'SendFinalWatermark' },
]

const ended = ({ joined, client, reading }: Ending): Step<unknown> => [
  { phase: 'ended', joined, client, reading },
  { _tag: 'Complete', reading },
]

const roundOver = (state: Open, { active, finished }: Of<unknown, 'RoundOver'>): Step<unknown> => {
  const { phase, joined, reading, endRequested } = state
  const ready: Effects = endRequested && phase === 'discovering' ? [{ _tag: 'TellReady', joined }] : []
  if (active && (endRequested || finished)) {
    const [next, ...effects] = finishing(state)
    return [next, ...ready, ...effects, { _tag: 'RequestFinalCheckpoint', joined }]
  }
  // What it has not begun to read stays as it is, though its end may have to wait until the attempt has taken over.
  return endRequested ? [{ ...state, phase: 'reading' }, { _tag: 'StopDiscovery', reading }, ...ready] : [state]
}

/** The barrier is sent in whatever state the request leaves the reader. */
const answering =
  <S extends Open | Ending>(
    requested: (state: S, end: EndOfStream | undefined) => Step<unknown>,
  ): ((state: S, event: Of<unknown, 'Requested'>) => Step<unknown>) =>
  (state, { request }) => [...requested(state, request.end), { _tag: 'SendBarrier', reading: state.reading, request }]

const requested = answering<Open>((state, end) => {
  const { joined, client, reading } = state
  if (end === undefined) return [state]
  if (end !== 'suspend') return finishing(state)
  return [
    { phase: 'suspending', joined, client, reading },
    { _tag: 'StopReading', reading },
  ]
})

const requestedAgain = answering<Ending>((state, end) =>
  // This source is done after all, or the job drains.
  state.phase !== 'suspending' || end === undefined || end === 'suspend'
    ? [state]
    : [{ ...state, phase: 'finishing' }, { _tag: 'SendFinalWatermark' }],
)

const transitions: Transitions<unknown> = {
  starting: {
    Joined: (_, { joined }) => [
      { phase: 'restored', joined, endRequested: false },
      { _tag: 'SendRestored', joined },
    ],
    Connected: (_, { client }) => [{ phase: 'connected', client }],
  },
  connected: {
    Joined: ({ client }, { joined }) => [
      { phase: 'opening', joined, client, endRequested: false },
      { _tag: 'SendRestored', joined },
      { _tag: 'Open', joined, client },
    ],
  },
  restored: {
    Connected: (state, { client }) => [
      { ...state, phase: 'opening', client },
      { _tag: 'Open', joined: state.joined, client },
    ],
    EndRequested: requestEnd,
  },
  opening: {
    Opened: (state, { reading }) => [
      { ...state, phase: 'discovering', reading },
      { _tag: 'Start', reading },
    ],
    EndRequested: requestEnd,
  },
  discovering: {
    OffsetsKnown: (state) => [
      { ...state, phase: 'reading' },
      { _tag: 'TellReady', joined: state.joined },
    ],
    EndRequested: requestEnd,
    RoundOver: roundOver,
    Requested: requested,
  },
  reading: { EndRequested: requestEnd, RoundOver: roundOver, Requested: requested },
  suspending: { Requested: requestedAgain, TakenOver: ended },
  finishing: { Requested: requestedAgain, TakenOver: ended },
  ended: { Requested: requestedAgain },
  closed: {},
}

/** The state after an event, and what is to be done, in this order. What does not matter in a phase changes nothing. */
export const stepReader = <R>(state: ReaderState<R>, event: ReaderEvent<R>): Step<R> => {
  if (state.phase === 'closed') return [state]
  if (event._tag === 'Fails') return [state, { _tag: 'Error', error: event.error }]
  if (event._tag === 'Closed') return [{ phase: 'closed' }, { _tag: 'Release', held: state }]
  const step = transitions[state.phase][event._tag] as
    ((state: ReaderState<R>, event: ReaderEvent<R>) => Step<R>) | undefined
  return step?.(state, event) ?? [state]
}

/** It has splits, and neither the job nor they have come to their end. */
export const reads = <R>(state: ReaderState<R>): state is In<R, 'discovering' | 'reading'> =>
  state.phase === 'reading' || state.phase === 'discovering'
