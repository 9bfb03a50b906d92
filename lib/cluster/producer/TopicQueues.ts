import { partitionOfKey } from '../../client/murmur2.js'
import type { ProducerRecord } from '../../client/ProducerRecord.js'
import type { AckLatch } from './AckLatch.js'
import { PartitionQueue } from './PartitionQueue.js'

/** A record that waits for the partitions of its topic to be known. */
export interface HeldRecord {
  readonly record: ProducerRecord
  /** ms since the epoch: its timestamp, if it has none */
  readonly appendedAt: number
  /** by the monotonic clock */
  readonly since: number
  /** its share of `buffer.memory` */
  readonly bytes: number
}

/** The queues of one topic, and which of them a record goes to. */
export class TopicQueues {
  /** in the order of `append`; empty once the partitions are known */
  held: HeldRecord[] = []
  /** who waits for held records */
  readonly latches: AckLatch[] = []
  private readonly queues: (PartitionQueue | undefined)[] = []
  /** of partitions that the topic does not have, or not yet: their numbers may be any, and the array above is dense */
  private readonly strays = new Map<number, PartitionQueue>()
  private partitions = 0
  private sticky = -1

  /** @param random in [0, 1): where the first batch without a key goes, so that not all producers begin with partition 0 */
  constructor(
    readonly topic: string,
    private readonly window: number,
    private readonly random: () => number,
    private readonly adaptive = true,
  ) {}

  get isKnown(): boolean {
    return this.partitions > 0
  }

  get all(): readonly PartitionQueue[] {
    return [...this.queues.filter((queue) => queue !== undefined), ...this.strays.values()]
  }

  /** Told again and again, since partitions can be added. */
  learn(partitions: number | undefined): void {
    if (partitions !== undefined && partitions > this.partitions) this.partitions = partitions
  }

  /** A partition that the topic does not have gets a queue too: it may come, and otherwise times out by name. */
  queueOf(partition: number): PartitionQueue {
    return this.queues[partition] ?? this.createQueue(partition)
  }

  queueOfKey(key: Uint8Array | string): PartitionQueue {
    return this.queueOf(partitionOfKey(key, this.partitions))
  }

  /** Records without key or partition stay together while their batch is open (KIP-480). */
  get stickyQueue(): PartitionQueue {
    return this.sticky < 0 ? this.nextStickyQueue() : this.queueOf(this.sticky)
  }

  /**
   * Goes on to the partition where the fewest batches wait, so that a slow broker gets less (KIP-794), in turn among equals; or to any,
   * where partitioning is not to adapt.
   */
  nextStickyQueue(): PartitionQueue {
    if (!this.adaptive) return this.queueOf((this.sticky = Math.floor(this.random() * this.partitions)))
    const start = this.sticky < 0 ? Math.floor(this.random() * this.partitions) : this.sticky + 1
    let best = start % this.partitions
    for (let i = 1; i < this.partitions; i++) {
      const candidate = (start + i) % this.partitions
      if (this.backlog(candidate) < this.backlog(best)) best = candidate
    }
    this.sticky = best
    return this.queueOf(best)
  }

  private createQueue(partition: number): PartitionQueue {
    const queue = this.strays.get(partition) ?? new PartitionQueue(this.topic, partition, this.window)
    if (partition >= this.partitions) {
      this.strays.set(partition, queue)
    } else {
      this.strays.delete(partition)
      this.queues[partition] = queue
    }
    return queue
  }

  private backlog(partition: number): number {
    return this.queues[partition]?.unacknowledged.length ?? 0
  }
}
