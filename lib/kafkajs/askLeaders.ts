import { isTransient } from '../client/isTransient.js'
import { KafkaError } from '../client/KafkaError.js'
import { topicPartitionKey } from '../client/TopicPartition.js'
import type { KafkaApi } from '../protocol/requests/KafkaApi.js'
import type { KafkaJsConnections } from './KafkaJsConnections.js'
import { retryTransient } from './retryTransient.js'
import { toKafkaError } from './toKafkaError.js'

interface Partition {
  readonly topic: string
  readonly partition: number
}

/** What a leader answers about one of its partitions. */
interface PartitionAnswer extends Partition {
  readonly errorCode: number
  readonly errorMessage?: string | null
}

/**
 * Asks about partitions, one request per leader. Those whose leader moved or is lost are asked about again, alone, with fresh
 * metadata; the others keep their answer.
 *
 * @param requestFor the request to the leader of these partitions; `currentLeaderEpoch` is the one known of each
 * @param take gets each answer that is no error; false: it says nothing that the partition can have
 */
export const askLeaders = async <P extends Partition, Q, A extends PartitionAnswer>(
  connections: KafkaJsConnections,
  api: KafkaApi<Q, { readonly partitions: readonly A[] }>,
  partitions: readonly P[],
  requestFor: (partitions: readonly (P & { readonly currentLeaderEpoch: number })[]) => Q,
  take: (answer: A) => boolean,
): Promise<void> => {
  const open = new Map(partitions.map((partition) => [topicPartitionKey(partition), partition]))

  const askLeader = async (nodeId: number, request: Q, asked: readonly P[]): Promise<readonly KafkaError[]> => {
    try {
      const answer = await connections.send(nodeId, 'control', api, request)
      const errors = answer.partitions.flatMap((one) => {
        const { topic, partition, errorCode, errorMessage } = one
        if (errorCode !== 0)
          return [connections.brokerError(errorCode, { api: api.apiName, topic, partition, detail: errorMessage })]
        if (take(one)) open.delete(topicPartitionKey(one))
        return []
      })
      const unanswered = asked.filter((one) => open.has(topicPartitionKey(one)))
      return errors.length > 0 ? errors : unanswered.map((one) => noAnswer(api.apiName, nodeId, one))
    } catch (error) {
      return [toKafkaError(error)]
    }
  }

  return retryTransient(connections, async () => {
    const { leaders, leaderless } = await byLeader(connections, api.apiName, [...open.values()])
    const asking = [...leaders].map(([nodeId, asked]) => askLeader(nodeId, requestFor(asked), asked))
    const errors = (await Promise.all(asking)).flat()
    const failure = errors.find((error) => !isTransient(error)) ?? errors[0] ?? leaderless[0]
    if (failure === undefined) return
    await connections.refreshMetadata([])
    throw failure
  })
}

const noAnswer = (api: string, nodeId: number, { topic, partition }: Partition): KafkaError =>
  new KafkaError({
    _tag: 'Broker',
    api,
    topic,
    partition,
    message:
      `Broker ${nodeId} answered ${api} without an answer for partition ${topic}-${partition}, which it was asked about. Its answer was ` +
      'damaged on the way, or it is no Kafka broker; check that no proxy rewrites the traffic.',
    retriable: true,
  })

interface ByLeader<P> {
  readonly leaders: ReadonlyMap<number, readonly (P & { readonly currentLeaderEpoch: number })[]>
  /** one error for each partition that has no leader */
  readonly leaderless: readonly KafkaError[]
}

const byLeader = async <P extends Partition>(
  connections: KafkaJsConnections,
  api: string,
  asked: readonly P[],
): Promise<ByLeader<P>> => {
  const unknown = asked.filter(({ topic, partition }) => connections.leaderOf(topic, partition) === undefined)
  if (unknown.length > 0) await connections.refreshMetadata(unknown.map(({ topic }) => topic))
  const leaders = new Map<number, (P & { readonly currentLeaderEpoch: number })[]>()
  const leaderless: KafkaError[] = []
  for (const one of asked) {
    const { topic, partition } = one
    const leader = connections.leaderOf(topic, partition)
    if (leader === undefined) {
      const exists = partition < (connections.partitionCount(topic) ?? 0)
      const code = exists ? leaderNotAvailable : unknownTopicOrPartition
      leaderless.push(connections.brokerError(code, { api, topic, partition }))
      continue
    }
    const entry = { ...one, currentLeaderEpoch: leader.leaderEpoch }
    const sameLeader = leaders.get(leader.nodeId)
    if (sameLeader === undefined) leaders.set(leader.nodeId, [entry])
    else sameLeader.push(entry)
  }
  return { leaders, leaderless }
}

const unknownTopicOrPartition = 3
const leaderNotAvailable = 5
