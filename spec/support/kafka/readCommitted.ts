import { type ToolResult, tools } from './runTool.js'

/** A record as Kafka's console consumer prints it. Key and value are its UTF-8 text. */
export interface CommittedRecord {
  readonly partition: number
  readonly offset: number
  /** ms since the epoch */
  readonly timestamp: number
  readonly key: string | null
  readonly value: string | null
  readonly headers: readonly (readonly [key: string, value: string | null])[]
}

export interface ReadOptions {
  /** this partition only; all by default */
  readonly partition?: number
  /** stops after so many: quick, but proves nothing about those that follow */
  readonly maxMessages?: number
  /** stops when nothing has come for so long, ms: 10,000 by default */
  readonly idleMs?: number
}

// ASCII's own separators: no record of a spec contains them.
const field = '\u001f'
const record = '\u001e'
const header = '\u001d'
const absent = '\u001a'

export const readCommitted = async (
  tool: (mainClass: string, args: readonly string[]) => Promise<ToolResult>,
  bootstrapServers: string,
  topic: string,
  { partition, maxMessages, idleMs = 10_000 }: ReadOptions,
): Promise<readonly CommittedRecord[]> => {
  const format = {
    'print.timestamp': true,
    'print.partition': true,
    'print.offset': true,
    'print.headers': true,
    'print.key': true,
    'print.value': true,
    'key.separator': field,
    'line.separator': record,
    'headers.separator': header,
    'null.literal': absent,
  }
  const { stdout, stderr, code } = await tool(tools.ConsoleConsumer, [
    ...['--bootstrap-server', bootstrapServers, '--topic', topic],
    ...['--isolation-level', 'read_committed', '--timeout-ms', String(idleMs)],
    ...(partition === undefined ? ['--from-beginning'] : ['--partition', String(partition), '--offset', 'earliest']),
    ...(maxMessages === undefined ? [] : ['--max-messages', String(maxMessages)]),
    ...Object.entries(format).flatMap(([name, value]) => ['--property', `${name}=${value}`]),
  ])
  const endedByIdleness = stderr.includes('TimeoutException')
  if (code !== 0 && !endedByIdleness) throw new Error(`the console consumer failed with ${code}:\n${stderr}`)
  return stdout.split(record).slice(0, -1).map(parse)
}

const parse = (line: string): CommittedRecord => {
  const [timestamp, partition, offset, headers, key, value] = line.split(field) as [
    string,
    string,
    string,
    string,
    string,
    string,
  ]
  return {
    partition: Number(partition.replace('Partition:', '')),
    offset: Number(offset.replace('Offset:', '')),
    // 4.2 warns on stdout, before the first record, of an option that 3.9 does not know by its new name.
    timestamp: Number(/-?\d+$/.exec(timestamp)?.[0] ?? -1),
    key: orNull(key),
    value: orNull(value),
    headers: headers === 'NO_HEADERS' ? [] : headers.split(header).map(parseHeader),
  }
}

const parseHeader = (text: string): readonly [string, string | null] => {
  const colon = text.indexOf(':')
  return [text.slice(0, colon), orNull(text.slice(colon + 1))]
}

const orNull = (text: string): string | null => (text === absent ? null : text)
