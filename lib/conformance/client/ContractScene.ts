import { firstValueFrom, lastValueFrom, type Observable, timer } from 'rxjs'
import type { ConnectKafka, KafkaClient } from '../../client/KafkaClient.js'
import type { BrokerAddress, FetcherConfig, KafkaConfig, ProducerConfig } from '../../client/KafkaConfig.js'
import type { TransactionalProducer } from '../../client/KafkaProducer.js'
import type { ProducerRecord } from '../../client/ProducerRecord.js'
import { unique } from '../unique.js'

/** What the contract suite needs of an adapter: a cluster to try it on. It may be used by others meanwhile. */
export interface ContractHarness {
  /** The adapter under test. */
  readonly connect: ConnectKafka
  /** Of a cluster on which specs may create topics, groups and transactional ids; their names are new each time. */
  readonly bootstrapServers: readonly BrokerAddress[]
}

/** One spec's clients and names. Names are new for each spec, so that specs share a cluster. */
export class ContractScene {
  readonly topic = unique('topic')
  readonly group = unique('group')
  readonly transactionalId = unique('transaction')
  private readonly clients: KafkaClient[] = []

  constructor(private readonly harness: ContractHarness) {}

  config(config: Partial<KafkaConfig> = {}): KafkaConfig {
    return {
      bootstrapServers: this.harness.bootstrapServers,
      clientId: 'contract',
      connectionTimeoutMs: 10_000,
      requestTimeoutMs: 20_000,
      retryBackoffMs: 20,
      retryBackoffMaxMs: 500,
      metadataMaxAgeMs: 300_000,
      ...config,
    }
  }

  connect(config: Partial<KafkaConfig> = {}): Observable<KafkaClient> {
    return this.harness.connect(this.config(config))
  }

  async client(config: Partial<KafkaConfig> = {}): Promise<KafkaClient> {
    const client = await firstValueFrom(this.connect(config))
    this.clients.push(client)
    return client
  }

  /** A client, and this scene's topic. */
  async clientAndTopic(partitions = 1): Promise<KafkaClient> {
    const client = await this.client()
    await lastValueFrom(client.admin.createTopics([{ topic: this.topic, partitions }]))
    return client
  }

  async write(
    client: KafkaClient,
    records: readonly Omit<ProducerRecord, 'topic'>[],
    config = producerConfig(),
  ): Promise<void> {
    const producer = client.producer(config)
    for (const record of records) producer.append({ topic: this.topic, ...record })
    await lastValueFrom(producer.flush())
    await lastValueFrom(producer.close())
  }

  /** A transactional producer in a transaction with these values in partition 0, all in the log. */
  async openTransaction(
    client: KafkaClient,
    values: readonly string[],
    transactionalId = this.transactionalId,
  ): Promise<TransactionalProducer> {
    const producer = client.transactionalProducer(transactionalId, producerConfig())
    await lastValueFrom(producer.init())
    producer.begin()
    await this.append(producer, values)
    return producer
  }

  /** Appends to partition 0 and flushes. */
  async append(producer: TransactionalProducer, values: readonly (string | ProducerRecord)[]): Promise<void> {
    for (const value of values) {
      producer.append(typeof value === 'string' ? { topic: this.topic, partition: 0, value } : value)
    }
    await lastValueFrom(producer.flush())
  }

  async end(): Promise<void> {
    await Promise.all(this.clients.map((client) => lastValueFrom(client.close())))
  }
}

export const fetcherConfig = (config: Partial<FetcherConfig> = {}): FetcherConfig => ({
  isolationLevel: 'read_uncommitted',
  minBytes: 1,
  maxBytes: 52_428_800,
  maxPartitionBytes: 1_048_576,
  maxWaitMs: 500,
  checkCrcs: true,
  ...config,
})

export const producerConfig = (config: Partial<ProducerConfig> = {}): ProducerConfig => ({
  acks: -1,
  batchSize: 16_384,
  lingerMs: 0,
  bufferMemory: 33_554_432,
  maxInFlight: 5,
  maxRequestSize: 1_048_576,
  compression: 'none',
  retries: 2_147_483_647,
  maxBlockMs: 30_000,
  deliveryTimeoutMs: 30_000,
  idempotence: true,
  transactionTimeoutMs: 60_000,
  ...config,
})

/**
 * Asks again until the answer passes. A broker answers EndTxn before the markers are in the logs, and one broker before all
 * know.
 */
export const eventually = async <T>(
  ask: () => Promise<T>,
  check: (answer: T) => void,
  withinMs = 10_000,
): Promise<void> => {
  const giveUpAt = Date.now() + withinMs
  for (;;) {
    const answer = await ask()
    try {
      check(answer)
      return
    } catch (error) {
      if (Date.now() > giveUpAt) throw error
      await lastValueFrom(timer(20))
    }
  }
}
