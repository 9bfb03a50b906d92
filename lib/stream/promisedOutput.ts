import { StreamError } from './StreamError.js'

/**
 * An operator that has to answer at once gave a promise, as `map(async …)` does: the value is not there, and what becomes of it has no
 * place among watermarks and barriers. A rejection of it is told by nothing else.
 */
export const promisedOutput = (promise: PromiseLike<unknown>, where: string): StreamError => {
  promise.then(undefined, () => undefined)
  return new StreamError(
    'LateOutput',
    `The operators in ${where} gave a promise instead of a value, as an async function does. Asynchronous work belongs into ` +
      'mapAsync(project, { concurrency }), which keeps the place of each record.',
  )
}
