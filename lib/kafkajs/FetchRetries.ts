import type { SchedulerLike } from 'rxjs'
import { exponentialBackoff } from './exponentialBackoff.js'
import type { KafkaJsConnections } from './KafkaJsConnections.js'
import type { PartitionFetch } from './PartitionFetch.js'

/** Lets partitions in trouble wait, each for itself; one whose leader has moved goes on at once. */
export class FetchRetries {
  /**
   * @param isCurrent whether the partition is still read
   * @param wake called when a partition may be fetched again
   */
  constructor(
    private readonly connections: KafkaJsConnections,
    private readonly scheduler: SchedulerLike,
    private readonly isCurrent: (partition: PartitionFetch) => boolean,
    private readonly wake: () => void,
  ) {}

  /** From a follower, any trouble leads back to the leader: what it says is not the last word, OFFSET_OUT_OF_RANGE included. */
  backOff(partition: PartitionFetch, refresh: boolean, why: string): void {
    const { topic, partition: number } = partition.topicPartition
    const { config } = this.connections
    partition.on('trouble')
    partition.attempts++
    partition.troubledAt = this.connections.leaderOf(topic, number)
    const level = partition.attempts === patience ? 'warn' : 'debug'
    config.logger?.[level](`${partition.key} cannot be read now, retry ${partition.attempts}: ${why}`)
    const atOnce = partition.replica !== undefined
    if (atOnce) partition.leaveFollower(this.scheduler.now() + config.requestTimeoutMs)
    const delay = atOnce ? 0 : exponentialBackoff(config, partition.attempts)
    partition.timer = this.scheduler.schedule(() => this.retry(partition), delay)
    const doubtful = partition.attempts % patience === 0
    if (doubtful) this.connections.forgetLeaders(topic)
    if (refresh || doubtful) this.lookForLeader(partition)
  }

  private lookForLeader(partition: PartitionFetch): void {
    const { topic, partition: number } = partition.topicPartition
    this.connections.refreshMetadata([topic]).then(
      () => {
        const leader = this.connections.leaderOf(topic, number)
        const before = partition.troubledAt
        const moved =
          leader !== undefined && (before?.nodeId !== leader.nodeId || before.leaderEpoch !== leader.leaderEpoch)
        if (moved && this.isCurrent(partition) && partition.state === 'backingOff') this.retry(partition)
      },
      () => {
        // The back-off ends in a retry, and that in the next look.
      },
    )
  }

  private retry(partition: PartitionFetch): void {
    partition.timer?.unsubscribe()
    partition.on('retry')
    this.wake()
  }
}

/** From this retry on, several seconds in, people should hear of it, and what is known of leaders is doubted. */
const patience = 8
