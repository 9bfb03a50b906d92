import { merge, Observable, type SchedulerLike, timer } from 'rxjs'
import { TopicPartition } from '../../client/TopicPartition.js'
import { ErrorCodes } from '../../protocol/errorCodes.js'
import type {
  FetchedPartitionResponse,
  FetchPartition,
  FetchRequest,
  FetchResponse,
  NamedPartitionResponse,
} from '../../protocol/requests/fetch.js'
import { fetchApi } from '../../protocol/requests/fetch.js'
import { fetchByNameApi } from '../../protocol/requests/fetchByName.js'
import { encodedBatch } from '../encodedBatch.js'
import type { MemoryLink } from '../MemoryLink.js'
import type { MemoryCluster } from '../MemoryCluster.js'
import type { LogBatch } from '../LogBatch.js'
import type { Waits } from '../MemoryConnection.js'
import type { MemoryLog } from '../MemoryLog.js'
import { aboutPartitions, type Answer, type Found, found } from './Answer.js'
import { leaderEpochError } from './leaderEpochError.js'

/**
 * Fetch, version 13: by the ids of topics.
 *
 * - An id that no topic has is UNKNOWN_TOPIC_ID (100), a partition that its topic does not have UNKNOWN_TOPIC_OR_PARTITION (3), one
 *   whose leader moves, or is another broker, NOT_LEADER_OR_FOLLOWER (6), another leader epoch than the leader's FENCED_LEADER_EPOCH (74) or
 *   UNKNOWN_LEADER_EPOCH (75), an offset before the log's start or behind its end OFFSET_OUT_OF_RANGE (1). Nothing is said of the logs of
 *   those; the others are answered beside them.
 * - read_committed ends at the last stable offset, and is told which transactions were aborted in what it is given.
 * - Whole batches, from the one that holds the offset: the first of a response however large it is (KIP-74), then as many as there is room
 *   for. They are not compressed, and there are no followers.
 *
 * **The long poll has no end.** Real brokers answer after `max_wait_ms` in any case. Here a fetch that may wait does so until there is
 * something new to say (`FetchSession`), or until the oldest open transaction of its logs expires; `min_bytes` counts as 1. So a
 * client that waits for records does nothing meanwhile, and virtual time comes to its end.
 */
export const fetch: Answer<FetchRequest, FetchResponse> = {
  api: fetchApi,
  about: ({ partitions }) => aboutPartitions(partitions),
  respond: (...of) => respond(byId, ...of),
  refused: (...of) => refused(byId, ...of),
  waits: (...of) => waits(byId, ...of),
}

/** Fetch, version 11: the same by the names of topics; one that does not exist is UNKNOWN_TOPIC_OR_PARTITION (3). */
export const fetchByName: Answer<FetchRequest, FetchResponse<NamedPartitionResponse>> = {
  api: fetchByNameApi,
  about: ({ partitions }) => aboutPartitions(partitions),
  respond: (...of) => respond(byName, ...of),
  refused: (...of) => refused(byName, ...of),
  waits: (...of) => waits(byName, ...of),
}

/** How a request names topics. */
interface Naming<Name> {
  /** undefined: there is none */
  readonly topicOf: (cluster: MemoryCluster, asked: FetchPartition) => string | undefined
  readonly unknownTopic: number
  /** in the response */
  readonly name: (asked: FetchPartition) => Name
}

const byId: Naming<Pick<FetchedPartitionResponse, 'topicId'>> = {
  topicOf: (cluster, { topicId }) => cluster.topicOfId(topicId),
  unknownTopic: ErrorCodes.UNKNOWN_TOPIC_ID,
  name: ({ topicId }) => ({ topicId }),
}

const byName: Naming<Pick<NamedPartitionResponse, 'topic'>> = {
  topicOf: (_, { topic }) => topic,
  unknownTopic: ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION,
  name: ({ topic }) => ({ topic }),
}

/** Nothing is said of the logs. */
const refused = <Name>({ name }: Naming<Name>, { partitions }: FetchRequest, errorCode: number) => ({
  ...{ throttleTimeMs: 0, errorCode: 0, sessionId: 0 },
  partitions: partitions.map((asked) => ({
    ...name(asked),
    ...{ partition: asked.partition, errorCode, preferredReadReplica: -1 },
    ...{ highWatermark: -1, lastStableOffset: -1, logStartOffset: -1 },
    ...{ abortedTransactions: [], records: Buffer.alloc(0) },
  })),
})

