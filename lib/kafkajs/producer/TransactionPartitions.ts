import { AckLatch } from './AckLatch.js'
import type { PartitionQueue } from './PartitionQueue.js'

/**
 * Which partitions belong to the open transaction, and which of its batches may be sent.
 *
 * The coordinator must know a partition before the first batch goes there (AddPartitionsToTxn), and the transaction before
 * must be acknowledged there, so that the order of records survives retries of either.
 */
export class TransactionPartitions {
  private added = new Set<PartitionQueue>()
  private readonly asked = new Set<PartitionQueue>()
  private readonly occupied = new Map<string, Occupied>()
  private wanted: PartitionQueue[] = []
  private adding: Promise<unknown> = Promise.resolve()

  /**
   * @param add tells the coordinator of partitions; rejects when that is hopeless
   * @param wake called when batches may be sent that could not before
   */
  constructor(
    private readonly add: (partitions: readonly PartitionQueue[]) => Promise<void>,
    private readonly wake: () => void,
  ) {}

  /** The coordinator has been told of a partition, or is being told: there is something to end. */
  get any(): boolean {
    return this.asked.size > 0
  }

  admits(queue: PartitionQueue): boolean {
    if (this.added.has(queue)) return this.isFree(queue)
    if (!this.asked.has(queue)) this.want(queue)
    return false
  }

  /** Begins to hold back a partition, or all of a topic. What opens when it is free again. */
  occupy(topic: string, partition: number | undefined): AckLatch {
    const key = keyOf(topic, partition)
    const occupied = this.occupied.get(key) ?? { topic, partition, holders: 0, heirs: [] }
    this.occupied.set(key, occupied)
    occupied.holders++
    const free = (): void => {
      if (--occupied.holders > 0) return
      if (this.occupied.get(key) === occupied) this.occupied.delete(key)
      freeHeirs(occupied)
      this.wake()
    }
    // What the transaction before has given up will never come, so nothing needs to wait for it.
    return new AckLatch(free, free)
  }

  /**
   * What this transaction still waits for, the next one must wait for as well: it may have no record where this one has none,
   * and would overtake the one before both.
   */
  bequeath(occupy: (topic: string, partition: number | undefined) => AckLatch): void {
    for (const { topic, partition, heirs } of this.occupied.values()) {
      const heir = occupy(topic, partition)
      heir.add()
      heirs.push(heir)
      heir.arm()
    }
  }

  /** Resolves when no question to the coordinator is open. One that came after the end would open a new transaction. */
  async settled(): Promise<void> {
    this.wanted = []
    await this.adding
  }

  clear(): void {
    this.added = new Set()
    this.asked.clear()
    this.occupied.forEach(freeHeirs)
    this.occupied.clear()
    this.wanted = []
  }

  private isFree({ topic, partition }: PartitionQueue): boolean {
    return this.occupied.size === 0 || !(this.occupied.has(keyOf(topic, partition)) || this.occupied.has(topic))
  }

  /** All partitions of one round of sending travel in one request. */
  private want(queue: PartitionQueue): void {
    this.asked.add(queue)
    this.wanted.push(queue)
    if (this.wanted.length > 1) return
    queueMicrotask(() => this.addWanted())
  }

  private addWanted(): void {
    const { wanted, added } = this
    if (wanted.length === 0) return
    this.wanted = []
    const adding = this.add(wanted).then(
      () => {
        wanted.forEach((queue) => added.add(queue))
        this.wake()
      },
      () => {
        // Who asked the coordinator has told of it.
      },
    )
    this.adding = Promise.all([this.adding, adding])
  }
}

/** A partition (or all of a topic, while its partitions are unknown) that former transactions have not left yet. */
interface Occupied {
  readonly topic: string
  readonly partition: number | undefined
  holders: number
  heirs: AckLatch[]
}

const freeHeirs = (occupied: Occupied): void => {
  const { heirs } = occupied
  occupied.heirs = []
  heirs.forEach((heir) => heir.countDown())
}

const keyOf = (topic: string, partition: number | undefined): string =>
  partition === undefined ? topic : `${topic} ${partition}`
