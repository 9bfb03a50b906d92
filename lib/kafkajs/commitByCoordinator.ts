import { KafkaError } from '../client/KafkaError.js'
import type { RefusedOffsets } from '../client/KafkaAdmin.js'
import type { Offset } from '../client/Offset.js'
import { type TopicPartition, topicPartitionKey } from '../client/TopicPartition.js'
import { offsetCommitApi, type OffsetCommitPartition } from '../protocol/requests/offsetCommit.js'
import { askCoordinator } from './askCoordinator.js'
import type { KafkaJsConnections } from './KafkaJsConnections.js'
import { retryTransient } from './retryTransient.js'

/**
 * Commits to a group without members. A coordinator takes or refuses each partition by itself, so a refusal concerns that
 * partition only: the others are committed, and are not sent again.
 *
 * A partition that the coordinator does not know may be new, or gone; metadata says which. A new one is tried again, one
 * that is gone is refused for good: no retry brings it back.
 */
export const commitByCoordinator = async (
  connections: KafkaJsConnections,
  groupId: string,
  offsets: readonly (readonly [TopicPartition, Offset])[],
): Promise<RefusedOffsets> => {
  const refused = new Map<string, KafkaError>()
  let open: readonly OffsetCommitPartition[] = offsets.map(([{ topic, partition }, offset]) => ({
    topic,
    partition,
    offset,
  }))

  const refuse = ({ topic, partition }: OffsetCommitPartition, code: number): KafkaError => {
    const error = connections.brokerError(code, { api: offsetCommitApi.apiName, topic, partition, groupId })
    refused.set(topicPartitionKey({ topic, partition }), error)
    return error
  }

  const commit = async (): Promise<void> => {
    const codes = await ask(connections, groupId, open)
    const codeOf = (asked: OffsetCommitPartition): number => codes.get(topicPartitionKey(asked)) ?? unknownPartition
    const unknown = open.filter((asked) => codeOf(asked) === unknownPartition)
    for (const asked of open) if (![0, unknownPartition].includes(codeOf(asked))) refuse(asked, codeOf(asked))
    open = unknown
    if (unknown.length === 0) return
    const there = await partitionCounts(connections, unknown)
    open = unknown.filter(({ topic, partition }) => partition < (there.get(topic) ?? 0))
    for (const asked of unknown) if (!open.includes(asked)) refuse(asked, unknownPartition)
    const [first] = open
    if (first !== undefined)
      throw connections.brokerError(unknownPartition, { api: offsetCommitApi.apiName, groupId, ...first })
  }

  try {
    await retryTransient(connections, commit)
  } catch (error) {
    // What is new, and not known to the coordinator by now, holds nobody up either.
    if (!(error instanceof KafkaError && error.code === unknownPartition)) throw error
    for (const asked of open) refuse(asked, unknownPartition)
  }
  return refused
}

/** The error code of each partition; rejects with what concerns the group as a whole. */
const ask = async (
  connections: KafkaJsConnections,
  groupId: string,
  partitions: readonly OffsetCommitPartition[],
): Promise<ReadonlyMap<string, number>> => {
  const answers = await askCoordinator(
    connections,
    offsetCommitApi.apiName,
    groupId,
    async (nodeId) => (await connections.send(nodeId, 'control', offsetCommitApi, { groupId, partitions })).partitions,
    (code) => ofPartition.has(code),
  )
  return new Map(answers.map((answer) => [topicPartitionKey(answer), answer.errorCode]))
}

const partitionCounts = async (
  connections: KafkaJsConnections,
  partitions: readonly OffsetCommitPartition[],
): Promise<ReadonlyMap<string, number>> => {
  const { topics } = await connections.describeTopics([...new Set(partitions.map(({ topic }) => topic))])
  const unsure = topics.find(({ errorCode }) => errorCode !== 0 && errorCode !== unknownPartition)
  if (unsure !== undefined) throw connections.brokerError(unsure.errorCode, { api: 'Metadata', topic: unsure.topic })
  return new Map(topics.map((topic) => [topic.topic, topic.partitions.length]))
}

const unknownPartition = 3

/** OFFSET_METADATA_TOO_LARGE, INVALID_TOPIC_EXCEPTION, INVALID_COMMIT_OFFSET_SIZE, TOPIC_AUTHORIZATION_FAILED: all else is of the group. */
const ofPartition: ReadonlySet<number> = new Set([unknownPartition, 12, 17, 28, 29])
