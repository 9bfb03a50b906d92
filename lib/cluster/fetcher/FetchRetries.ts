import type { KafkaError } from '../../client/KafkaError.js'
import type { Cluster } from '../Cluster.js'
import { exponentialBackoff } from '../exponentialBackoff.js'
import { onLeaderMoved } from '../onLeaderMoved.js'
import type { PartitionFetch } from './PartitionFetch.js'

/** Lets partitions in trouble wait, each for itself; one whose leader has moved goes on at once. */
export class FetchRetries {
  /**
   * @param isCurrent whether the partition is still read
   * @param wake called when a partition may be fetched again
   */
  constructor(
    private readonly cluster: Cluster,
    private readonly isCurrent: (partition: PartitionFetch) => boolean,
    private readonly wake: () => void,
  ) {}

  /** From a follower, any trouble leads back to the leader: what it says is not the last word, OFFSET_OUT_OF_RANGE included. */
  backOff(partition: PartitionFetch, refresh: boolean, why: string | KafkaError): void {
    const { topic, partition: number } = partition.topicPartition
    const { config } = this.cluster
    const atOnce = partition.replica !== undefined
    partition.on('trouble')
    partition.attempts++
    partition.troubledAt = this.cluster.leaderOf(topic, number)
    this.tell(partition, why, atOnce)
    if (atOnce) partition.leaveFollower(this.cluster.now() + config.requestTimeoutMs)
    const delay = atOnce ? 0 : exponentialBackoff(config, partition.attempts, this.cluster.random())
    partition.timer = this.cluster.scheduler.schedule(() => this.retry(partition), delay)
    const doubtful = partition.attempts % patience === 0
    if (doubtful) this.cluster.forgetLeaders(topic)
    if (refresh || doubtful) this.lookForLeader(partition)
  }

  /** It could be read again. */
  recovered(partition: PartitionFetch): void {
    partition.attempts = 0
    this.cluster.troubles.reads.remove(partition.key)
  }

  private tell(partition: PartitionFetch, why: string | KafkaError, atFollower: boolean): void {
    const { config, metadata, troubles } = this.cluster
    const { key, attempts, troubledAt, topicPartition } = partition
    // The cluster was not asked about its topic yet, or is asked anew.
    const isUnknown = troubledAt === undefined && metadata.partitionCount(topicPartition.topic) === undefined
    if (isUnknown && metadata.refusalOf(topicPartition) === 0) return
    const reason = typeof why === 'string' ? why : why.message
    config.logger?.debug(`${key} cannot be read now, retry ${attempts}: ${reason}`)
    // A connection that cannot be made tells so itself, and the leader is asked next in the place of a follower.
    if (atFollower || (typeof why !== 'string' && why._tag === 'Connection')) return
    // That there is no such topic is told by who reads it.
    if (isUnknown) return
    troubles.reads.add(key, troubledAt === undefined ? undefined : metadata.nameOf(troubledAt.nodeId), reason)
  }

  private lookForLeader(partition: PartitionFetch): void {
    onLeaderMoved(
      this.cluster,
      partition.topicPartition,
      () => partition.troubledAt,
      () => {
        if (this.isCurrent(partition) && partition.state === 'backingOff') this.retry(partition)
      },
    )
  }

  private retry(partition: PartitionFetch): void {
    partition.timer?.unsubscribe()
    partition.on('retry')
    this.wake()
  }
}

/** From this retry on, several seconds in, what is known of leaders is doubted. */
const patience = 8
