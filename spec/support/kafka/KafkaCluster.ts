import { KafkaBroker } from './KafkaBroker.js'
import { type KafkaJars, kafkaJars } from './kafkaJars.js'
import { Nursery } from './Nursery.js'
import { type CommittedRecord, type ReadOptions, readCommitted } from './readCommitted.js'
import type { BrokerSettings } from './serverProperties.js'
import { type ToolOptions, type ToolResult, runTool } from './runTool.js'

/** Brokers that run, and Kafka's own tools for them. Made by `startKafka`. */
export class KafkaCluster {
  /** `host:port,host:port` */
  readonly bootstrapServers: string

  private constructor(
    private jars: string,
    bootstrapServers: string | undefined,
    /** Empty for a cluster of KAFKA_BROKERS: what others run is not ours to stop. */
    readonly brokers: readonly KafkaBroker[],
    private readonly nursery: Nursery,
  ) {
    this.bootstrapServers = bootstrapServers ?? brokers.map(({ address }) => address).join()
  }

  static external(version: string, bootstrapServers: string): KafkaCluster {
    return new KafkaCluster(version, bootstrapServers, [], new Nursery())
  }

  static async start(
    jars: KafkaJars,
    settings: readonly Omit<BrokerSettings, 'folder'>[],
    jvm: readonly string[],
  ): Promise<KafkaCluster> {
    const nursery = new Nursery()
    try {
      const brokers = settings.map((broker) => new KafkaBroker(broker, jars, nursery, jvm))
      for (const broker of brokers) broker.launch()
      await Promise.all(brokers.map((broker) => broker.ready(brokers.map(({ id }) => id))))
      return new KafkaCluster(jars.version, undefined, brokers, nursery)
    } catch (error) {
      await nursery.close()
      throw error
    }
  }

  /** Of the jars: what the brokers are, or the tools for those of others. */
  get version(): string {
    return this.jars
  }

  /** Makes one broker after the other another version; features stay as they are. */
  async upgrade(version: string): Promise<void> {
    for (const broker of this.brokers) await broker.upgrade(kafkaJars(version))
    this.jars = version
  }

  /** Runs a main class of the jars, such as one of `tools`, to its end. The bootstrap address is not added. */
  tool(mainClass: string, args: readonly string[], options: ToolOptions = {}): Promise<ToolResult> {
    return runTool(kafkaJars(this.version), this.nursery, mainClass, args, options)
  }

  /** What Kafka's own console consumer sees of a topic with `isolation.level=read_committed`, from the beginning. */
  readCommitted(topic: string, options: ReadOptions = {}): Promise<readonly CommittedRecord[]> {
    // It ends when nothing comes any more; millions of records take their time on a busy machine.
    const tool = (mainClass: string, args: readonly string[]) => this.tool(mainClass, args, { timeoutMs: 600_000 })
    return readCommitted(tool, this.bootstrapServers, topic, options)
  }

  /** Kills brokers and tools and removes every file. */
  stop(): Promise<void> {
    return this.nursery.close()
  }
}
