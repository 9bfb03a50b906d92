import type { FetchFailed } from '../client/KafkaFetcher.js'
import { logTruncated } from '../client/logTruncated.js'
import { topicPartitionKey } from '../client/TopicPartition.js'
import { type EpochEnd, offsetForLeaderEpochApi } from '../protocol/requests/offsetForLeaderEpoch.js'
import { answeredWith } from './answeredWith.js'
import type { FetchRetries } from './FetchRetries.js'
import { fetchVerdict } from './fetchVerdict.js'
import { judgePosition } from './judgePosition.js'
import type { KafkaJsConnections } from './KafkaJsConnections.js'
import type { PartitionFetch } from './PartitionFetch.js'
import { ErrorCodes } from '../protocol/errorCodes.js'

/** Brings a partition on its way again: to a fetch, a retry, or a failure that is emitted. */
export type JudgePartition = (partition: PartitionFetch, emit: (failed: FetchFailed) => void) => void

/** Asks a new leader whether its log has what was read of the former (KIP-320). */
export class PositionValidation {
  constructor(
    private readonly connections: KafkaJsConnections,
    private readonly retries: FetchRetries,
  ) {}

  /** Resolves with what is to be done with each of the partitions. */
  async ask(nodeId: number, partitions: readonly PartitionFetch[]): Promise<JudgePartition> {
    const asked = partitions.map(({ topicPartition: { topic, partition }, epoch }) => ({
      topic,
      partition,
      currentLeaderEpoch: this.connections.leaderOf(topic, partition)?.leaderEpoch ?? -1,
      leaderEpoch: epoch,
    }))
    const under = new Map(asked.map((epoch) => [topicPartitionKey(epoch), epoch.currentLeaderEpoch]))
    partitions.forEach((partition) => partition.on('validate'))
    const answer = await this.connections.send(nodeId, 'control', offsetForLeaderEpochApi, { partitions: asked })
    const ends = new Map(answer.partitions.map((end) => [topicPartitionKey(end), end]))
    return (partition, emit) => this.judge(partition, ends.get(partition.key), under.get(partition.key) ?? -1, emit)
  }

  private judge(
    partition: PartitionFetch,
    end: EpochEnd | undefined,
    under: number,
    emit: (failed: FetchFailed) => void,
  ): void {
    const { topicPartition, offset } = partition
    // The answer leaves the partition out.
    const code = end?.errorCode ?? ErrorCodes.UNKNOWN_SERVER_ERROR
    const verdict = fetchVerdict(code)
    if (verdict === 'fail') {
      const { topic, partition: number } = topicPartition
      const context = { api: offsetForLeaderEpochApi.apiName, topic, partition: number, offset }
      return emit(partition.fail(this.connections.brokerError(code, context)))
    }
    if (end === undefined || verdict !== 'fetched') {
      return this.retries.backOff(partition, true, `${answeredWith(code)} to the question about its epoch`)
    }
    const position = judgePosition(offset, end)
    if (position._tag === 'valid') partition.valid(under)
    else emit(partition.fail(logTruncated(topicPartition, offset, position.divergentOffset)))
  }
}
