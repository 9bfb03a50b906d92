/**
 * What a source can do, sample by sample, each on a Kafka in memory of its own.
 *
 *     npm run source                  all of them
 *     npm run source -- deadLetters   one
 */
import { concat, concatWith, of } from 'rxjs'
import { MemoryKafka } from '../../lib/testing/index.js'
import { samples } from './index.js'

const [wanted] = process.argv.slice(2)
const chosen = Object.entries(samples).filter(([name]) => wanted === undefined || name === wanted)

if (chosen.length === 0) {
  console.error(`There is no ${String(wanted)}. There are: ${Object.keys(samples).join(', ')}`)
  process.exitCode = 2
}
concat(...chosen.map(([name, sample]) => of(`\n${name}`).pipe(concatWith(sample(new MemoryKafka()))))).subscribe(
  (line) => console.log(line),
)
