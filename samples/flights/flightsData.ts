import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** The lines of `flights-20k.json` of vega-datasets: 20,000 flights of early 2001, as JSON texts, ordered by date. */
export const readFlights = (): readonly string[] => {
  const entry = createRequire(join(process.cwd(), 'package.json')).resolve('vega-datasets')
  const file = join(dirname(entry), '..', 'data', 'flights-20k.json')
  return (JSON.parse(readFileSync(file, 'utf8')) as object[]).map((flight) => JSON.stringify(flight))
}
