import { setTimeout as delay } from 'node:timers/promises'
import { type Admin, Kafka, logLevel } from 'kafkajs'
import { firstValueFrom } from 'rxjs'
import type { KafkaClient } from '../../lib/client/KafkaClient.js'
import { TopicPartition, topicPartitionKey } from '../../lib/client/TopicPartition.js'
import type { KafkaBroker } from '../support/kafka/KafkaBroker.js'
import type { KafkaCluster } from '../support/kafka/KafkaCluster.js'
import { openClient } from '../support/openClient.js'
import { ClusterProxies } from '../support/proxy/ClusterProxies.js'
import { Interception, type InterceptionRule } from '../support/proxy/Interception.js'
import { Feeder } from './Feeder.js'
import { SupervisedJob } from './SupervisedJob.js'

export const TOPICS = { from: 'cluster-in', to: 'cluster-out' } as const
const PARTITIONS = 4
const GROUP = 'copy'

/**
 * Three brokers, proxies between them and the job, a feeder that goes round the proxies. What stands to one side of the proxies
 * is under test; the feeder and what is asked here is not.
 */
export class ChaosLab {
  readonly job = new SupervisedJob()

  private constructor(
    readonly kafka: KafkaCluster,
    readonly proxies: ClusterProxies,
    readonly client: KafkaClient,
    readonly feeder: Feeder,
    readonly random: (n: number) => number,
  ) {}

  static async open(kafka: KafkaCluster, random: (n: number) => number): Promise<ChaosLab> {
    const { bootstrapServers } = kafka
    const client = await openClient(bootstrapServers)
    const topics = Object.values(TOPICS).map((topic) => ({
      ...{ topic, partitions: PARTITIONS, replicationFactor: 3 },
      config: { 'min.insync.replicas': '2' },
    }))
    await firstValueFrom(client.admin.createTopics(topics), { defaultValue: undefined })
    const feeder = new Feeder(client, TOPICS.from, PARTITIONS, bootstrapServers)
    return new ChaosLab(kafka, await ClusterProxies.before(kafka), client, feeder, random)
  }

  broker(id: number): KafkaBroker {
    const broker = this.kafka.brokers.find((candidate) => candidate.id === id)
    if (broker === undefined) throw new Error(`there is no broker ${id}`)
    return broker
  }

  /** Acts on requests or responses from now on; resolves when it has acted as often as it should. */
  async meet(rule: InterceptionRule): Promise<void> {
    const interception = new Interception(rule)
    this.proxies.intercept(interception)
    await interception.done
    this.proxies.forget(interception)
  }

  /** All proxies at once, now: nobody gets through until they `become` something else. */
  isolate(): void {
    void this.proxies.become({ refuse: true })
    this.proxies.cut()
  }

  /** Resolves with what had been written when it was called, once the job has committed all that. Needs records that follow. */
  async caughtUp(): Promise<readonly number[]> {
    const written = await this.checkpointed()
    await this.job.commits(1)
    return written
  }

  /** The same, once all that is in a completed checkpoint: a stop commits the transaction of that. */
  async checkpointed(): Promise<readonly number[]> {
    const { written } = this.feeder
    const partitions = written.map((_, partition) => new TopicPartition(TOPICS.from, partition))
    for (;;) {
      const committed = await firstValueFrom(this.client.admin.committedOffsets(GROUP, partitions)).catch(
        () => undefined,
      )
      if (partitions.every((tp) => (committed?.get(topicPartitionKey(tp)) ?? 0) >= written[tp.partition]!)) break
      await delay(100)
    }
    return written
  }

  /** Resolves when every replica of every partition is in sync. */
  whole(): Promise<void> {
    return this.asStranger(async (admin) => {
      for (;;) {
        const { topics } = await admin.fetchTopicMetadata()
        const partitions = topics.flatMap((topic) => topic.partitions)
        if (partitions.every(({ isr, replicas }) => isr.length === replicas.length)) return
        await delay(100)
      }
    })
  }

  /** The preferred leader of each partition of the job's topics is another one from now on. */
  rotateReplicas(): Promise<void> {
    return this.asStranger(async (admin) => {
      const { topics } = await admin.fetchTopicMetadata({ topics: Object.values(TOPICS) })
      await admin.alterPartitionReassignments({
        topics: topics.map(({ name, partitions }) => ({
          topic: name,
          partitionAssignment: partitions.map(({ partitionId, replicas: [first, ...others] }) => ({
            partition: partitionId,
            replicas: [...others, first!],
          })),
        })),
      })
    })
  }

  /** With a client that is not ours. */
  private async asStranger(act: (admin: Admin) => Promise<void>): Promise<void> {
    const brokers = this.kafka.bootstrapServers.split(',')
    const admin = new Kafka({ brokers, logLevel: logLevel.NOTHING }).admin()
    await admin.connect()
    try {
      await act(admin)
    } finally {
      await admin.disconnect()
    }
  }

  async close(): Promise<void> {
    this.feeder.halt()
    await this.job.kill()
    await this.proxies.stop()
    await firstValueFrom(this.client.close(), { defaultValue: undefined })
  }
}
