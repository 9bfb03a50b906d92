import { Subject, Subscription } from 'rxjs'
import type { FetcherConfig } from '../client/KafkaConfig.js'
import { isKafkaError, type KafkaError } from '../client/KafkaError.js'
import type { FetchedRecords, FetchFailed, KafkaFetcher, LogIdentity } from '../client/KafkaFetcher.js'
import type { Offset } from '../client/Offset.js'
import { type PartitionLog, partitionLog } from '../client/PartitionLog.js'
import { logTruncated } from '../client/logTruncated.js'
import { type TopicPartition, topicPartitionKey } from '../client/TopicPartition.js'
import { topicRecreated } from '../client/topicRecreated.js'
import { monotonicClock } from '../scheduling/monotonicClock.js'
import type { MemoryCluster } from './MemoryCluster.js'
import type { MemoryConnection } from './MemoryConnection.js'
import { memoryError } from './memoryError.js'
import { MemoryFetch } from './MemoryFetch.js'
import type { MemoryLog } from './MemoryLog.js'

/** One assigned partition. Assigning again makes a new one; what was under way for the old one is dropped. */
interface Assigned {
  readonly topicPartition: TopicPartition
  offset: Offset
  requested: boolean
  attempts: number
  /** since when the cluster says that there is no such partition, in ms */
  goneSince: number | undefined
  /** what was told of the log last */
  log: PartitionLog | undefined
  /** under which what lies before the offset was written, if it is known */
  epoch: number | undefined
  /** of the topic that the offset belongs to; the first one that is met, when the offset came without */
  topicId: string | undefined
  /** the call or the wait that is under way */
  readonly work: Subscription
}

/**
 * {@link KafkaFetcher} on the in-memory Kafka.
 *
 * 1. `request` sends a fetch for the partition, which the log answers at the next turn when it has something.
 * 2. Otherwise the fetch waits for the log to change (a long poll without end; `minBytes` counts as 1), or for the oldest
 *    open transaction to expire, and is sent again.
 * 3. Retriable trouble is tried again after a back-off; anything else is a `FetchFailed`, and so is a partition that has not
 *    been there for `request.timeout.ms`.
 */
export class MemoryFetcher implements KafkaFetcher {
  private readonly emissions = new Subject<FetchedRecords | FetchFailed>()
  private readonly logs = new Subject<PartitionLog>()
  private readonly partitions = new Map<string, Assigned>()

  readonly fetched$ = this.emissions.asObservable()
  readonly logs$ = this.logs.asObservable()

  constructor(
    private readonly cluster: MemoryCluster,
    private readonly connection: MemoryConnection,
    private readonly config: FetcherConfig,
  ) {}

  assign(topicPartition: TopicPartition, offset: Offset, { topicId, leaderEpoch }: LogIdentity = {}): void {
    this.unassign(topicPartition)
    const work = new Subscription()
    const epoch = leaderEpoch === -1 ? undefined : leaderEpoch
    const assigned = {
      topicPartition,
      offset,
      requested: false,
      attempts: 0,
      goneSince: undefined,
      log: undefined,
      epoch,
      topicId,
      work,
    }
    this.partitions.set(topicPartitionKey(topicPartition), assigned)
  }

  request(topicPartition: TopicPartition): void {
    const assigned = this.partitions.get(topicPartitionKey(topicPartition))
    if (assigned === undefined || assigned.requested) return
    assigned.requested = true
    this.send(assigned)
  }

  unassign(topicPartition: TopicPartition): void {
    const key = topicPartitionKey(topicPartition)
    this.partitions.get(key)?.work.unsubscribe()
    this.partitions.delete(key)
  }

  close(): void {
    for (const { work } of this.partitions.values()) work.unsubscribe()
    this.partitions.clear()
  }

  private send(assigned: Assigned): void {
    const { topic, partition } = assigned.topicPartition
    const sent = this.connection
      .call({ api: 'Fetch', topic, partition }, () => this.read(assigned))
      .subscribe({
        next: (fetched) => {
          assigned.attempts = 0
          assigned.goneSince = undefined
          if (fetched === undefined) this.wait(assigned)
          else this.answer(assigned, fetched)
        },
        error: (error: unknown) => {
          if (isKafkaError(error)) this.failed(assigned, error)
          else this.emissions.error(error)
        },
      })
    assigned.work.add(sent)
  }

  /** undefined: there is nothing yet. */
  private read(assigned: Assigned): MemoryFetch | undefined {
    const { topicPartition, offset, epoch } = assigned
    const { isolationLevel, maxBytes, maxPartitionBytes } = this.config
    const log = this.cluster.log('Fetch', topicPartition)
    const topicId = this.cluster.topicIdOf(topicPartition.topic)
    assigned.topicId ??= topicId
    if (topicId !== assigned.topicId) throw topicRecreated(topicPartition, offset, assigned.topicId, topicId)
    if (epoch !== undefined && log.endOfEpoch(epoch) < offset)
      throw logTruncated(topicPartition, offset, log.endOfEpoch(epoch))
    if (offset < log.logStartOffset || offset > log.highWatermark) {
      const { topic, partition } = topicPartition
      throw memoryError('OFFSET_OUT_OF_RANGE', { api: 'Fetch', topic, partition, offset })
    }
    const batches = log.read(offset, isolationLevel, Math.min(maxBytes, maxPartitionBytes))
    if (batches.length === 0) return undefined
    assigned.epoch = log.leaderEpoch
    return new MemoryFetch(log, batches, offset, isolationLevel, topicId)
  }

  private answer(assigned: Assigned, fetched: MemoryFetch | FetchFailed): void {
    assigned.requested = false
    assigned.goneSince = undefined
    if (fetched._tag === 'Fetched') assigned.offset = fetched.end
    this.emissions.next(fetched)
  }

  private wait(assigned: Assigned): void {
    const log = this.cluster.log('Fetch', assigned.topicPartition)
    this.noteLog(assigned, log)
    const waiting = new Subscription()
    const wake = (): void => {
      waiting.unsubscribe()
      this.send(assigned)
    }
    waiting.add(log.onceChanged(wake))
    if (log.hasOpenTransaction) waiting.add(this.connection.schedule(wake, this.cluster.nextExpiryIn))
    assigned.work.add(waiting)
  }

  private noteLog(assigned: Assigned, seen: MemoryLog): void {
    const log = partitionLog(assigned.topicPartition, seen, assigned.log)
    if (log === assigned.log) return
    assigned.log = log
    this.logs.next(log)
  }

  private failed(assigned: Assigned, error: KafkaError): void {
    if (error.retriable && !this.isGone(assigned, error)) {
      const waitMs = this.connection.backoffMs(++assigned.attempts)
      assigned.work.add(this.connection.schedule(() => this.send(assigned), waitMs))
    } else {
      this.answer(assigned, { _tag: 'FetchFailed', topicPartition: assigned.topicPartition, error })
    }
  }

  /** A broker that has just started may not know of it yet, so that is believed only after a while. */
  private isGone(assigned: Assigned, error: KafkaError): boolean {
    const { config, scheduler } = this.connection
    const now = monotonicClock(scheduler)()
    assigned.goneSince = error.codeName === 'UNKNOWN_TOPIC_OR_PARTITION' ? (assigned.goneSince ?? now) : undefined
    return assigned.goneSince !== undefined && now - assigned.goneSince >= config.requestTimeoutMs
  }
}
