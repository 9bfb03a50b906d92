import { partitionOfKey } from '../client/murmur2.js'
import { TopicPartition } from '../client/TopicPartition.js'
import type { UnplacedRecord } from './LogBatch.js'
import { PartitionQueue } from './PartitionQueue.js'

/**
 * The queues of one topic, and which of them a record belongs to: the one asked for, else by its key, else one partition
 * after the other, in turn with each request (KIP-480).
 */
export class TopicQueues {
  /** where records wait until the topic is known */
  private readonly unknown: PartitionQueue
  private readonly partitions: (PartitionQueue | undefined)[] = []
  private known = false
  private sticky = 0

  constructor(
    private readonly topic: string,
    private readonly batchSize: number,
    /** undefined while there is no such topic */
    private readonly partitionCount: () => number | undefined,
  ) {
    this.unknown = new PartitionQueue(new TopicPartition(topic, -1), batchSize)
  }

  /** Returns the queue that it went to. */
  add(number: number, record: UnplacedRecord): PartitionQueue {
    const queue = this.known ? this.partition(this.choose(record)) : this.unknown
    queue.add(number, record)
    return queue
  }

  /** The topic is known from now on: what waited for that goes to its partitions, which are returned. */
  settle(): ReadonlySet<PartitionQueue> {
    this.known = true
    this.unknown.send(Infinity)
    const batches = this.unknown.acknowledge()
    return new Set(batches.flatMap(({ number, records }) => records.map((record) => this.add(number, record))))
  }

  /** A request has taken the records of this partition. */
  sent(partition: number): void {
    if (partition === this.sticky) this.sticky++
  }

  /** Number of the oldest record that is, or may turn out to be, for this partition, or one before it. */
  oldest(partition: number): number {
    return Math.min(this.unknown.oldest, this.partitions[partition]?.oldest ?? Infinity)
  }

  all(): readonly PartitionQueue[] {
    return [this.unknown, ...this.partitions.filter((queue) => queue !== undefined)]
  }

  private partition(partition: number): PartitionQueue {
    return (this.partitions[partition] ??= new PartitionQueue(
      new TopicPartition(this.topic, partition),
      this.batchSize,
    ))
  }

  private choose({ partition, buffer, start, keyLength }: UnplacedRecord): number {
    if (partition !== undefined) return partition
    const count = this.partitionCount() ?? 1
    if (keyLength >= 0) return partitionOfKey(buffer.subarray(start, start + keyLength), count)
    if (this.sticky >= count) this.sticky = 0
    return this.sticky
  }
}
