import type { Subscription } from 'rxjs'
import { KafkaError } from '../../client/KafkaError.js'
import type { FetchFailed, LogIdentity } from '../../client/KafkaFetcher.js'
import type { Offset } from '../../client/Offset.js'
import type { PartitionLog } from '../../client/PartitionLog.js'
import { type TopicPartition, topicPartitionKey } from '../../client/TopicPartition.js'
import type { Leader } from '../ClusterMetadata.js'

/**
 * - `idle`: nothing is asked for.
 * - `wanted`: asked for; goes out with the next fetch to its leader.
 * - `validating`: its leader is new, and is asked whether its log has what was read.
 * - `inFlight`: a fetch is at the broker.
 * - `backingOff`: the fetch failed, and a retry is due.
 */
export type FetchState = 'idle' | 'wanted' | 'validating' | 'inFlight' | 'backingOff'

/** What can happen: the first by the reader, the others by the cluster. */
export type FetchEvent =
  'request' | 'validate' | 'valid' | 'send' | 'data' | 'nothing' | 'trouble' | 'failure' | 'retry'

const transitions: Readonly<Record<FetchState, Partial<Record<FetchEvent, FetchState>>>> = {
  idle: { request: 'wanted' },
  wanted: { request: 'wanted', validate: 'validating', send: 'inFlight', trouble: 'backingOff', failure: 'idle' },
  validating: { request: 'validating', valid: 'wanted', trouble: 'backingOff', failure: 'idle' },
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

const MAX_IN_VAIN = 10

/** One assigned partition as the fetcher sees it. Assigning again makes a new one; answers for the old one are dropped. */
export class PartitionFetch {
  readonly key: string
  state: FetchState = 'idle'
  /** bytes of its next batch, when the last fetch was too small for it */
  needed = 0
  /** answers since the last success that were too small though as many bytes were asked for as its next batch has */
  inVain = 0
  /** where its log begins and ends, as the last answer without records told */
  log: PartitionLog | undefined
  /** more was in the log than the last fetch brought */
  behind = false
  /** retries since the last success */
  attempts = 0
  /** the leader at which the last retry became due; another one is tried at once */
  troubledAt: Leader | undefined
  /** since when the cluster says that there is no such partition, in ms of the monotonic clock */
  goneSince: number | undefined
  /** ends the back-off */
  timer: Subscription | undefined
  /** the follower to read from (KIP-392), and until when, in ms of the monotonic clock */
  replica: { readonly nodeId: number; readonly until: number } | undefined

  /** until when no follower is asked for: one has given trouble; ms of the monotonic clock */
  onlyLeaderUntil = -Infinity
  /** the epoch of the last batch that was read, here or before the offset was stored; -1 before the first */
  epoch: number
  /** of the topic that the offset belongs to; the first one that is met, when the offset came without */
  topicId: string | undefined
  /** its leader, asked by topic id, has said that it has no such topic */
  topicIdRefused = false
  /** the leader epoch under which the offset is known to be in the log */
  private validUnder: number | undefined

  constructor(
    readonly topicPartition: TopicPartition,
    public offset: Offset,
    { topicId, leaderEpoch = -1 }: LogIdentity = {},
  ) {
    this.key = topicPartitionKey(topicPartition)
    this.topicId = topicId
    this.epoch = leaderEpoch
  }

  /**
   * Whether a leader of this epoch must be asked first if its log has what was read (KIP-320). An offset that came without an
   * epoch says nothing of the log it belongs to, and is taken as it is. An epoch that goes back is that of a topic which was
   * created anew.
   */
  mustBeValidated(leaderEpoch: number): boolean {
    if (this.epoch < 0) this.validUnder = leaderEpoch
    return leaderEpoch !== this.validUnder && leaderEpoch >= 0
  }

  valid(leaderEpoch: number): void {
    this.validUnder = leaderEpoch
    this.on('valid')
  }

  /**
   * Whether to give up on a batch that does not come whole, though asked for with its size. Kafka sends the first batch whole
   * at once (KIP-74); the patience is for brokers that let the partitions before it use up the fetch.
   */
  askedInVain(needed: number): boolean {
    return needed <= this.needed && ++this.inVain >= MAX_IN_VAIN
  }

  leaveFollower(until: number): void {
    this.replica = undefined
    this.onlyLeaderUntil = until
  }

  fail(error: KafkaError): FetchFailed {
    this.on('failure')
    return { _tag: 'FetchFailed', topicPartition: this.topicPartition, error }
  }

  on(event: FetchEvent): void {
    this.state = nextFetchState(this.state, event)
  }
}
