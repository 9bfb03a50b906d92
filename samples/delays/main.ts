/**
 * Delays by airport, in windows of event time, as a table that lives: real flights depart in another order than planned, into several
 * partitions, one of which is idle.
 *
 *     npm run delays                                    on the in-memory Kafka, nothing to install
 *     KAFKA_BROKERS=localhost:9092 npm run delays       on a real cluster
 *
 * Settings, as environment variables: RATE (flights a second, 500), TOTAL (flights in all, 20000).
 */
import { MemoryKafka } from '../../lib/testing/index.js'
import { runDelays } from './runDelays.js'

const setting = (name: string, otherwise: number): number => {
  const value = Number(process.env[name] ?? otherwise)
  if (Number.isFinite(value) && value > 0) return value
  console.error(`${name}=${process.env[name]} is not a number above 0.`)
  process.exit(2)
}

/** On a terminal each table takes the place of the one before. */
const print = (() => {
  let height = 0
  return (lines: readonly string[]): void => {
    if (process.stdout.isTTY && height > 0) process.stdout.write(`\x1b[${height}A\x1b[J`)
    height = lines.length + 1
    process.stdout.write(`${lines.join('\n')}\n\n`)
  }
})()

const brokers = process.env['KAFKA_BROKERS']
console.log(brokers ? `Kafka at ${brokers}` : 'In-memory Kafka (KAFKA_BROKERS=host:port for a real one)')

const running = runDelays({
  bootstrapServers: brokers ?? 'memory:9092',
  ...(brokers ? {} : { connect: new MemoryKafka().connect }),
  rate: setting('RATE', 500),
  total: setting('TOTAL', 20_000),
  print,
}).subscribe({
  error: (error: unknown) => {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  },
})

process.once('SIGINT', () => running.unsubscribe())
