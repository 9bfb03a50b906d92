/**
 * Whether it may help to try again what has failed with this error: every error but one that says `retriable: false` of itself, as those
 * of this library do that a restart runs into again (a setting that cannot work, a record that cannot be read, a lost transaction).
 *
 * An error of your own is retriable, unless you give it that property: like Flink, which restarts a job after any exception that is not
 * declared to be final. Most are of a moment (a service that does not answer), and nothing tells the others from them; a limit for
 * restarts does (`restart({ count })`).
 *
 * @example
 * ```ts
 * isRetriable(new Error('503 Service Unavailable')) // true
 * isRetriable(Object.assign(new Error('no such customer'), { retriable: false })) // false
 * ```
 */
export const isRetriable = (error: unknown): boolean =>
  !(typeof error === 'object' && error !== null && 'retriable' in error && error.retriable === false)