const respond = <Name>(naming: Naming<Name>, cluster: MemoryCluster, request: FetchRequest, link: MemoryLink) => ({
  ...{ throttleTimeMs: 0, errorCode: 0, sessionId: 0 },
  partitions: look(naming, cluster, request, link).map(({ asked, log, errorCode, batches }) => {
    if (log !== undefined && batches.length === 0) link.session.note(asked, log)
    const last = batches.at(-1)
    const mayBeAborted = log !== undefined && last !== undefined && request.isolationLevel === 'read_committed'
    return {
      ...naming.name(asked),
      ...{ partition: asked.partition, errorCode, preferredReadReplica: -1 },
      highWatermark: log?.highWatermark ?? -1,
      lastStableOffset: log?.lastStableOffset ?? -1,
      logStartOffset: log?.logStartOffset ?? -1,
      abortedTransactions: mayBeAborted ? log.abortedWithin(asked.fetchOffset, last.lastOffset) : [],
      records: Buffer.concat(batches.map(encodedBatch)),
    }
  }),
})

const waits = (
  naming: Naming<unknown>,
  cluster: MemoryCluster,
  request: FetchRequest,
  link: MemoryLink,
  scheduler: SchedulerLike,
): Waits => ({
  longestMs: request.maxWaitMs,
  isOver: () =>
    request.maxWaitMs <= 0 ||
    look(naming, cluster, request, link).some(
      ({ asked, log, batches }) => log === undefined || batches.length > 0 || link.session.isNews(asked, log),
    ),
  changes: () => {
    const logs = look(naming, cluster, request, link).flatMap(({ log }) => log ?? [])
    const expiryIn = logs.some((log) => log.hasOpenTransaction) ? cluster.nextExpiryIn : Infinity
    return merge(...logs.map(nextChange), ...(expiryIn === Infinity ? [] : [timer(expiryIn, scheduler)]))
  },
})

/** What there is of a partition now. */
interface Looked {
  readonly asked: FetchPartition
  readonly errorCode: number
  /** undefined when there is an error */
  readonly log: MemoryLog | undefined
  readonly batches: readonly LogBatch[]
}

const look = (
  naming: Naming<unknown>,
  cluster: MemoryCluster,
  { partitions, maxBytes, isolationLevel }: FetchRequest,
  { broker }: MemoryLink,
): readonly Looked[] => {
  let room = maxBytes
  return partitions.map((asked) => {
    const there = readable(naming, cluster, asked, broker.nodeId)
    if (!('value' in there)) return { asked, errorCode: there.errorCode, log: undefined, batches: [] }
    const { value: log } = there
    const most = Math.min(room, asked.partitionMaxBytes)
    const batches = log.read(asked.fetchOffset, isolationLevel, most, room === maxBytes)
    for (const batch of batches) room -= encodedBatch(batch).length
    return { asked, errorCode: 0, log, batches }
  })
}

/** The log, where the offset is in it. */
const readable = (
  { topicOf, unknownTopic }: Naming<unknown>,
  cluster: MemoryCluster,
  asked: FetchPartition,
  at: number,
): Found<MemoryLog> => {
  const topic = topicOf(cluster, asked)
  if (topic === undefined) return { errorCode: unknownTopic }
  const there = found(() => cluster.log(fetchApi.apiName, new TopicPartition(topic, asked.partition), at))
  if (!('value' in there)) return there
  const { logStartOffset, highWatermark } = there.value
  const isInLog = asked.fetchOffset >= logStartOffset && asked.fetchOffset <= highWatermark
  const errorCode =
    leaderEpochError(there.value, asked.currentLeaderEpoch) || (isInLog ? 0 : ErrorCodes.OFFSET_OUT_OF_RANGE)
  return errorCode === 0 ? there : { errorCode }
}

const nextChange = (log: MemoryLog): Observable<void> =>
  new Observable((subscriber) => log.onceChanged(() => subscriber.next()))
