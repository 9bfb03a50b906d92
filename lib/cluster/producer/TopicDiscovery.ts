import { AsyncSubject, concatMap, defer, map, type Observable, of, retry, tap, throwError } from 'rxjs'
import { isKafkaError, type KafkaError } from '../../client/KafkaError.js'
import { missingTopic, topicNotPresent, topicThere } from '../../client/missingTopic.js'
import { ErrorCodes } from '../../protocol/errorCodes.js'
import { exponentialBackoff } from '../exponentialBackoff.js'
import { toKafkaError } from '../toKafkaError.js'
import type { ProducerCluster } from './ProducerCluster.js'

/** Who is told of a {@link TopicDiscovery}. */
export interface DiscoveryListener {
  found(): void
  /** The topic cannot be written: its name is not valid, we may not, or it did not come within `max.block.ms`. */
  failed(error: KafkaError): void
}

/**
 * Asks about topics until their partitions are known, or `max.block.ms` is over. The broker may create them
 * (`auto.create.topics.enable`).
 */
export class TopicDiscovery {
  /** why a topic is not known yet */
  lastTrouble: KafkaError | undefined
  /** what is being asked, by topic: shared by all who want to know */
  private readonly searches = new Map<string, Observable<void>>()
  /** topics that the listener waits for */
  private readonly finding = new Set<string>()
  private closed = false

  constructor(
    private readonly cluster: ProducerCluster,
    private readonly maxBlockMs: number,
    private readonly listener: DiscoveryListener,
  ) {}

  /** Tells the listener of it, unless that is under way. */
  find(topic: string): void {
    if (this.finding.has(topic)) return
    this.finding.add(topic)
    // What `found` throws is a failure too: the records would wait for ever, and the error end the process.
    this.partitionsOf(topic)
      .pipe(
        tap({ next: () => this.finding.delete(topic), error: () => this.finding.delete(topic) }),
        tap(() => this.closed || this.listener.found()),
      )
      .subscribe({ error: (error: unknown) => this.closed || this.listener.failed(toKafkaError(error, 'Metadata')) })
  }

  /** How many partitions it has; errors with why that cannot be known. */
  partitionsOf(topic: string): Observable<number> {
    return defer(() => this.searches.get(topic) ?? this.begin(topic)).pipe(
      map(() => this.cluster.partitionCount(topic) ?? 0),
    )
  }

  /** Whoever waits is told at the next try. */
  close(): void {
    this.closed = true
  }

  private begin(topic: string): Observable<void> {
    const search = new AsyncSubject<void>()
    this.searches.set(topic, search)
    // Over before its waiters are told: who asks again from within asks anew.
    const over = (): void => void this.searches.delete(topic)
    this.search(topic)
      .pipe(tap({ error: over, complete: over }))
      .subscribe(search)
    return search
  }

  private search(topic: string): Observable<void> {
    const { cluster, maxBlockMs } = this
    const { missingTopics } = cluster.troubles
    const deadline = cluster.now() + maxBlockMs
    return this.look(topic).pipe(
      tap(() => missingTopics.over(topic, () => topicThere(topic))),
      retry({
        delay: (trouble: unknown, attempt) => {
          if (!isKafkaError(trouble) || !trouble.retriable) return throwError(() => trouble)
          this.lastTrouble = trouble
          if (trouble.code === ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION)
            missingTopics.meet(topic, () => missingTopic(topic, maxBlockMs))
          const left = deadline - cluster.now()
          return this.closed || left <= 0
            ? throwError(() => topicNotPresent(topic, maxBlockMs, trouble))
            : cluster.pause(Math.min(left, exponentialBackoff(cluster.config, attempt, cluster.random())))
        },
      }),
    )
  }

  /** Emits when the partitions are known; errors with why they are not. */
  private look(topic: string): Observable<void> {
    const { cluster } = this
    return cluster
      .refreshMetadata([topic], true)
      .pipe(
        concatMap(() =>
          cluster.partitionCount(topic) === undefined
            ? cluster.describeTopics([topic]).pipe(map(({ topics }) => this.notThere(topic, topics[0]?.errorCode)))
            : of(undefined),
        ),
      )
  }

  private notThere(topic: string, errorCode: number | undefined): never {
    throw this.cluster.brokerError(errorCode || ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION, { api: 'Metadata', topic })
  }
}
