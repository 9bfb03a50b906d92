import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { sharedClasses } from './classArchive.js'
import type { KafkaJars } from './kafkaJars.js'
import { isBefore } from './kafkaVersions.js'
import type { Nursery } from './Nursery.js'

/** Main classes, by the names that they have now. */
export const tools = {
  AclCommand: 'org.apache.kafka.tools.AclCommand',
  ConfigCommand: 'org.apache.kafka.tools.ConfigCommand',
  ConsoleConsumer: 'org.apache.kafka.tools.consumer.ConsoleConsumer',
  ConsoleProducer: 'org.apache.kafka.tools.ConsoleProducer',
  ConsumerGroupCommand: 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand',
  DeleteRecordsCommand: 'org.apache.kafka.tools.DeleteRecordsCommand',
  DumpLogSegments: 'org.apache.kafka.tools.DumpLogSegments',
  FeatureCommand: 'org.apache.kafka.tools.FeatureCommand',
  GetOffsetShell: 'org.apache.kafka.tools.GetOffsetShell',
  LeaderElectionCommand: 'org.apache.kafka.tools.LeaderElectionCommand',
  ReassignPartitionsCommand: 'org.apache.kafka.tools.reassign.ReassignPartitionsCommand',
  TopicCommand: 'org.apache.kafka.tools.TopicCommand',
  TransactionsCommand: 'org.apache.kafka.tools.TransactionsCommand',
} as const

/** The names that some had before a release: Kafka moves its tools out of its core, one by one. */
const formerNames: Readonly<Record<string, { readonly before: string; readonly name: string }>> = {
  [tools.AclCommand]: { before: '4.0', name: 'kafka.admin.AclCommand' },
  [tools.ConsoleProducer]: { before: '4.0', name: 'kafka.tools.ConsoleProducer' },
  [tools.DumpLogSegments]: { before: '4.3', name: 'kafka.tools.DumpLogSegments' },
  [tools.ConfigCommand]: { before: '4.4', name: 'kafka.admin.ConfigCommand' },
}

const nameIn = (version: string, mainClass: string): string => {
  const former = formerNames[mainClass]
  return former !== undefined && isBefore(version, former.before) ? former.name : mainClass
}

export interface ToolOptions {
  /** what it reads from stdin */
  readonly input?: string
  /** killed then, ms */
  readonly timeoutMs?: number
}

export interface ToolResult {
  readonly stdout: string
  readonly stderr: string
  /** exit code; -1 if it was killed */
  readonly code: number
}

const jvm = ['-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn']

export const runTool = async (
  jars: KafkaJars,
  nursery: Nursery,
  mainClass: string,
  args: readonly string[],
  { input = '', timeoutMs = 120_000 }: ToolOptions,
): Promise<ToolResult> => {
  const main = nameIn(jars.version, mainClass)
  const child = nursery.spawn('tool', jars.java, [...jvm, ...sharedClasses(jars), '-cp', jars.classpath, main, ...args])
  const impatience = setTimeout(() => child.kill('SIGKILL'), timeoutMs)
  try {
    child.stdin.on('error', () => {}) // a tool may end without reading all of it
    child.stdin.end(input)
    const [stdout, stderr, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'exit') as Promise<[number | null]>,
    ])
    return { stdout, stderr, code: code ?? -1 }
  } finally {
    clearTimeout(impatience)
  }
}
