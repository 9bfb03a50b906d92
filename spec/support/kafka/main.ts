/** `npm run kafka`: a broker by hand, until Ctrl-C. `npm run kafka -- 3` starts three. */
import { once } from 'node:events'
import { startKafka } from './startKafka.js'

const count = Number(process.argv[2] ?? 1)
const wanted = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
// A terminal's Ctrl-C must find the process alive while it waits for nothing else.
const awake = setInterval(() => {}, 60_000)

console.log(`Starting ${count} broker(s); the first time Maven fetches the jars ...`)
const kafka = await startKafka({ brokers: count, own: true })
console.log(
  `Kafka ${kafka.version} answers. Ctrl-C stops it and removes its data.\n\nKAFKA_BROKERS=${kafka.bootstrapServers}`,
)
await wanted
await kafka.stop()
clearInterval(awake)
console.log('\nStopped; nothing is left.')
