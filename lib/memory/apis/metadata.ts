import type { TopicDescription } from '../../client/KafkaAdmin.js'
import { ErrorCodes } from '../../protocol/errorCodes.js'
import type { MetadataRequest, MetadataResponse, TopicMetadata } from '../../protocol/requests/metadata.js'
import { metadataApi } from '../../protocol/requests/metadata.js'
import { isTopicName, type MemoryCluster } from '../MemoryCluster.js'
import type { Answer } from './Answer.js'

/**
 * Metadata, version 12. A topic that does not exist is UNKNOWN_TOPIC_OR_PARTITION (3), a name that cannot be one
 * INVALID_TOPIC_EXCEPTION (17); a partition whose leader moves has leader -1 and LEADER_NOT_AVAILABLE (5). A missing topic is created only
 * when the request allows it and `auto.create.topics.enable` does.
 */
export const metadata: Answer<MetadataRequest, MetadataResponse> = {
  api: metadataApi,
  about: ({ topics }) => (topics?.length === 1 ? { topic: topics[0] as string } : {}),
  respond: (cluster, { topics, createMissing = false }) => {
    for (const topic of topics ?? []) if (createMissing && isTopicName(topic)) cluster.partitionCount(topic, true)
    const all = new Map(cluster.describeTopics().map((topic) => [topic.name, topic]))
    const names = topics ?? [...all.keys()]
    return {
      throttleTimeMs: 0,
      brokers: cluster.brokers,
      clusterId: 'memory',
      controllerId: 1,
      topics: names.map((name) => describe(cluster, name, all.get(name))),
    }
  },
}

const describe = (cluster: MemoryCluster, topic: string, known: TopicDescription | undefined): TopicMetadata => {
  if (!isTopicName(topic))
    return { errorCode: ErrorCodes.INVALID_TOPIC_EXCEPTION, topic, internal: false, partitions: [] }
  if (known === undefined)
    return { errorCode: ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION, topic, internal: false, partitions: [] }
  return {
    errorCode: 0,
    topic,
    topicId: known.topicId,
    internal: known.internal,
    partitions: known.partitions.map(({ partition, leader, replicas }) => ({
      errorCode: leader < 0 ? ErrorCodes.LEADER_NOT_AVAILABLE : 0,
      partition,
      leader,
      leaderEpoch: cluster.leaderEpochOf(topic, partition),
      replicas,
      inSyncReplicas: replicas,
      offlineReplicas: [],
    })),
  }
}
