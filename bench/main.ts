/**
 * `npm run bench`: consume, produce and exactly-once copy of 100-byte records, beside kafkajs in the same run.
 *
 * Each run is a process of its own; ours and theirs take turns, so that a slow hour of the machine meets both. Quote the ratios:
 * absolute figures move by a third from hour to hour on a shared machine. RECORDS and RUNS change how much, CASE (a part of
 * a title) which, KAFKA_BROKERS where.
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type BenchInput, type BenchResult, PARTITIONS } from './cases/BenchCase.js'
import { createTopic, fillTopic } from './topics.js'
import { benchKafka } from './benchKafka.js'

const RECORDS = Number(process.env['RECORDS'] ?? 1_000_000)
const RUNS = Number(process.env['RUNS'] ?? 3)

const isChosen = (title: string): boolean => title.includes(process.env['CASE'] ?? '')

/** What is expected of each ratio already. */
const PAIRS = [
  { title: 'consume', ours: 'consumeRxKafka', theirs: 'consumeKafkaJs', expected: 3 },
  { title: 'consume from many', ours: 'consumeRxKafka', theirs: 'consumeKafkaJs', partitions: 1000, expected: 2 },
  { title: 'produce', ours: 'produceRxKafka', theirs: 'produceKafkaJs', expected: 5 },
  { title: 'exactly-once copy', ours: 'copyRxKafka', theirs: 'copyKafkaJs', expected: 5 },
  { title: 'with watermarks', ours: 'copyWithWatermarks', theirs: 'copyRxKafka', expected: 0.85 },
].filter(({ title }) => isChosen(title))

/** What a case is called in the table. */
const nameOf = (name: string): string =>
  name.endsWith('KafkaJs') ? 'kafkajs' : name.endsWith('Watermarks') ? 'event time' : 'rx-kafka'

const here = import.meta.dirname
const tsx = createRequire(import.meta.url).resolve('tsx/cli')

const run = async (name: string, input: BenchInput): Promise<BenchResult> => {
  const script = join(here, 'cases', 'runCase.ts')
  const { stdout } = await promisify(execFile)(process.execPath, [tsx, script, name, JSON.stringify(input)])
  return JSON.parse(stdout.trim().split('\n').at(-1) as string) as BenchResult
}

const median = (numbers: readonly number[]): number => [...numbers].sort((a, b) => a - b)[numbers.length >> 1] as number

const row = (title: string, name: string, results: readonly BenchResult[]): string =>
  [
    title.padEnd(18),
    name.padEnd(16),
    Math.round(median(results.map(({ recordsPerSecond }) => recordsPerSecond)))
      .toLocaleString('en')
      .padStart(12),
    median(results.map(({ cpuSeconds }) => cpuSeconds))
      .toFixed(1)
      .padStart(7),
    Math.round(median(results.map(({ peakMb }) => peakMb)))
      .toString()
      .padStart(8),
  ].join('  ')

const kafka = await benchKafka()
const directory = mkdtempSync(join(tmpdir(), 'rx-kafka-bench-'))
try {
  const filled = new Set<string>()
  /** A topic with the records, which is filled when it is first needed. */
  const inputOf = async (partitions = PARTITIONS): Promise<string> => {
    const topic = `bench-input-${partitions}`
    if (filled.has(topic)) return topic
    await createTopic(kafka.bootstrapServers, topic, partitions)
    await fillTopic(kafka.bootstrapServers, topic, RECORDS, partitions)
    filled.add(topic)
    return topic
  }
  console.log(
    `${RECORDS.toLocaleString('en')} records of 100 bytes, ${PARTITIONS} partitions or, of many, 1,000; medians of ${RUNS} interleaved runs\n`,
  )
  console.log(
    `${''.padEnd(18)}  ${''.padEnd(16)}  ${'records/s'.padStart(12)}  ${'CPU s'.padStart(7)}  ${'peak MB'.padStart(8)}`,
  )
  for (const { title, ours, theirs, partitions, expected } of PAIRS) {
    const topic = await inputOf(partitions)
    const results: Record<string, BenchResult[]> = { [ours]: [], [theirs]: [] }
    // The first round warms the broker up and is not counted.
    for (let round = 0; round <= RUNS; round++) {
      for (const name of [ours, theirs]) {
        const output = `bench-${title.replaceAll(' ', '-')}-${name}-${round}`
        await createTopic(kafka.bootstrapServers, output)
        const input = {
          bootstrapServers: kafka.bootstrapServers,
          topic,
          output,
          records: RECORDS,
          directory: join(directory, output),
        }
        const result = await run(name, input)
        if (round > 0) results[name]?.push(result)
      }
    }
    const [a, b] = [results[ours] as BenchResult[], results[theirs] as BenchResult[]]
    const ratios = a.map((result, n) => result.recordsPerSecond / (b[n] as BenchResult).recordsPerSecond)
    console.log(row(title, nameOf(ours), a))
    console.log(row('', nameOf(theirs), b))
    console.log(
      `${''.padEnd(18)}  ${'ratio'.padEnd(16)}  ${median(ratios).toFixed(2).padStart(12)}  expected at least ${expected}\n`,
    )
  }
  if (isChosen('slow consumer')) {
    const slow = await run('slowRxKafka', {
      bootstrapServers: kafka.bootstrapServers,
      topic: await inputOf(),
      output: '',
      records: 200_000,
      directory,
    })
    console.log(
      `${'slow consumer'.padEnd(18)}  peak ${Math.round(slow.peakMb)} MB with ${RECORDS.toLocaleString('en')} records of lag`,
    )
  }
} finally {
  rmSync(directory, { recursive: true, force: true })
  await kafka.stop()
}
