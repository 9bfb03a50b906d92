import { defer, type Observable } from 'rxjs'
import type { ProducerConfig } from '../client/KafkaConfig.js'
import { KafkaError } from '../client/KafkaError.js'
import type { KafkaProducer, ProducerStats } from '../client/KafkaProducer.js'
import type { ProducerRecord } from '../client/ProducerRecord.js'
import { initIdempotentProducer } from './producer/initIdempotentProducer.js'
import type { ProducerConnections } from './producer/ProducerConnections.js'
import type { ProducerIdentity } from './producer/ProducerIdentity.js'
import { RecordSender } from './producer/RecordSender.js'
import type { SendPolicy } from './producer/SendPolicy.js'
import type { SpareBuilders } from './producer/SpareBuilders.js'
import { toKafkaError } from './toKafkaError.js'

/**
 * {@link KafkaProducer} on kafkajs's connections. Idempotent unless configured otherwise: a batch whose answer was lost is
 * sent again under the same sequence number, and the broker knows it.
 */
export class KafkaJsProducer implements KafkaProducer {
  private readonly sender: RecordSender
  private current: ProducerIdentity | undefined
  private asking = false

  constructor(
    private readonly connections: ProducerConnections,
    private readonly config: ProducerConfig,
    spare?: SpareBuilders,
  ) {
    if (config.idempotence && config.acks !== -1) throw idempotenceNeedsAcks(config.acks)
    const policy: SendPolicy = {
      transactionalId: null,
      identity: () => (config.idempotence ? this.identity() : null),
      admits: () => true,
      replaceIdentity: (forgotten) => this.replaceIdentity(forgotten),
    }
    this.sender = new RecordSender(connections, config, policy, spare)
  }

  get room$(): Observable<void> {
    return this.sender.room$
  }

  get failed$(): Observable<KafkaError> {
    return this.sender.failed$
  }

  get stats(): ProducerStats {
    return this.sender.stats
  }

  append(record: ProducerRecord): boolean {
    return this.sender.append(record)
  }

  partitionsFor(topic: string): Observable<readonly number[]> {
    return defer(async () => Array.from({ length: await this.sender.partitionsOf(topic) }, (_, partition) => partition))
  }

  flush(): Observable<void> {
    return defer(() => this.sender.flush())
  }

  get isClosed(): boolean {
    return this.sender.isClosed
  }

  close(): Observable<void> {
    return defer(() => this.sender.close())
  }

  private identity(): ProducerIdentity | undefined {
    if (this.current === undefined && !this.asking) {
      this.asking = true
      initIdempotentProducer(this.connections, this.config.deliveryTimeoutMs)
        .then(
          (identity) => (this.current = identity),
          (error: unknown) => this.sender.fail(toKafkaError(error)),
        )
        .finally(() => {
          this.asking = false
          this.sender.wake()
        })
    }
    return this.current
  }

  private replaceIdentity(forgotten: ProducerIdentity | undefined): boolean {
    if (this.current === forgotten) this.current = undefined
    return forgotten !== undefined
  }
}

const idempotenceNeedsAcks = (acks: number): KafkaError =>
  new KafkaError({
    _tag: 'Config',
    message: `enable.idempotence needs acks=all, but acks is ${acks}. Set enable.idempotence to false, or leave acks out.`,
  })
