import type { IsolationLevel } from '../client/IsolationLevel.js'
import { isTransient } from '../client/isTransient.js'
import type { KafkaError } from '../client/KafkaError.js'
import type { Offset, OffsetsByPartition } from '../client/Offset.js'
import type { OffsetSpec } from '../client/OffsetSpec.js'
import { type TopicPartition, topicPartitionKey } from '../client/TopicPartition.js'
import { listOffsetsApi, type ListOffsetsPartition } from '../protocol/requests/listOffsets.js'
import type { KafkaJsConnections } from './KafkaJsConnections.js'
import { retryTransient } from './retryTransient.js'
import { toKafkaError } from './toKafkaError.js'

/**
 * Offsets by specification, one request per leader. Partitions whose leader moved or is lost are asked again, alone, with
 * fresh metadata; the others keep their answer.
 */
export const listOffsetsByLeader = async (
  connections: KafkaJsConnections,
  specs: readonly (readonly [TopicPartition, OffsetSpec])[],
  isolationLevel: IsolationLevel,
): Promise<OffsetsByPartition> => {
  const found = new Map<string, Offset>()
  const open = new Map(
    specs.map(([topicPartition, spec]) => [topicPartitionKey(topicPartition), { topicPartition, spec }]),
  )

  const askLeader = async (
    nodeId: number,
    partitions: readonly ListOffsetsPartition[],
  ): Promise<readonly KafkaError[]> => {
    try {
      const answer = await connections.send(nodeId, 'control', listOffsetsApi, { isolationLevel, partitions })
      return answer.partitions.flatMap(({ topic, partition, errorCode, offset }) => {
        if (errorCode !== 0)
          return [connections.brokerError(errorCode, { api: listOffsetsApi.apiName, topic, partition })]
        const key = topicPartitionKey({ topic, partition })
        if (offset >= 0) found.set(key, offset)
        open.delete(key)
        return []
      })
    } catch (error) {
      return [toKafkaError(error)]
    }
  }

  return retryTransient(connections, async () => {
    const { leaders, leaderless } = await byLeader(connections, [...open.values()])
    const errors = (await Promise.all([...leaders].map(([nodeId, asked]) => askLeader(nodeId, asked)))).flat()
    const failure = errors.find((error) => !isTransient(error)) ?? errors[0] ?? leaderless[0]
    if (failure === undefined) return found
    await connections.refreshMetadata([])
    throw failure
  })
}

interface ByLeader {
  readonly leaders: ReadonlyMap<number, readonly ListOffsetsPartition[]>
  /** one error for each partition without a leader, by why there is none */
  readonly leaderless: readonly KafkaError[]
}

const byLeader = async (
  connections: KafkaJsConnections,
  asked: readonly { readonly topicPartition: TopicPartition; readonly spec: OffsetSpec }[],
): Promise<ByLeader> => {
  const unknown = asked.filter(
    ({ topicPartition: { topic, partition } }) => connections.leaderOf(topic, partition) === undefined,
  )
  if (unknown.length > 0) await connections.refreshMetadata(unknown.map(({ topicPartition }) => topicPartition.topic))
  const leaders = new Map<number, ListOffsetsPartition[]>()
  const leaderless: KafkaError[] = []
  for (const {
    topicPartition: { topic, partition },
    spec,
  } of asked) {
    const leader = connections.leaderOf(topic, partition)
    if (leader === undefined) {
      const code = connections.metadata.refusalOf({ topic, partition }) || leaderNotAvailable
      leaderless.push(connections.brokerError(code, { api: listOffsetsApi.apiName, topic, partition }))
      continue
    }
    const entry = { topic, partition, currentLeaderEpoch: leader.leaderEpoch, spec }
    const sameLeader = leaders.get(leader.nodeId)
    if (sameLeader === undefined) leaders.set(leader.nodeId, [entry])
    else sameLeader.push(entry)
  }
  return { leaders, leaderless }
}

const leaderNotAvailable = 5
