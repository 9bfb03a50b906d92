import { readFileSync } from 'node:fs'
import { consumerProperties } from '../../../lib/config/consumerConfig.js'
import { producerProperties } from '../../../lib/config/producerConfig.js'
import type { KnownProperties } from '../../../lib/config/propertyWarnings.js'
import { mechanismsOfText } from '../../../lib/sasl/mechanisms.js'

/** Kafka 4.2.0's own list: name → default, as its `ConfigDef` has it. */
export const kafkaProperties = JSON.parse(readFileSync('spec/config/kafka-4.2.0-properties.json', 'utf8')) as Readonly<
  Record<'consumer' | 'producer', Readonly<Record<string, string>>>
>

/** What the name and the default do not say. */
const notes: Readonly<Record<string, string>> = {
  'auto.offset.reset': '`setStartingOffsets` decides; what is set is overridden with a warning, as in Flink',
  'auto.commit.interval.ms': 'without checkpoints only',
  'max.block.ms':
    'bounds how long a topic that is not known is waited for; a full `buffer.memory` holds the source back without a limit',
  'client.id.prefix':
    'Flink’s. The client id of a source is `<prefix>-<subtask>`; by default the prefix is `client.id`, the group, or `KafkaSource-` and a random number',
  'client.rack': '`setRackIdSupplier` comes first',
  'commit.offsets.on.checkpoint': 'Flink’s; off without a group',
  'compression.lz4.level': 'no effect: the package lz4-napi knows one level',
  'enable.idempotence': 'on, unless `acks` or `max.in.flight.requests.per.connection` were set so that it cannot be',
  'enable.auto.commit': 'without checkpoints only: up to what the pipeline has taken over',
  'fetch.max.decompressed.bytes':
    'ours: the most bytes that compressed batches may have become at one time, over all splits of a subtask; a batch that becomes more by itself ends the job',
  'group.id': 'offsets are committed to it; the source does not join it',
  'max.poll.records': 'in a batch of the stream; with several splits less, from four on a quarter',
  'partitioner.adaptive.partitioning.enable':
    'where neither partitioner, key nor the record itself decides: a slow broker gets fewer records',
  'partitioner.ignore.keys': 'where the record serializer has no partitioner: keys do not decide either',
  'partition.discovery.interval.ms': 'Flink’s; 0 or less: once; bounded sources look once',
  'receive.message.max.bytes':
    'librdkafka’s: the most bytes of an answer, refused by its head; by default 100,000,000 of a fetch, where `fetch.max.bytes` is allowed in any case, and 16 MiB of any other',
  'register.consumer.metrics': 'Flink’s',
  'register.producer.metrics': 'Flink’s',
  'sasl.jaas.config': 'the username and the password are read from it; `setSasl` takes its place',
  'sasl.mechanism': `${mechanismsOfText.join(', ').replace(/, ([^,]*)$/, ' or $1')}; others by \`setSasl\``,
  'ssl.endpoint.identification.algorithm': 'empty: any host name is believed',
  'ssl.keystore.location': 'a PEM file with key and certificates',
  'ssl.keystore.type': 'PEM; others are refused, with the way to convert them',
  'ssl.truststore.location': 'a PEM file',
  'ssl.truststore.type': 'PEM; others are refused, with the way to convert them',
}

const intro = `# Properties

\`setProperty\` and \`setProperties\` of the builders take Kafka's properties under Kafka's names, with values as text, numbers or
booleans. \`build()\` checks them all and throws one \`InvalidConfigError\` that names every fault. A property without effect is told
once by each \`build()\`, with the reason, or with the nearest name when it is not known. Warnings go to \`setLogger(…)\`, by default to
\`console.warn\`; values of passwords, keys and logins stand in none, nor in errors.

The lists are those of Kafka 4.2.0. A default in *italics* is not Kafka's.`

/** docs/properties.md, from the tables in \`lib/config\`; \`npm run docs\` writes it. */
export const propertiesPage = (): string =>
  [
    intro,
    ...section('KafkaSource', consumerProperties, kafkaProperties.consumer),
    ...section('KafkaSink', producerProperties, kafkaProperties.producer),
  ].join('\n\n') + '\n'

const section = (title: string, { used, unused }: KnownProperties, kafka: Readonly<Record<string, string>>) => [
  `## ${title}: properties that are used`,
  table(
    ['Property', 'Default', 'Values', 'Note'],
    sorted(used).map(([key, codec]) => [code(key), defaultOf(key, codec, kafka[key]), codec.name, notes[key] ?? '']),
  ),
  `## ${title}: properties without effect`,
  table(
    ['Properties', 'Why'],
    [...byReason(unused)].map(([reason, keys]) => [keys.map(code).join(', '), reason]),
  ),
]

const byReason = (unused: KnownProperties['unused']): ReadonlyMap<string, readonly string[]> =>
  sorted(unused).reduce(
    (groups, [key, reason]) => groups.set(reason, [...(groups.get(reason) ?? []), key]),
    new Map<string, readonly string[]>(),
  )

const code = (key: string): string => `\`${key}\``

const sorted = <V>(record: Readonly<Record<string, V>>) => Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1))

/** Kafka's, unless ours means something else. */
const defaultOf = (key: string, { fallback, decode }: KnownProperties['used'][string], kafka: string | undefined) => {
  if (kafka === '(required)' || key === 'auto.offset.reset') return kafka
  const same = kafka !== undefined && JSON.stringify(decode(kafka)) === JSON.stringify(decode(undefined))
  if (same || fallback === undefined) return fallback === undefined ? '' : (kafka ?? '')
  const ours = JSON.stringify(fallback).replaceAll('"', '')
  return kafka === undefined ? ours : `*${ours}*`
}

const table = (head: readonly string[], rows: readonly (readonly (string | undefined)[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
