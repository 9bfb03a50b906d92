import type { SchedulerLike } from 'rxjs'
import type { KafkaError } from '../../client/KafkaError.js'
import type { Leader } from '../ClusterMetadata.js'
import { exponentialBackoff } from '../exponentialBackoff.js'
import type { PartitionQueue } from './PartitionQueue.js'
import type { ProducerConnections } from './ProducerConnections.js'

/** Lets partitions in trouble wait, each for itself; one whose leader has moved goes on at once. */
export class PartitionRetries {
  /** @param wake called when a partition may go on before its time */
  constructor(
    private readonly connections: ProducerConnections,
    private readonly scheduler: SchedulerLike,
    private readonly wake: () => void,
  ) {}

  /** Returns the time of the retry, ms. */
  backOff(queue: PartitionQueue, error: KafkaError): number {
    const { config } = this.connections
    queue.troubles++
    queue.trouble = error
    queue.retryAt = this.scheduler.now() + exponentialBackoff(config, queue.troubles)
    const level = queue.troubles === patience ? 'warn' : 'debug'
    config.logger?.[level](
      `${queue.topic}-${queue.partition} cannot be written now, retry ${queue.troubles}: ${error.message}`,
    )
    return queue.retryAt
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

/** From this retry on, several seconds in, people should hear of it. */
const patience = 8
