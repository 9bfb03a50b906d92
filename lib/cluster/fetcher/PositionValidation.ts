import { defer, map, type Observable } from 'rxjs'
import type { FetchFailed } from '../../client/KafkaFetcher.js'
import { logTruncated } from '../../client/logTruncated.js'
import { topicPartitionKey } from '../../client/TopicPartition.js'
import { type EpochEnd, offsetForLeaderEpochApi } from '../../protocol/requests/offsetForLeaderEpoch.js'
import { answeredWith } from './answeredWith.js'
import type { FetchRetries } from './FetchRetries.js'
import { fetchVerdict } from './fetchVerdict.js'
import { judgePosition } from './judgePosition.js'
import type { Cluster } from '../Cluster.js'
import type { PartitionFetch } from './PartitionFetch.js'
import { ErrorCodes } from '../../protocol/errorCodes.js'

/** Brings a partition on its way again: to a fetch, a retry, or a failure that is emitted. */
export type JudgePartition = (partition: PartitionFetch, emit: (failed: FetchFailed) => void) => void

/** Asks a new leader whether its log has what was read of the former (KIP-320). */
export class PositionValidation {
  constructor(
    private readonly cluster: Cluster,
    private readonly retries: FetchRetries,
  ) {}

  /** Emits what is to be done with each of the partitions. */
  ask(nodeId: number, partitions: readonly PartitionFetch[]): Observable<JudgePartition> {
    return defer(() => {
      const asked = partitions.map(({ topicPartition: { topic, partition }, epoch }) => ({
        topic,
        partition,
        currentLeaderEpoch: this.cluster.leaderOf(topic, partition)?.leaderEpoch ?? -1,
        leaderEpoch: epoch,
      }))
      const under = new Map(asked.map((epoch) => [topicPartitionKey(epoch), epoch.currentLeaderEpoch]))
      partitions.forEach((partition) => partition.on('validate'))
      return this.cluster.send(nodeId, 'control', offsetForLeaderEpochApi, { partitions: asked }).pipe(
        map(({ partitions: answers }): JudgePartition => {
          const ends = new Map(answers.map((end) => [topicPartitionKey(end), end]))
          return (partition, emit) =>
            this.judge(partition, ends.get(partition.key), under.get(partition.key) ?? -1, emit)
        }),
      )
    })
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
      return emit(partition.fail(this.cluster.brokerError(code, context)))
    }
    if (end === undefined || verdict !== 'fetched') {
      return this.retries.backOff(partition, true, `${answeredWith(code)} to the question about its epoch`)
    }
    const position = judgePosition(offset, end)
    if (position._tag === 'valid') partition.valid(under)
    else emit(partition.fail(logTruncated(topicPartition, offset, position.divergentOffset)))
  }
}
