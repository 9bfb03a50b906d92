import type { SchedulerLike } from 'rxjs'
import { isKafkaError } from '../../client/KafkaError.js'
import type { KafkaApi } from '../../protocol/requests/KafkaApi.js'
import type { MemoryCall } from '../Fault.js'
import type { MemoryCluster } from '../MemoryCluster.js'
import type { Waits } from '../MemoryConnection.js'
import type { MemoryLink } from '../MemoryLink.js'

/** How the broker in memory answers one API. */
export interface Answer<Q, R> {
  readonly api: KafkaApi<Q, R>
  /** What the request is about, by which faults match it and `MemoryKafka.calls$` shows it. */
  readonly about?: (request: Q) => Omit<MemoryCall, 'api' | 'clientId'>
  /** The effect, and the response; acts once. */
  readonly respond: (cluster: MemoryCluster, request: Q, link: MemoryLink) => R
  /** Where a request may wait at the broker before it is answered. */
  readonly waits?: (cluster: MemoryCluster, request: Q, link: MemoryLink, scheduler: SchedulerLike) => Waits
  readonly parts?: Parts<Q, R>
  /** The response where a fault refuses the request with an error code; without it, the fault's error comes in the place of a response. */
  readonly refused?: (request: Q, errorCode: number) => R
}

/** How a request about several partitions is one call for each of them, so that faults meet them one by one. */
export interface Parts<Q, R> {
  readonly of: (request: Q) => readonly Q[]
  readonly join: (responses: readonly R[]) => R
}

/** An answer to any API, as a table of them holds it. */
export type AnyAnswer = Pick<Answer<never, unknown>, 'api' | 'respond'>

/** What a request is about: one partition, or several of them. */
export const aboutPartitions = (
  partitions: readonly { readonly topic: string; readonly partition: number }[],
): Pick<MemoryCall, 'topic' | 'partition' | 'partitions'> => {
  const about = partitions.map(({ topic, partition }) => ({ topic, partition }))
  return about.length > 1 ? { partitions: about } : { ...about[0] }
}

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
export type Found<A> = { readonly errorCode: 0; readonly value: A } | { readonly errorCode: number }

export const found = <A>(look: () => A): Found<A> => {
  let value: A | undefined
  const errorCode = codeOf(() => (value = look()))
  return errorCode === 0 ? { errorCode: 0, value: value as A } : { errorCode }
}
