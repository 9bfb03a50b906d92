import type { Observable } from 'rxjs'
import type { ProducerConfig } from '../../client/KafkaConfig.js'
import { KafkaError } from '../../client/KafkaError.js'
import type { KafkaProducer, ProducerStats } from '../../client/KafkaProducer.js'
import type { ProducerRecord } from '../../client/ProducerRecord.js'
import { toItsEnd } from '../../scheduling/toItsEnd.js'
import { IdentityRequest } from './IdentityRequest.js'
import { initIdempotentProducer } from './initIdempotentProducer.js'
import type { ProducerCluster } from './ProducerCluster.js'
import type { ProducerIdentity } from './ProducerIdentity.js'
import { RecordSender } from './RecordSender.js'
import type { SendPolicy } from './SendPolicy.js'
import type { SharedByProducers } from './SharedByProducers.js'

/**
 * {@link KafkaProducer} on the port of brokers. Idempotent unless configured otherwise: a batch whose answer was lost is
 * sent again under the same sequence number, and the broker knows it.
 */
export class ClusterProducer implements KafkaProducer {
  private readonly sender: RecordSender
  private readonly identity: IdentityRequest

  constructor(
    private readonly cluster: ProducerCluster,
    config: ProducerConfig,
    shared?: SharedByProducers,
  ) {
    if (config.idempotence && config.acks !== -1) throw idempotenceNeedsAcks(config.acks)
    this.identity = new IdentityRequest(
      () => initIdempotentProducer(cluster, config.deliveryTimeoutMs),
      () => this.sender,
    )
    const policy: SendPolicy = {
      transactionalId: null,
      identity: () => (config.idempotence ? this.identity.currentOrAsk() : null),
      admits: () => true,
      replaceIdentity: (forgotten) => this.replaceIdentity(forgotten),
    }
    this.sender = new RecordSender(cluster, config, policy, shared)
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
    return toItsEnd(() => this.sender.partitionsFor(topic), this.cluster.scheduler)
  }

  flush(): Observable<void> {
    return toItsEnd(() => this.sender.flush(), this.cluster.scheduler)
  }

  get isClosed(): boolean {
    return this.sender.isClosed
  }

  close(): Observable<void> {
    return toItsEnd(() => this.sender.close(), this.cluster.scheduler)
  }

  private replaceIdentity(forgotten: ProducerIdentity | undefined): boolean {
    if (this.identity.current === forgotten) this.identity.current = undefined
    return forgotten !== undefined
  }
}

const idempotenceNeedsAcks = (acks: number): KafkaError =>
  new KafkaError({
    _tag: 'Config',
    message: `enable.idempotence needs acks=all, but acks is ${acks}. Set enable.idempotence to false, or leave acks out.`,
  })
