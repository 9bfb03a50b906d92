import type { Subscription } from 'rxjs'
import { KafkaError } from '../client/KafkaError.js'
import type { Offset } from '../client/Offset.js'
import { type TopicPartition, topicPartitionKey } from '../client/TopicPartition.js'
import type { Leader } from './ClusterMetadata.js'

/**
 * - `idle`: nothing is asked for.
 * - `wanted`: asked for; goes out with the next fetch to its leader.
 * - `inFlight`: a fetch is at the broker.
 * - `backingOff`: the fetch failed, and a retry is due.
 */
export type FetchState = 'idle' | 'wanted' | 'inFlight' | 'backingOff'

/** What can happen: the first by the reader, the others by the cluster. */
export type FetchEvent = 'request' | 'send' | 'data' | 'nothing' | 'trouble' | 'failure' | 'retry'

const transitions: Readonly<Record<FetchState, Partial<Record<FetchEvent, FetchState>>>> = {
  idle: { request: 'wanted' },
  wanted: { request: 'wanted', send: 'inFlight', trouble: 'backingOff' },
  inFlight: { request: 'inFlight', data: 'idle', nothing: 'wanted', trouble: 'backingOff', failure: 'idle' },
  backingOff: { request: 'backingOff', retry: 'wanted' },
}

/**
 * The state after an event.
 * @throws KafkaError `IllegalState` for an event that cannot happen there
 */
export const nextFetchState = (state: FetchState, event: FetchEvent): FetchState => {
  const next = transitions[state][event]
  if (next !== undefined) return next
  throw new KafkaError({
    _tag: 'IllegalState',
    message: `A partition that is ${state} cannot meet "${event}". This is a fault of rx-kafka; please report it.`,
  })
}

/** One assigned partition as the fetcher sees it. Assigning again makes a new one; answers for the old one are dropped. */
export class PartitionFetch {
  readonly key: string
  state: FetchState = 'idle'
  /** more was in the log than the last fetch brought */
  behind = false
  /** retries since the last success */
  attempts = 0
  /** the leader at which the last retry became due; another one is tried at once */
  troubledAt: Leader | undefined
  /** ends the back-off */
  timer: Subscription | undefined
  /** the follower to read from (KIP-392), and until when, in ms of the scheduler */
  replica: { readonly nodeId: number; readonly until: number } | undefined

  constructor(
    readonly topicPartition: TopicPartition,
    public offset: Offset,
    public maxBytes: number,
  ) {
    this.key = topicPartitionKey(topicPartition)
  }

  on(event: FetchEvent): void {
    this.state = nextFetchState(this.state, event)
  }
}
