import type { ProducerConfig } from '../../client/KafkaConfig.js'
import { endOfTurn } from '../../scheduling/endOfTurn.js'
import { WorkLoop } from '../../scheduling/WorkLoop.js'
import { EarliestTimer } from './EarliestTimer.js'
import type { PartitionQueue } from './PartitionQueue.js'
import type { PartitionRetries } from './PartitionRetries.js'
import type { ProducerCluster } from './ProducerCluster.js'
import { withoutLeader } from './producerErrors.js'
import type { ProduceRequests, SentBatch } from './ProduceRequests.js'
import type { RecordAccumulator } from './RecordAccumulator.js'
import type { SendPolicy } from './SendPolicy.js'

/** What takes part in sending. */
export interface SendParts {
  readonly cluster: ProducerCluster
  readonly config: ProducerConfig
  readonly policy: SendPolicy
  readonly accumulator: RecordAccumulator
  readonly requests: ProduceRequests
  readonly retries: PartitionRetries
}

/**
 * Rounds of sending: takes the batches that may go, groups them by leader, one of each partition in a request, and fills
 * the places of every broker. What may go later sets the timer for the next round.
 */
export class SendRounds {
  private readonly timer: EarliestTimer
  private readonly loop: WorkLoop
  private paused = false
  private stopped = false

  constructor(private readonly parts: SendParts) {
    const { scheduler } = parts.cluster
    this.loop = new WorkLoop(() => this.send(), { turn$: endOfTurn(scheduler) })
    this.timer = new EarliestTimer(scheduler, this.loop.run)
  }

  /** A round at the end of this turn, so that what is appended in one go shares batches. */
  soon(): void {
    this.loop.ask()
  }

  /** A round at a time, ms, by the scheduler's `monotonicClock`. */
  at(time: number): void {
    if (!this.stopped) this.timer.at(time)
  }

  /** Nothing waits for a time any more. */
  nothingLater(): void {
    this.timer.cancel()
  }

  pause(): void {
    this.paused = true
  }

  resume(): void {
    this.paused = false
  }

  stop(): void {
    this.stopped = true
    this.loop.close()
    this.timer.cancel()
  }

  run(): void {
    this.loop.run()
  }

  private send(): void {
    if (this.paused) return
    const { policy, accumulator } = this.parts
    const identity = policy.identity()
    if (identity === undefined) return
    const now = this.parts.cluster.now()
    const byLeader = new Map<number, PartitionQueue[]>()
    for (const queue of accumulator.pending) {
      if (identity !== null) queue.use(identity)
      if (queue.waiting === undefined) accumulator.pending.delete(queue)
      else if (this.isDue(queue, now)) this.groupByLeader(byLeader, queue)
    }
    byLeader.forEach((queues, nodeId) => this.sendTo(nodeId, queues, now))
  }

  private isDue(queue: PartitionQueue, now: number): boolean {
    if (!queue.mayGoOn) return false
    const at = Math.max(
      queue.retryAt,
      this.isFull(queue) ? -Infinity : queue.waiting!.createdAt + this.parts.config.lingerMs,
    )
    if (at <= now) return true
    this.at(at)
    return false
  }

  private isFull(queue: PartitionQueue): boolean {
    return queue.waiting !== queue.open || !this.parts.accumulator.hasRoom
  }

  private groupByLeader(byLeader: Map<number, PartitionQueue[]>, queue: PartitionQueue): void {
    const { cluster, retries, policy } = this.parts
    const { topic, partition } = queue
    const leader = cluster.leaderOf(topic, partition)
    if (leader === undefined) {
      this.at(retries.backOff(queue, withoutLeader(topic, partition, cluster.partitionCount(topic))))
      return retries.lookForLeader(queue, undefined)
    }
    if (!queue.mayGoTo(leader.nodeId) || !policy.admits(queue)) return
    const queues = byLeader.get(leader.nodeId)
    if (queues === undefined) byLeader.set(leader.nodeId, [queue])
    else queues.push(queue)
  }

  private sendTo(nodeId: number, queues: readonly PartitionQueue[], now: number): void {
    while (this.parts.requests.hasPlace(nodeId)) {
      const batches = this.pack(nodeId, queues, now)
      if (batches.length === 0) return
      this.parts.requests.send(nodeId, batches)
    }
  }

  /** One batch of each partition, as many as fit into a request. Who is served goes to the end of the line. */
  private pack(nodeId: number, queues: readonly PartitionQueue[], now: number): readonly SentBatch[] {
    const { pending } = this.parts.accumulator
    const batches: SentBatch[] = []
    let bytes = 0
    for (const queue of queues) {
      const next = queue.waiting
      if (next === undefined || !this.isDue(queue, now)) continue
      if (batches.length > 0 && bytes + next.size > this.parts.config.maxRequestSize) continue
      bytes += next.size
      batches.push({ queue, batch: queue.take(nodeId) })
      pending.delete(queue)
      if (queue.waiting !== undefined) pending.add(queue)
    }
    return batches
  }
}
