/**
 * Real Apache Kafka for specs, samples and benchmarks: KRaft, every node broker and controller by default, on 127.0.0.1.
 *
 *     const kafka = await startKafka({ brokers: 3, racks: ['a', 'b', 'c'], config: { 'num.partitions': '4' } })
 *     kafka.bootstrapServers                       // '127.0.0.1:20123,…'
 *     await kafka.brokers[0].kill()                // SIGKILL, resolves when the process is gone
 *     await kafka.brokers[0].start()               // same port, same data; resolves when it answers
 *     await kafka.brokers[0].stop()                // SIGTERM, controlled shutdown
 *     kafka.brokers[0].pause(); …resume()          // SIGSTOP, SIGCONT: connected, but silent
 *     await kafka.upgrade('4.4.0')                 // one broker after the other, on the same data; features stay
 *     kafka.brokers[0].log()                       // what it logged
 *     kafka.brokers[0].dataFolder                  // log.dirs, for tools.DumpLogSegments
 *     await kafka.tool(tools.TopicCommand, ['--bootstrap-server', kafka.bootstrapServers, '--list'])  // {stdout, stderr, code}
 *     await kafka.readCommitted('topic', { partition: 0 })   // [{partition, offset, timestamp, key, value, headers}]
 *     await kafka.stop()                           // nothing is left: no process, no file
 *
 * In a spec use `describeKafka` of `../realKafka.ts`, which starts, stops, and says what is left out where there is no
 * Kafka. By hand: `npm run kafka`.
 *
 * - KAFKA_VERSION: the newest of `kafkaVersions.ts` by default.
 * - KAFKA_BROKERS=host:port,…: that cluster is used instead, and `brokers` is empty (unless `own` is asked for).
 * - Needs Java 17 and, for the first run of a version, Maven.
 * - If this process dies, by SIGKILL too, brokers and files go with it.
 */
import { makeClassArchive, sharedClasses } from './classArchive.js'
import { freePorts } from './freePorts.js'
import { KafkaCluster } from './KafkaCluster.js'
import { kafkaJars } from './kafkaJars.js'
import { kafkaVersions } from './kafkaVersions.js'

export { KafkaUnavailable } from './KafkaUnavailable.js'
export type { KafkaCluster } from './KafkaCluster.js'
export { kafkaVersions } from './kafkaVersions.js'
export { tools } from './runTool.js'

export interface KafkaOptions {
  /** KAFKA_VERSION, or the newest of `kafkaVersions` */
  readonly version?: string
  /** 1 by default; Kafka's internal topics have up to 3 copies */
  readonly brokers?: number
  /** so many of them, the first ones, are controllers as well: all by default. For who stops more brokers than a quorum survives */
  readonly controllers?: number
  /** `broker.rack` of each broker */
  readonly racks?: readonly string[]
  /** a second listener that advertises another port: for proxies between clients and brokers (`../proxy`) */
  readonly clientListener?: boolean
  /** further listeners: `SSL`, `SASL_SSL`, `SASL_PLAINTEXT`; `broker.addressOf` tells where they are */
  readonly secureListeners?: readonly string[]
  /** further lines of server.properties, for every broker */
  readonly config?: Readonly<Record<string, string>>
  /** a cluster of our own even if KAFKA_BROKERS is set: for who stops brokers or needs a version or setting */
  readonly own?: boolean
  /** further options of the brokers' JVM, e.g. `-Xmx1g` */
  readonly jvm?: readonly string[]
}

const brokerJvm = [
  '-Xmx512m',
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
  '-Dorg.slf4j.simpleLogger.showDateTime=true',
  '-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS',
]

/** The cluster of KAFKA_BROKERS, unless this process shall have its own. */
export const externalBrokers = ({ own = false }: KafkaOptions): string | undefined =>
  own ? undefined : process.env['KAFKA_BROKERS']

export const kafkaVersion = ({ version }: KafkaOptions): string =>
  version ?? process.env['KAFKA_VERSION'] ?? kafkaVersions.newest

/**
 * Starts a cluster; resolves when every broker answers and knows the others.
 *
 * @throws KafkaUnavailable if Java, Maven or the jars cannot be had
 */
export const startKafka = async (options: KafkaOptions = {}): Promise<KafkaCluster> => {
  const external = externalBrokers(options)
  if (external !== undefined) return KafkaCluster.external(kafkaVersion(options), external)
  const jars = kafkaJars(kafkaVersion(options))
  const {
    brokers = 1,
    controllers = brokers,
    racks = [],
    config = {},
    jvm = [],
    clientListener = false,
    secureListeners = [],
  } = options
  const ports = await freePorts((4 + secureListeners.length) * brokers)
  const nodes = Array.from({ length: brokers }, (_, index) => ({
    id: index + 1,
    port: ports[index] as number,
    controllerPort: ports[brokers + index] as number,
    rack: racks[index],
    clientListener: clientListener
      ? { port: ports[2 * brokers + index] as number, advertisedPort: ports[3 * brokers + index] as number }
      : undefined,
    secureListeners: secureListeners.map((protocol, i) => ({
      protocol,
      port: ports[(4 + i) * brokers + index] as number,
    })),
  }))
  const voters = nodes.slice(0, controllers).map(({ id, controllerPort }) => ({ id, port: controllerPort }))
  const settings = nodes.map(({ controllerPort: _, ...node }) => ({ ...node, voters, nodes: brokers, config }))
  await makeClassArchive(jars, brokerJvm)
  return KafkaCluster.start(jars, settings, [...brokerJvm, ...sharedClasses(jars), ...jvm])
}
