/** The process of one run: `tsx runCase.ts <module> <input as JSON>`; prints a BenchResult as JSON. */
import { peakMemory } from '../../spec/support/peakMemory.js'
import type { BenchCase, BenchInput, BenchResult } from './BenchCase.js'

const [name, json] = process.argv.slice(2) as [string, string]
const input = JSON.parse(json) as BenchInput
const { run } = (await import(`./${name}.js`)) as { readonly run: BenchCase }

const before = process.cpuUsage()
const seconds = await run(input)
const { user, system } = process.cpuUsage(before)
const result: BenchResult = {
  seconds,
  cpuSeconds: (user + system) / 1e6,
  peakMb: peakMemory() / 1024 / 1024,
  recordsPerSecond: input.records / seconds,
}
process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0))
