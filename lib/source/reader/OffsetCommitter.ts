import { BehaviorSubject, filter, type Observable, type Subscription, take } from 'rxjs'
import type { KafkaAdmin, RefusedOffsets } from '../../client/KafkaAdmin.js'
import type { Logger } from '../../client/KafkaConfig.js'
import type { Offset } from '../../client/Offset.js'
import { type TopicPartition, topicPartitionKey } from '../../client/TopicPartition.js'
import { listOf } from '../listOf.js'
import type { KafkaSourceReaderMetrics } from './KafkaSourceReaderMetrics.js'
import { ErrorCodes } from '../../protocol/errorCodes.js'

/**
 * Commits to the group how far the source is: for monitoring, and for consumers that start from committed offsets. Never for our own restore, so a
 * failure is counted and logged, and never fatal; the next commit says it again.
 *
 * One commit at a time; of those that wait, only the latest is sent. A partition that is refused holds no other back; that is
 * logged once, until it is taken again.
 */
export class OffsetCommitter {
  private next: readonly (readonly [TopicPartition, Offset])[] | undefined
  private sending: Subscription | undefined
  private readonly busy = new BehaviorSubject(false)
  /** as the last commit was answered */
  private refused: RefusedOffsets = new Map()

  constructor(
    private readonly admin: KafkaAdmin,
    private readonly groupId: string,
    private readonly metrics: KafkaSourceReaderMetrics,
    private readonly logger: Logger,
  ) {}

  commit(offsets: readonly (readonly [TopicPartition, Offset])[]): void {
    if (offsets.length === 0) return
    this.next = offsets
    if (!this.busy.value) this.send()
  }

  /** Emits, once, when nothing is on its way. */
  get idle$(): Observable<boolean> {
    return this.busy.pipe(
      filter((busy) => !busy),
      take(1),
    )
  }

  close(): void {
    this.next = undefined
    this.sending?.unsubscribe()
  }

  private send(): void {
    const offsets = this.next
    this.next = undefined
    if (offsets === undefined) return this.busy.next(false)
    this.busy.next(true)
    const sentAt = this.metrics.now()
    this.sending = this.admin.commitOffsets(this.groupId, offsets).subscribe({
      next: (refused) => {
        this.onAnswer(offsets, refused, this.metrics.now() - sentAt)
      },
      error: (error: unknown) => {
        this.metrics.onCommitFailed()
        this.logger.warn(
          `Offsets could not be committed to group ${this.groupId}; the next checkpoint tries again. ${String(error)}`,
        )
        this.send()
      },
      complete: () => {
        this.send()
      },
    })
  }

  private onAnswer(
    offsets: readonly (readonly [TopicPartition, Offset])[],
    refused: RefusedOffsets,
    latencyMs: number,
  ): void {
    const committed = offsets.filter(([topicPartition]) => !refused.has(topicPartitionKey(topicPartition)))
    this.metrics.onCommitted(committed, latencyMs)
    if ([...refused.values()].some(({ code }) => code !== ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION))
      this.metrics.onCommitFailed()
    const news = [...refused].filter(([key]) => !this.refused.has(key))
    this.refused = refused
    const [first] = news
    if (first === undefined) return
    this.logger.warn(
      `The offsets of ${listOf(news.map(([key]) => key))} are not committed to group ${this.groupId}; those of all other ` +
        `partitions are. ${first[1].message}`,
    )
  }
}
