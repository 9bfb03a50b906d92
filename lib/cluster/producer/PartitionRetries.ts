import type { KafkaError } from '../../client/KafkaError.js'
import type { Leader } from '../ClusterMetadata.js'
import { exponentialBackoff } from '../exponentialBackoff.js'
import { onLeaderMoved } from '../onLeaderMoved.js'
import type { PartitionQueue } from './PartitionQueue.js'
import type { ProducerCluster } from './ProducerCluster.js'

/** Lets partitions in trouble wait, each for itself; one whose leader has moved goes on at once. */
export class PartitionRetries {
  /** @param wake called when a partition may go on before its time */
  constructor(
    private readonly cluster: ProducerCluster,
    private readonly wake: () => void,
  ) {}

  /** Returns the time of the retry, ms, by the scheduler's `monotonicClock`. */
  backOff(queue: PartitionQueue, error: KafkaError): number {
    const { cluster } = this
    queue.troubles++
    queue.trouble = error
    queue.retryAt = cluster.now() + exponentialBackoff(cluster.config, queue.troubles, cluster.random())
    this.tell(queue, error)
    return queue.retryAt
  }

  /** It could be written again. */
  recovered(queue: PartitionQueue): void {
    this.cluster.troubles.writes.remove(nameOf(queue))
  }

  private tell(queue: PartitionQueue, error: KafkaError): void {
    const { config, metadata, troubles } = this.cluster
    config.logger?.debug(`${nameOf(queue)} cannot be written now, retry ${queue.troubles}: ${error.message}`)
    // A connection that cannot be made tells so itself.
    if (error._tag === 'Connection') return
    const leader = this.cluster.leaderOf(queue.topic, queue.partition)
    troubles.writes.add(nameOf(queue), leader === undefined ? undefined : metadata.nameOf(leader.nodeId), error.message)
  }

  /** @param former who led the partition when it got into trouble */
  lookForLeader(queue: PartitionQueue, former: Leader | undefined): void {
    const formerOf = (): Leader | undefined => former
    onLeaderMoved(this.cluster, queue, formerOf, () => {
      queue.retryAt = -Infinity
      this.wake()
    })
  }
}

const nameOf = ({ topic, partition }: PartitionQueue): string => `${topic}-${partition}`
