import type { SchedulerLike } from 'rxjs'
import type { KafkaError } from '../../client/KafkaError.js'
import { missingTopic, topicNotPresent, topicThere } from '../../client/missingTopic.js'
import { exponentialBackoff } from '../../cluster/exponentialBackoff.js'
import { monotonicClock } from '../../scheduling/monotonicClock.js'
import { toKafkaError } from '../toKafkaError.js'
import type { ProducerConnections } from './ProducerConnections.js'
import { ErrorCodes } from '../../protocol/errorCodes.js'

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
  private readonly searches = new Map<string, Promise<void>>()
  private closed = false

  constructor(
    private readonly connections: ProducerConnections,
    private readonly scheduler: SchedulerLike,
    private readonly maxBlockMs: number,
    private readonly listener: DiscoveryListener,
  ) {}

  /** Tells the listener of it, unless that is under way. */
  find(topic: string): void {
    if (this.searches.has(topic)) return
    // What `found` throws is a failure too: the records would wait for ever, and the rejection end the process.
    void this.partitionsOf(topic)
      .then(() => {
        if (!this.closed) this.listener.found()
      })
      .catch((error: unknown) => {
        if (!this.closed) this.listener.failed(toKafkaError(error))
      })
  }

  /** How many partitions it has; rejects with why that cannot be known. */
  async partitionsOf(topic: string): Promise<number> {
    let search = this.searches.get(topic)
    if (search === undefined) {
      search = this.search(topic).finally(() => this.searches.delete(topic))
      this.searches.set(topic, search)
    }
    await search
    return this.connections.partitionCount(topic) ?? 0
  }

  close(): void {
    this.closed = true
  }

  private async search(topic: string): Promise<void> {
    const { connections, scheduler, maxBlockMs } = this
    const now = monotonicClock(scheduler)
    const deadline = now() + maxBlockMs
    for (let attempt = 1; ; attempt++) {
      const trouble = await this.look(topic)
      if (trouble === undefined) {
        connections.troubles.missingTopics.over(topic, () => topicThere(topic))
        return
      }
      if (!trouble.retriable) throw trouble
      this.lastTrouble = trouble
      if (trouble.code === ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION)
        connections.troubles.missingTopics.meet(topic, () => missingTopic(topic, maxBlockMs))
      const left = deadline - now()
      if (this.closed || left <= 0) throw topicNotPresent(topic, maxBlockMs, trouble)
      await this.wait(Math.min(left, exponentialBackoff(connections.config, attempt)))
    }
  }

  private wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.scheduler.schedule(() => {
        resolve()
      }, ms)
    })
  }

  private async look(topic: string): Promise<KafkaError | undefined> {
    try {
      await this.connections.refreshMetadata([topic], true)
      if (this.connections.partitionCount(topic) !== undefined) return undefined
      const { topics } = await this.connections.describeTopics([topic])
      return this.connections.brokerError(topics[0]?.errorCode || ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION, {
        api: 'Metadata',
        topic,
      })
    } catch (error) {
      return toKafkaError(error, { api: 'Metadata' })
    }
  }
}
