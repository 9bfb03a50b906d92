/**
 * `npm run fuzz -- [seconds] [--keep]`: feeds damaged bytes to all that decodes (spec/fuzz/targets.ts), for so long, 60 s unless
 * told. It begins with the corpus, whose inputs it damages further, and ends with the first fault: that input is written into
 * the corpus, where spec/fuzz/corpus.spec.ts meets it from then on. `--keep` replaces the corpus by the smallest inputs that
 * reach all that was reached. FUZZ_SEED repeats a run.
 */
import { join } from 'node:path'
import { randomBySeed } from '../chaos/randomBySeed.js'
import { Corpus } from './Corpus.js'
import { Coverage } from './Coverage.js'
import { type Fault, Fuzzer } from './Fuzzer.js'
import type { FuzzTarget } from './FuzzTarget.js'
import { loadInstrumented } from './loadInstrumented.js'

const args = process.argv.slice(2)
const seconds = Number(args.find((arg) => !arg.startsWith('-')) ?? 60)
const keep = args.includes('--keep')
const seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 1_000_000)
if (!Number.isFinite(seconds) || !Number.isFinite(seed)) throw new Error('seconds and FUZZ_SEED are numbers')

const protocol = join(import.meta.dirname, '../../lib/protocol')
const loaded = loadInstrumented(join(import.meta.dirname, 'targets.ts'), (file) => file.startsWith(protocol))
const { targets } = loaded.exports as { targets: readonly FuzzTarget[] }

const fuzz = (target: FuzzTarget): Fault | undefined => {
  const corpus = new Corpus(target.name)
  const fuzzer = new Fuzzer(target, new Coverage(loaded.counters), randomBySeed(seed))
  const end = Date.now() + (seconds * 1000) / targets.length
  let fault: Fault | undefined
  for (const input of [...target.seeds(), ...corpus.read().map((kept) => kept.input)]) fault ??= fuzzer.try(input)
  const known = fuzzer.features
  while (fault === undefined && Date.now() < end) fault = fuzzer.round()
  console.log(
    `${target.name}: ${fuzzer.executions.toLocaleString('en')} inputs, ${fuzzer.features} features reached, ` +
      `${fuzzer.features - known} of them new; ${fuzzer.minimised().length} inputs reach them all`,
  )
  if (fault !== undefined) console.error(`A fault, by ${corpus.addFound(fault.input)}:`, fault.error)
  else if (keep) corpus.replace(fuzzer.minimised())
  return fault
}

console.log(`FUZZ_SEED=${seed}, ${seconds} s`)
if (targets.map(fuzz).some((fault) => fault !== undefined)) process.exitCode = 1
