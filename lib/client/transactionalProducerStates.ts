import { KafkaError } from './KafkaError.js'

/**
 * Where a transactional producer stands, in every adapter of the port. `commitAgain` and `abortAgain`: the broker could not be
 * asked in time, so the end may or may not have happened, and only the same call may come next. `lost`: the broker has ended
 * this producer.
 */
export type ProducerState =
  | 'uninitialised'
  | 'initialising'
  | 'ready'
  | 'inTransaction'
  | 'committing'
  | 'commitAgain'
  | 'aborting'
  | 'abortAgain'
  | 'lost'
  | 'closed'

/** What is called by the user, or comes back from the broker. */
export type ProducerEvent =
  | 'init'
  | 'initialised'
  | 'initFailed'
  | 'begin'
  | 'append'
  | 'commit'
  | 'abort'
  | 'notFlushed'
  | 'ended'
  | 'postponed'
  | 'lose'
  | 'close'

/** The legal transitions. `lose` and `close` are legal everywhere; closed is the end. */
export const producerTransitions: Readonly<
  Record<ProducerState, Readonly<Partial<Record<ProducerEvent, ProducerState>>>>
> = {
  uninitialised: { init: 'initialising' },
  initialising: { initialised: 'ready', initFailed: 'uninitialised' },
  ready: { begin: 'inTransaction' },
  inTransaction: { append: 'inTransaction', commit: 'committing', abort: 'aborting' },
  committing: { ended: 'ready', notFlushed: 'inTransaction', postponed: 'commitAgain' },
  commitAgain: { commit: 'committing' },
  aborting: { ended: 'ready', postponed: 'abortAgain' },
  abortAgain: { abort: 'aborting' },
  lost: {},
  closed: {},
}

/** @throws KafkaError `IllegalState`, naming the state that was met */
export const nextProducerState = (
  state: ProducerState,
  event: ProducerEvent,
  transactionalId: string,
): ProducerState => {
  if (state === 'closed' || event === 'close')
    return event === 'close' || isAnswer(event) ? 'closed' : refuse(state, event, transactionalId)
  if (event === 'lose') return 'lost'
  return producerTransitions[state][event] ?? refuse(state, event, transactionalId)
}

/** What comes back from the broker after a close meets a closed producer; that is no mistake of the caller. */
const isAnswer = (event: ProducerEvent): boolean =>
  ['initialised', 'initFailed', 'notFlushed', 'ended', 'postponed', 'lose'].includes(event)

const refuse = (state: ProducerState, event: ProducerEvent, transactionalId: string): never => {
  const legal = Object.keys(producerTransitions[state]).filter((candidate) => !isAnswer(candidate as ProducerEvent))
  throw new KafkaError({
    _tag: 'IllegalState',
    transactionalId,
    message:
      `${event}() was called on the producer of transactional.id "${transactionalId}" in state ${state}. ` +
      (legal.length === 0
        ? (waysOut[state] ?? 'Wait for the call before to answer.')
        : `Legal here: ${legal.join(', ')}.`),
  })
}

const waysOut: Partial<Record<ProducerState, string>> = {
  lost: 'A newer producer has taken over or the transaction has expired; make a new producer.',
  closed: 'Make a new producer.',
}
