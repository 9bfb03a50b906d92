import type { StandstillWatch } from '../../standstill/StandstillWatch.js'
import type { Reading } from './openReading.js'
import type { ReaderContext } from './ReaderContext.js'
import { type ReaderEvent, type ReaderState, reads } from './readerPhase.js'
import type { RoundGate } from './RoundGate.js'
import type { TurnTasks } from './TurnTasks.js'

/** What a turn looks at, and whom it tells what it finds. */
export interface TurningReader<T> {
  readonly context: Pick<ReaderContext<T>, 'loop' | 'output'>
  readonly state: ReaderState<Reading<T>>
  readonly tasks: Pick<TurnTasks, 'run'>
  readonly watch: Pick<StandstillWatch, 'wake'>
  readonly gate: RoundGate
  apply(event: ReaderEvent<Reading<T>>): void
}

/** A turn of the loop of a reader: everything there is to do now, one batch of each split. */
export const readerTurn = <T>(reader: TurningReader<T>): void => {
  reader.tasks.run()
  const splits = readingOf(reader.state)?.splits
  splits?.catchUp()
  if (reader.state.phase === 'discovering' && splits?.ready === true) reader.apply({ _tag: 'OffsetsKnown' })
  if (isClosed(reader)) return
  reader.context.output.turn()
  const reading = readingOf(reader.state)
  if (reading !== undefined) proceed(reader, reading)
}

const proceed = <T>(reader: TurningReader<T>, { splits, commits }: Reading<T>): void => {
  const { gate, context, watch } = reader
  if (gate.requested) answerRequests(reader)
  if (mayEmit(reader.state) && splits.assigned.readRound(gate.interrupt)) context.loop.ask()
  watch.wake()
  if (isClosed(reader)) return
  const { state } = reader
  if (reads(state) && (state.endRequested || splits.finished))
    reader.apply({ _tag: 'RoundOver', active: mayEmit(state), finished: splits.finished })
  // With automatic commits, the tail is waited for, so that it is committed too.
  if (endsAlone(reader.state) && commits.commitRest(splits.assigned.acknowledged)) reader.apply({ _tag: 'TakenOver' })
}

/** Answers all that the coordinator asks for, between two records. */
export const answerRequests = <T>(reader: TurningReader<T>): void => {
  reader.gate.requested = false
  const pending = () => readingOf(reader.state)?.barriers.pending()
  for (let request = pending(); request !== undefined && !isClosed(reader); request = pending())
    reader.apply({ _tag: 'Requested', request })
}

/** Once there is something to read with, until it is closed. */
export const readingOf = <T>(state: ReaderState<Reading<T>>): Reading<T> | undefined =>
  'reading' in state ? state.reading : undefined

/** Another process that runs the job reads on until this one takes over. */
const mayEmit = (state: ReaderState<unknown>): boolean => reads(state) && state.joined.attempt?.active !== false

/** There is no last checkpoint to wait for. */
const endsAlone = (state: ReaderState<unknown>): boolean =>
  state.phase === 'finishing' && state.joined.attempt === undefined

const isClosed = <T>({ state, context }: TurningReader<T>): boolean => state.phase === 'closed' || context.output.closed
