import type { SchedulerLike } from 'rxjs'
import type { KafkaError } from '../../client/KafkaError.js'
import type { Leader } from '../../cluster/ClusterMetadata.js'
import { exponentialBackoff } from '../../cluster/exponentialBackoff.js'
import { type MonotonicClock, monotonicClock } from '../../scheduling/monotonicClock.js'
import type { PartitionQueue } from './PartitionQueue.js'
import type { ProducerConnections } from './ProducerConnections.js'

/** Lets partitions in trouble wait, each for itself; one whose leader has moved goes on at once. */
export class PartitionRetries {
  private readonly now: MonotonicClock

  /** @param wake called when a partition may go on before its time */
  constructor(
    private readonly connections: ProducerConnections,
    scheduler: SchedulerLike,
    private readonly wake: () => void,
  ) {
    this.now = monotonicClock(scheduler)
  }

  /** Returns the time of the retry, ms, by the scheduler's `monotonicClock`. */
  backOff(queue: PartitionQueue, error: KafkaError): number {
    const { config } = this.connections
    queue.troubles++
    queue.trouble = error
    queue.retryAt = this.now() + exponentialBackoff(config, queue.troubles)
    this.tell(queue, error)
    return queue.retryAt
  }

  /** It could be written again. */
  recovered(queue: PartitionQueue): void {
    this.connections.troubles.writes.remove(nameOf(queue))
  }

  private tell(queue: PartitionQueue, error: KafkaError): void {
    const { config, metadata, troubles } = this.connections
    config.logger?.debug(`${nameOf(queue)} cannot be written now, retry ${queue.troubles}: ${error.message}`)
    // A connection that cannot be made tells so itself.
    if (error._tag === 'Connection') return
    const leader = this.connections.leaderOf(queue.topic, queue.partition)
    troubles.writes.add(nameOf(queue), leader === undefined ? undefined : metadata.nameOf(leader.nodeId), error.message)
  }

  /** @param former who led the partition when it got into trouble */
  lookForLeader(queue: PartitionQueue, former: Leader | undefined): void {
    const { topic, partition } = queue
    this.connections.refreshMetadata([topic]).then(
      () => {
        const leader = this.connections.leaderOf(topic, partition)
        if (leader === undefined) return
        if (leader.nodeId === former?.nodeId && leader.leaderEpoch === former.leaderEpoch) return
        queue.retryAt = -Infinity
        this.wake()
      },
      () => {
        // The back-off ends in a retry, and that in the next look.
      },
    )
  }
}

const nameOf = ({ topic, partition }: PartitionQueue): string => `${topic}-${partition}`
