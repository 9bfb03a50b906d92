/** The process of one case: `node --expose-gc --import tsx runCase.ts <case> <input as JSON>`; prints MemoryFigures as JSON. */
import { lastValueFrom, timer } from 'rxjs'
import { peakMemory } from '../../support/peakMemory.js'
import { cases } from './cases.js'
import type { MemoryFigures, MemoryInput } from './MemoryCase.js'

const [name, json] = process.argv.slice(2) as [keyof typeof cases, string]

/** Twice, with turns in between: what a collection frees outside of the heap is counted later. */
const used = async (): Promise<number> => {
  for (let i = 0; i < 2; i++) {
    globalThis.gc?.()
    await lastValueFrom(timer(100))
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

const before = await used()
const records = await cases[name](JSON.parse(json) as MemoryInput)
const figures: MemoryFigures = { records, held: (await used()) - before, peak: peakMemory() }
process.stdout.write(`${JSON.stringify(figures)}\n`, () => process.exit(0))
