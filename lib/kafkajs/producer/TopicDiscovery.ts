import type { SchedulerLike } from 'rxjs'
import type { KafkaError } from '../../client/KafkaError.js'
import { brokerError } from '../../protocol/brokerError.js'
import { exponentialBackoff } from '../exponentialBackoff.js'
import { toKafkaError } from '../toKafkaError.js'
import type { ProducerConnections } from './ProducerConnections.js'

/** Who is told of a {@link TopicDiscovery}. */
export interface DiscoveryListener {
  found(): void
  /** The topic can never be written: its name is not valid, or we may not. */
  failed(error: KafkaError): void
}

/** UNKNOWN_TOPIC_OR_PARTITION */
const unknownTopic = 3

/** Asks about topics until their partitions are known. The broker may create them (`auto.create.topics.enable`). */
export class TopicDiscovery {
  /** why a topic is not known yet */
  lastTrouble: KafkaError | undefined
  private readonly searched = new Set<string>()
  private closed = false

  constructor(
    private readonly connections: ProducerConnections,
    private readonly scheduler: SchedulerLike,
    private readonly listener: DiscoveryListener,
  ) {}

  find(topic: string): void {
    if (this.searched.has(topic)) return
    this.searched.add(topic)
    void this.search(topic)
  }

  close(): void {
    this.closed = true
  }

  private async search(topic: string): Promise<void> {
    for (let attempt = 1; !this.closed; attempt++) {
      const trouble = await this.look(topic)
      if (this.closed) return
      if (trouble === undefined) {
        this.searched.delete(topic)
        return this.listener.found()
      }
      if (!trouble.retriable) return this.listener.failed(trouble)
      this.lastTrouble = trouble
      const waitMs = exponentialBackoff(this.connections.config, attempt)
      await new Promise<void>((resolve) => this.scheduler.schedule(() => resolve(), waitMs))
    }
  }

  private async look(topic: string): Promise<KafkaError | undefined> {
    try {
      await this.connections.refreshMetadata([topic], true)
      if (this.connections.partitionCount(topic) !== undefined) return undefined
      const { topics } = await this.connections.describeTopics([topic])
      return brokerError(topics[0]?.errorCode || unknownTopic, { api: 'Metadata', topic })
    } catch (error) {
      return toKafkaError(error, { api: 'Metadata' })
    }
  }
}
