/** `npm run kafka`: a broker by hand, until Ctrl-C. `npm run kafka -- 3` starts three, `npm run kafka -- 3.9.2` another version. */
import { once } from 'node:events'
import { startKafka } from './startKafka.js'

const args = process.argv.slice(2)
const version = args.find((arg) => /^\d+(\.\d+)+$/.test(arg))
const brokers = Number(args.find((arg) => /^\d+$/.test(arg)) ?? 1)
const unknown = args.filter((arg) => arg !== version && Number(arg) !== brokers)
if (unknown.length > 0) {
  console.error(`What is ${unknown.join(' ')}? Usage: npm run kafka -- [version] [number of brokers]`)
  process.exit(2)
}
const wanted = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
// A terminal's Ctrl-C must find the process alive while it waits for nothing else.
const awake = setInterval(() => {}, 60_000)

console.log(`Starting ${brokers} broker(s); the first time Maven fetches the jars ...`)
const kafka = await startKafka({ brokers, own: true, ...(version === undefined ? {} : { version }) })
console.log(
  `Kafka ${kafka.version} answers. Ctrl-C stops it and removes its data.\n\nKAFKA_BROKERS=${kafka.bootstrapServers}`,
)
await wanted
await kafka.stop()
clearInterval(awake)
console.log('\nStopped; nothing is left.')
