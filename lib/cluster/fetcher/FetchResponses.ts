import type { FetcherConfig } from '../../client/KafkaConfig.js'
import type { KafkaError } from '../../client/KafkaError.js'
import type { FetchedRecords, FetchFailed } from '../../client/KafkaFetcher.js'
import { type PartitionLog, partitionLog } from '../../client/PartitionLog.js'
import { corruptRecords } from '../../protocol/corruptRecords.js'
import type { DecompressionMemory } from '../../protocol/DecompressionMemory.js'
import { decodeRecordBatches } from '../../protocol/decodeRecordBatches.js'
import { ErrorCodes } from '../../protocol/errorCodes.js'
import { fetchApi, type FetchResponse, type NamedPartitionResponse } from '../../protocol/requests/fetch.js'
import type { Cluster } from '../Cluster.js'
import { answeredWith } from './answeredWith.js'
import { answersByPartition } from './answersByPartition.js'
import { apart } from './apart.js'
import { batchesEnd } from './batchesEnd.js'
import type { FetchRetries } from './FetchRetries.js'
import { fetchVerdict } from './fetchVerdict.js'
import type { PartitionFetch } from './PartitionFetch.js'
import type { TopicAvailability } from './TopicAvailability.js'

/** Takes what becomes known of a partition, to be emitted when states are settled. */
export type Emit = (outcome: FetchedRecords | FetchFailed) => void

/** What responses are judged with. */
export interface FetchResponsesParts {
  readonly cluster: Cluster
  readonly config: FetcherConfig
  readonly retries: FetchRetries
  readonly availability: TopicAvailability
  readonly memory: DecompressionMemory
  /** whether a partition is still read: not unassigned, nor assigned anew */
  readonly isCurrent: (partition: PartitionFetch) => boolean
  /** takes what a response without records says of a log, when it is new */
  readonly onLog: (log: PartitionLog) => void
}

/**
 * What a response means, partition by partition ({@link fetchVerdict}): data and failures are emitted, empty answers go out again,
 * trouble is retried after a back-off.
 *
 * What is emitted is not decoded yet: {@link batchesEnd} knows where the next fetch begins, so it is at the broker while the reader takes
 * this one.
 */
export class FetchResponses {
  constructor(private readonly parts: FetchResponsesParts) {}

  /** @param asked the partitions that the fetch was for */
  judge(asked: ReadonlyMap<string, PartitionFetch>, response: FetchResponse, emit: Emit): void {
    const { retries, availability, isCurrent } = this.parts
    const answers = answersByPartition(asked, response)
    for (const partition of asked.values()) {
      if (!isCurrent(partition)) continue
      const answer = answers.get(partition.key)
      const code = response.errorCode === 0 ? (answer?.errorCode ?? 0) : response.errorCode
      const verdict = fetchVerdict(code)
      if (otherTopicIds.has(code)) partition.topicIdRefused = true
      // Asked by name, a broker answers with whatever bears it now.
      if (verdict === 'fetched' && answer?.topicId === undefined && availability.isAnother(partition))
        emit(partition.fail(availability.recreated(partition)))
      else if (verdict === 'fetched') this.fetched(partition, answer, emit)
      else if (verdict === 'fail' && partition.replica === undefined)
        emit(partition.fail(this.errorOf(partition, code)))
      else retries.backOff(partition, verdict === 'refresh', answeredWith(code))
    }
  }

  private fetched(partition: PartitionFetch, answer: NamedPartitionResponse | undefined, emit: Emit): void {
    const { cluster, config, retries, memory } = this.parts
    if (partition.attempts > 0) retries.recovered(partition)
    partition.topicIdRefused = false
    if (answer !== undefined && answer.preferredReadReplica >= 0) {
      const until = cluster.now() + cluster.config.metadataMaxAgeMs
      partition.replica = { nodeId: answer.preferredReadReplica, until }
    }
    const end = batchesEnd(answer?.records ?? noRecords)
    if (answer === undefined || end.nextOffset === undefined) {
      const needed = end.needed ?? 0
      if (needed > 0 && partition.askedInVain(needed)) return emit(partition.fail(endlessBatch(partition)))
      if (answer !== undefined) this.noteLog(partition, answer)
      partition.behind = false
      partition.needed = Math.max(partition.needed, needed)
      partition.on('nothing')
      return
    }
    partition.inVain = 0
    partition.on('data')
    const { topicId } = partition
    const { isolationLevel, checkCrcs } = config
    const options = { isolationLevel, checkCrcs, memory }
    emit(decodeRecordBatches({ ...answer, topicId, records: apart(answer.records) }, partition.offset, options))
    partition.offset = Math.max(end.nextOffset, partition.offset)
    partition.epoch = end.leaderEpoch ?? partition.epoch
    partition.behind =
      partition.offset < (isolationLevel === 'read_committed' ? answer.lastStableOffset : answer.highWatermark)
  }

  private noteLog(partition: PartitionFetch, answer: NamedPartitionResponse): void {
    const log = partitionLog(partition.topicPartition, answer, partition.log)
    if (log === partition.log) return
    partition.log = log
    this.parts.onLog(log)
  }

  private errorOf({ topicPartition: { topic, partition }, offset }: PartitionFetch, code: number): KafkaError {
    return this.parts.cluster.brokerError(code, { api: fetchApi.apiName, topic, partition, offset })
  }
}

/** A length that no fetch brings, of a batch that so is the only one left to read. */
const endlessBatch = ({ topicPartition: { topic, partition }, offset, needed }: PartitionFetch): KafkaError =>
  corruptRecords(
    topic,
    partition,
    offset,
    `claim to be ${needed} bytes long, and a fetch of as many does not bring them`,
  )

const noRecords = Buffer.alloc(0)

const otherTopicIds: ReadonlySet<number> = new Set([ErrorCodes.UNKNOWN_TOPIC_ID, ErrorCodes.INCONSISTENT_TOPIC_ID])
