import { hasMethod } from '../checks/argument.js'
import { describedType } from '../checks/described.js'
import { isRetriable } from '../errors/isRetriable.js'
import { type SaslSession, SaslViolation } from './SaslMechanism.js'
import { memberOf } from '../checks/memberOf.js'

/** Why a login cannot go on, on this side. Its message completes "Login failed: …", and quotes nothing that a mechanism sends. */
export class SaslFailure extends Error {
  override readonly name = 'SaslFailure'

  constructor(
    message: string,
    readonly retriable = false,
    cause?: unknown,
  ) {
    super(message, { cause })
  }
}

/**
 * A session that keeps to its type, whatever the mechanism does: each step is bytes to send or the end. What it throws, a rejection, what
 * is not of the type, and no answer until `signal` is aborted are a {@link SaslFailure}.
 */
export const guardedSession = async function* (
  begin: () => SaslSession | undefined,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, Buffer> {
  const session: unknown = await ofMechanism(begin, signal)
  if (!isSession(session))
    throw new SaslFailure(
      `authenticate() must return a session: a generator, or an object with next(). It returned ${describedType(session)}.`,
    )
  let ended = false
  try {
    let challenge: Buffer = Buffer.alloc(0)
    for (let first = true; ; first = false) {
      const step: unknown = await ofMechanism(() => session.next(challenge), signal)
      ended = memberOf(step, 'done') === true
      const message = messageOf(step, first)
      if (message === undefined) return
      challenge = yield message
    }
  } finally {
    if (!ended) end(session)
  }
}

/** A step of the mechanism, which is its user's: anything may be thrown, or no answer may come. */
const ofMechanism = async <R>(act: () => R | Promise<R>, signal: AbortSignal): Promise<R> => {
  try {
    return await unlessAborted(async () => act(), signal)
  } catch (error) {
    if (error instanceof SaslFailure) throw error
    if (error instanceof SaslViolation) throw new SaslFailure(`the broker ${error.message}.`)
    // What is no error may be what was to be sent: it is not shown, not even as the cause.
    const [reason, cause] = error instanceof Error ? [error.message, error] : [describedType(error), undefined]
    throw new SaslFailure(`the mechanism failed on this side: ${reason}`, isRetriable(error), cause)
  }
}

const unlessAborted = <R>(act: () => Promise<R>, signal: AbortSignal): Promise<R> =>
  new Promise((resolve, reject) => {
    const giveUp = (): void => {
      const message = String(memberOf(signal.reason, 'message'))
      reject(new SaslFailure(`the mechanism did not answer on this side: ${message}`, true, signal.reason))
    }
    if (signal.aborted) return giveUp()
    signal.addEventListener('abort', giveUp, { once: true })
    void act()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', giveUp))
  })

const isSession = (given: unknown): given is SaslSession => typeof given === 'object' && hasMethod(given, 'next')

/** What a step says to send; undefined at the end. */
const messageOf = (step: unknown, first: boolean): Buffer | undefined => {
  if (typeof step !== 'object' || step === null)
    throw new SaslFailure(`next() must give { value: bytes } or { done: true }. It gave ${describedType(step)}.`)
  const value = memberOf(step, 'value')
  if (memberOf(step, 'done') === true) {
    if (value !== undefined)
      throw new SaslFailure(`the mechanism returned ${describedType(value)}. What is to be sent must be yielded.`)
    if (first) throw new SaslFailure('the mechanism ended before it gave a message to send.')
    return undefined
  }
  if (!(value instanceof Uint8Array))
    throw new SaslFailure(`a message must be a Buffer or a Uint8Array. The mechanism gave ${describedType(value)}.`)
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
}

/** Its `finally` runs. The login does not wait for it, and is over whatever comes of it. */
const end = (session: SaslSession): void => {
  void Promise.resolve()
    .then(() => session.return?.())
    .catch(() => undefined)
}
