/**
 * The main job: real flights, replayed into Kafka, and taken from there exactly once into two topics.
 *
 *     npm start                                    on the in-memory Kafka, nothing to install
 *     KAFKA_BROKERS=localhost:9092 npm start       on a real cluster; stop it, kill it, start it again
 *
 * Settings, as environment variables: RATE (flights a second, 2000), TOTAL (flights in all, 20000), CHECKPOINTS (folder of the
 * checkpoints on a real cluster, .flights-checkpoints).
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FileCheckpointStore } from '../../lib/index.js'
import { MemoryKafka } from '../../lib/testing/index.js'
import { runFlights } from './runFlights.js'

const setting = (name: string, otherwise: number): number => {
  const value = Number(process.env[name] ?? otherwise)
  if (Number.isFinite(value) && value > 0) return value
  console.error(`${name}=${process.env[name]} is not a number above 0.`)
  process.exit(2)
}

const brokers = process.env['KAFKA_BROKERS']
// The in-memory Kafka goes with this process, so its checkpoints must too.
const directory = brokers
  ? (process.env['CHECKPOINTS'] ?? '.flights-checkpoints')
  : mkdtempSync(join(tmpdir(), 'flights-'))
if (!brokers) process.on('exit', () => rmSync(directory, { recursive: true, force: true }))

console.log(
  brokers
    ? `Kafka at ${brokers}, checkpoints in ${directory}`
    : 'In-memory Kafka (KAFKA_BROKERS=host:port for a real one)',
)

const run = runFlights({
  bootstrapServers: brokers ?? 'memory:9092',
  ...(brokers ? {} : { connect: new MemoryKafka().connect }),
  store: new FileCheckpointStore(directory),
  rate: setting('RATE', 2000),
  total: setting('TOTAL', 20_000),
  print: (line) => console.log(line),
})

process.on('SIGINT', () => {
  console.log('Stopping with a savepoint …')
  run.stop()
})

run.done$.subscribe({
  error: (error: unknown) => {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  },
})
