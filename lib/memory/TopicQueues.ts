import { partitionOfKey } from '../client/murmur2.js'
import { TopicPartition } from '../client/TopicPartition.js'
import { PartitionQueue, type QueuedRecord } from './PartitionQueue.js'

/**
 * The queues of one topic, and which of them a record belongs to: the one asked for, else by its key, else one partition
 * after the other, in turn with each request (KIP-480).
 */
export class TopicQueues {
  /** where records wait until the topic is known */
  private readonly unknown: PartitionQueue
  private readonly partitions: PartitionQueue[] = []
  private known = false
  private sticky = 0

  constructor(
    private readonly topic: string,
    /** undefined while there is no such topic */
    private readonly partitionCount: () => number | undefined,
  ) {
    this.unknown = new PartitionQueue(new TopicPartition(topic, -1))
  }

  /** Returns the queue that it went to. */
  add(queued: QueuedRecord): PartitionQueue {
    const queue = this.known ? this.partition(this.choose(queued)) : this.unknown
    queue.add(queued)
    return queue
  }

  /** The topic is known from now on: what waited for that goes to its partitions, which are returned. */
  settle(): ReadonlySet<PartitionQueue> {
    this.known = true
    this.unknown.send(Infinity, 1)
    return new Set(this.unknown.acknowledge().map(queued => this.add(queued)))
  }

  /** A request has taken the records of this partition. */
  sent(partition: number): void {
    if (partition === this.sticky) this.sticky++
  }

  /** Number of the oldest record that is, or may turn out to be, for this partition. */
  oldest(partition: number): number {
    return Math.min(this.unknown.oldest, this.partitions[partition]?.oldest ?? Infinity)
  }

  all(): readonly PartitionQueue[] {
    return [this.unknown, ...this.partitions.filter(queue => queue !== undefined)]
  }

  private partition(partition: number): PartitionQueue {
    return (this.partitions[partition] ??= new PartitionQueue(new TopicPartition(this.topic, partition)))
  }

  private choose({ partition, record: { bytes, keyLength } }: QueuedRecord): number {
    if (partition !== undefined) return partition
    const count = this.partitionCount() ?? 1
    if (keyLength >= 0) return partitionOfKey(bytes.subarray(0, keyLength), count)
    if (this.sticky >= count) this.sticky = 0
    return this.sticky
  }
}
