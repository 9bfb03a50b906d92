import { BehaviorSubject, filter, map, type Observable, take } from 'rxjs'
import { WorkLoop } from '../../scheduling/WorkLoop.js'
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
  private readonly held = new Map<string, HeldPartition>()
  private wanted: PartitionQueue[] = []
  /** asks once for all partitions of one round of sending */
  private readonly loop: WorkLoop
  /** how many questions to the coordinator are open */
  private readonly adding = new BehaviorSubject(0)

  /**
   * @param add tells the coordinator of partitions; errors when that is hopeless
   * @param wake called when batches may be sent that could not before
   * @param turn$ when it may ask: at the end of the turn
   */
  constructor(
    private readonly add: (partitions: readonly PartitionQueue[]) => Observable<unknown>,
    private readonly wake: () => void,
    turn$: Observable<unknown>,
  ) {
    this.loop = new WorkLoop(() => this.addWanted(), { turn$ })
  }

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
  hold(topic: string, partition: number | undefined): AckLatch {
    const key = keyOf(topic, partition)
    const held = this.held.get(key) ?? { topic, partition, holders: 0, next: [] }
    this.held.set(key, held)
    held.holders++
    const free = (): void => {
      if (--held.holders > 0) return
      if (this.held.get(key) === held) this.held.delete(key)
      freeNext(held)
      this.wake()
    }
    // What the transaction before has given up will never come, so nothing needs to wait for it.
    return new AckLatch(free, free)
  }

  /**
   * What this transaction still waits for, the next one must wait for as well: it may have no record where this one has none,
   * and would overtake the one before both.
   */
  passOn(hold: (topic: string, partition: number | undefined) => AckLatch): void {
    for (const { topic, partition, next } of this.held.values()) {
      const latch = hold(topic, partition)
      latch.add()
      next.push(latch)
      latch.arm()
    }
  }

  /** Emits when no question to the coordinator is open. One that came after the end would open a new transaction. */
  settled(): Observable<void> {
    // Of these the coordinator is never asked: alone they are nothing to end.
    for (const queue of this.wanted) this.asked.delete(queue)
    this.wanted = []
    return this.adding.pipe(
      filter((open) => open === 0),
      take(1),
      map(() => undefined),
    )
  }

  clear(): void {
    this.added = new Set()
    this.asked.clear()
    this.held.forEach(freeNext)
    this.held.clear()
    this.wanted = []
  }

  private isFree({ topic, partition }: PartitionQueue): boolean {
    return this.held.size === 0 || !(this.held.has(keyOf(topic, partition)) || this.held.has(topic))
  }

  private want(queue: PartitionQueue): void {
    this.asked.add(queue)
    this.wanted.push(queue)
    this.loop.ask()
  }

  private addWanted(): void {
    const { wanted, added } = this
    if (wanted.length === 0) return
    this.wanted = []
    this.adding.next(this.adding.value + 1)
    const answered = (): void => this.adding.next(this.adding.value - 1)
    this.add(wanted).subscribe({
      next: () => {
        wanted.forEach((queue) => added.add(queue))
        this.wake()
      },
      // Who asks the coordinator tells of it.
      error: answered,
      complete: answered,
    })
  }
}

/** A partition (or all of a topic, while its partitions are unknown) that former transactions have not left yet. */
interface HeldPartition {
  readonly topic: string
  readonly partition: number | undefined
  holders: number
  /** of the transactions behind, which wait with this one */
  next: AckLatch[]
}

const freeNext = (held: HeldPartition): void => {
  const { next } = held
  held.next = []
  next.forEach((latch) => latch.countDown())
}

const keyOf = (topic: string, partition: number | undefined): string =>
  partition === undefined ? topic : `${topic} ${partition}`
