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
    let trouble = await this.look(topic)
    for (let attempt = 1; trouble?.retriable === true; attempt++) {
      this.lastTrouble = trouble
      await this.wait(exponentialBackoff(this.connections.config, attempt))
      if (this.closed) return
      trouble = await this.look(topic)
    }
    if (this.closed) return
    this.searched.delete(topic)
    if (trouble === undefined) this.tellFound()
    else this.listener.failed(trouble)
  }

  /** Nobody awaits the search: what is thrown in it would be an unhandled rejection, and the records would wait for ever. */
  private tellFound(): void {
    try {
      this.listener.found()
    } catch (error) {
      this.listener.failed(toKafkaError(error))
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
      return brokerError(topics[0]?.errorCode || unknownTopic, { api: 'Metadata', topic })
    } catch (error) {
      return toKafkaError(error, { api: 'Metadata' })
    }
  }
}
