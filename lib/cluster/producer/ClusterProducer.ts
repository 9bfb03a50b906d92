import { map, type Observable } from 'rxjs'
import type { ProducerConfig } from '../../client/KafkaConfig.js'
import { KafkaError } from '../../client/KafkaError.js'
import type { KafkaProducer, ProducerStats } from '../../client/KafkaProducer.js'
import type { ProducerRecord } from '../../client/ProducerRecord.js'
import { toItsEnd } from '../../scheduling/toItsEnd.js'
import { toKafkaError } from '../toKafkaError.js'
import { initIdempotentProducer } from './initIdempotentProducer.js'
import type { ProducerCluster } from './ProducerCluster.js'
import type { ProducerIdentity } from './ProducerIdentity.js'
import { RecordSender } from './RecordSender.js'
import type { SendPolicy } from './SendPolicy.js'
import type { SpareBuilders } from './SpareBuilders.js'

/**
 * {@link KafkaProducer} on the port of brokers. Idempotent unless configured otherwise: a batch whose answer was lost is
 * sent again under the same sequence number, and the broker knows it.
 */
export class ClusterProducer implements KafkaProducer {
  private readonly sender: RecordSender
  private current: ProducerIdentity | undefined
  private asking = false

  constructor(
    private readonly cluster: ProducerCluster,
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
    this.sender = new RecordSender(cluster, config, policy, spare)
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
    return toItsEnd(() => this.sender.partitionsOf(topic), this.cluster.scheduler).pipe(map(numbersBelow))
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

  private identity(): ProducerIdentity | undefined {
    if (this.current === undefined && !this.asking) {
      this.asking = true
      initIdempotentProducer(this.cluster, this.config.deliveryTimeoutMs).subscribe({
        next: (identity) => {
          this.current = identity
        },
        error: (error: unknown) => {
          this.asking = false
          this.sender.fail(toKafkaError(error, 'InitProducerId'))
        },
        complete: () => {
          this.asking = false
          this.sender.wake()
        },
      })
    }
    return this.current
  }

  private replaceIdentity(forgotten: ProducerIdentity | undefined): boolean {
    if (this.current === forgotten) this.current = undefined
    return forgotten !== undefined
  }
}

export const numbersBelow = (count: number): readonly number[] => Array.from({ length: count }, (_, number) => number)

const idempotenceNeedsAcks = (acks: number): KafkaError =>
  new KafkaError({
    _tag: 'Config',
    message: `enable.idempotence needs acks=all, but acks is ${acks}. Set enable.idempotence to false, or leave acks out.`,
  })
