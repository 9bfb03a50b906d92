import { lastValueFrom } from 'rxjs'
import type { KafkaClient } from '../../lib/client/KafkaClient.js'
import type { KafkaProducer, TransactionalProducer } from '../../lib/client/KafkaProducer.js'
import { producerConfig } from '../../lib/conformance/client/ContractScene.js'
import type { Step, Writer } from './transactionHistory.js'

/** Some records a batch; and what is left open stays open for as long as a spec may take. */
const config = producerConfig({ batchSize: 200, transactionTimeoutMs: 600_000 })

/** The writers of a history, at work on one topic: each step is in the log before the next begins. */
export class HistoryWriters {
  private readonly transactional = new Map<Writer, TransactionalProducer>()
  private readonly inTransaction = new Set<Writer>()
  private readonly plain: KafkaProducer

  constructor(
    private readonly client: KafkaClient,
    private readonly topic: string,
  ) {
    this.plain = client.producer(config)
  }

  async play(steps: readonly Step[]): Promise<void> {
    for (const step of steps) {
      const producer = await this.producerOf(step.writer)
      if (step._tag === 'write') {
        for (const record of step.records) producer.append({ topic: this.topic, ...record })
        await lastValueFrom(producer.flush())
      } else {
        this.inTransaction.delete(step.writer)
        await lastValueFrom((producer as TransactionalProducer)[step._tag]())
      }
    }
  }

  /** In a transaction, if it is one for transactions. */
  private async producerOf(writer: Writer): Promise<KafkaProducer> {
    if (writer === 'plain') return this.plain
    const producer = this.transactional.get(writer) ?? (await this.open(writer))
    if (!this.inTransaction.has(writer)) producer.begin()
    this.inTransaction.add(writer)
    return producer
  }

  private async open(writer: Writer): Promise<TransactionalProducer> {
    const producer = this.client.transactionalProducer(`${this.topic}-${writer}`, config)
    await lastValueFrom(producer.init())
    this.transactional.set(writer, producer)
    return producer
  }
}
