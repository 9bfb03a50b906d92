import { TopicPartition } from '../../client/TopicPartition.js'
import type {
  OffsetForLeaderEpochRequest,
  OffsetForLeaderEpochResponse,
} from '../../protocol/requests/offsetForLeaderEpoch.js'
import { offsetForLeaderEpochApi } from '../../protocol/requests/offsetForLeaderEpoch.js'
import { aboutPartitions, type Answer, found } from './Answer.js'
import { leaderEpochError } from './leaderEpochError.js'

/**
 * OffsetForLeaderEpoch, version 3 (KIP-320): where an epoch ends in the log, with the largest epoch of the log that is not above the one
 * asked for; -1 and -1 for an epoch that is still to come. A partition that does not exist is UNKNOWN_TOPIC_OR_PARTITION (3), another
 * leader epoch than the leader's FENCED_LEADER_EPOCH (74) or UNKNOWN_LEADER_EPOCH (75).
 */
export const offsetForLeaderEpoch: Answer<OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse> = {
  api: offsetForLeaderEpochApi,
  about: ({ partitions }) => aboutPartitions(partitions),
  refused: ({ partitions }, errorCode) => ({
    throttleTimeMs: 0,
    partitions: partitions.map(({ topic, partition }) => ({
      topic,
      partition,
      errorCode,
      leaderEpoch: -1,
      endOffset: -1,
    })),
  }),
  respond: (cluster, { partitions }, { broker }) => ({
    throttleTimeMs: 0,
    partitions: partitions.map(({ topic, partition, currentLeaderEpoch, leaderEpoch }) => {
      const at = new TopicPartition(topic, partition)
      const log = found(() => cluster.log(offsetForLeaderEpochApi.apiName, at, broker.nodeId))
      const errorCode = 'value' in log ? leaderEpochError(log.value, currentLeaderEpoch) : log.errorCode
      const end = 'value' in log && errorCode === 0 ? log.value.endOfEpoch(leaderEpoch) : undefined
      return { topic, partition, errorCode, leaderEpoch: end?.epoch ?? -1, endOffset: end?.offset ?? -1 }
    }),
  }),
}
