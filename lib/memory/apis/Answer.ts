import { isKafkaError } from '../../client/KafkaError.js'
import type { KafkaApi } from '../../protocol/requests/KafkaApi.js'
import type { MemoryCall } from '../Fault.js'
import type { MemoryCluster } from '../MemoryCluster.js'

/** How the broker in memory answers one API. */
export interface Answer<Q, R> {
  readonly api: KafkaApi<Q, R>
  /** What the request is about, by which faults match it and `MemoryKafka.calls$` shows it. */
  readonly about?: (request: Q) => Omit<MemoryCall, 'api' | 'clientId'>
  /** The effect, and the response; acts once. */
  readonly respond: (cluster: MemoryCluster, request: Q) => R
}

/** An answer to any API, as a table of them holds it. */
export type AnyAnswer = Answer<never, unknown>

/** The error code with which a broker refuses; 0 when it does not. */
export const codeOf = (effect: () => void): number => {
  try {
    effect()
    return 0
  } catch (error) {
    if (isKafkaError(error) && error.code !== undefined) return error.code
    throw error
  }
}

/** What is found, or the error code in its place. */
export const found = <A>(
  look: () => A,
): { readonly errorCode: 0; readonly value: A } | { readonly errorCode: number } => {
  let value: A | undefined
  const errorCode = codeOf(() => (value = look()))
  return errorCode === 0 ? { errorCode: 0, value: value as A } : { errorCode }
}
