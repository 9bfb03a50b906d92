/**
 * `npm run mutate`: does a spec fail when the library is wrong? Makes small mistakes, one at a time, and runs the specs in memory
 * that come by there.
 *
 *     npm run mutate -- lib/sink                         200 of all mutants of a folder, drawn by a seed
 *     npm run mutate -- lib/sink lib/stream/branch.ts    of several
 *     npm run mutate -- lib --count 1000 --seed 7 --workers 2 --seconds 60
 *
 * - `--seconds`: how long the specs of one mutant may take when they pass. A mutant that survives them is tried once more with the rest
 *   of those that come by, however long they take: what is said to be noticed by no spec is noticed by none that runs in memory.
 * - `--specs`: a pattern of those to be asked; all by default. The first run of all of them takes some minutes.
 */
import { readFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { from, lastValueFrom, mergeMap, tap, toArray } from 'rxjs'
import { randomBySeed } from '../chaos/randomBySeed.js'
import { withHits, withMutant } from './edits.js'
import { fastSpecs, nearness } from './fastSpecs.js'
import type { Mutant } from './Mutant.js'
import { mutantsOf } from './mutantsOf.js'
import { describeMutant, type JudgedMutant, mutationTable } from './report.js'
import { recordedRun, type SpecRun, verdictOf } from './runJest.js'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    count: { type: 'string', default: '200' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    workers: { type: 'string', default: '1' },
    seconds: { type: 'string', default: '60' },
    specs: { type: 'string', default: 'spec/' },
  },
})
const [count, seed, workers, seconds] = [values.count, values.seed, values.workers, values.seconds].map(Number) as [
  number,
  number,
  number,
  number,
]

// What runs is ended by the end of this process, if that is not too sudden.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))

const filesIn = (path: string): readonly string[] =>
  statSync(path).isFile()
    ? [path]
    : readdirSync(path, { recursive: true, encoding: 'utf8' })
        .map((file) => join(path, file))
        .filter((file) => file.endsWith('.ts'))

/** `n` of them, each as likely as any other, in their order. */
const drawn = <T>(all: readonly T[], n: number): readonly T[] => {
  const random = randomBySeed(seed)
  return all
    .map((one, place) => ({ one, place, lot: random(1e9) }))
    .sort((a, b) => a.lot - b.lot)
    .slice(0, n)
    .sort((a, b) => a.place - b.place)
    .map(({ one }) => one)
}

/** How many specs run first: most mutants do not live longer. */
const NEAREST = 3

/** The specs that come by a mutant, the nearest first, and of these the quickest. */
const specsFor = (place: number, { file }: Mutant, runs: readonly SpecRun[]): readonly SpecRun[] =>
  runs
    .filter(({ places }) => places.has(place))
    .sort((a, b) => nearness(b.spec, file) - nearness(a.spec, file) || a.ms - b.ms)

/** What runs one after the other until a mutant is noticed: the nearest specs, those that there is time for, and at last the others. */
const passesOf = (specs: readonly SpecRun[]): readonly (readonly SpecRun[])[] => {
  let left = seconds * 1000
  const inTime = specs.filter(({ ms }) => (left -= ms) >= 0)
  const others = specs.filter((spec) => !inTime.includes(spec))
  return [inTime.slice(0, NEAREST), inTime.slice(NEAREST), others].filter(({ length }) => length > 0)
}

/** A time-out counts as noticed, so it is long enough for a machine that is busy with other things meanwhile. */
const judge = async (mutant: Mutant, specs: readonly SpecRun[]): Promise<JudgedMutant> => {
  if (specs.length === 0) return { mutant, outcome: 'not covered' }
  const edits = { [mutant.file]: withMutant(mutant) }
  for (const pass of passesOf(specs)) {
    const timeoutMs = 60_000 + 10 * pass.reduce((sum, { ms }) => sum + ms, 0)
    const verdict = await verdictOf({ specs: pass.map(({ spec }) => spec), edits, timeoutMs })
    if (verdict !== 'passed') return { mutant, outcome: verdict === 'failed' ? 'killed' : 'timed out' }
  }
  return { mutant, outcome: 'survived' }
}

const files = (positionals.length === 0 ? ['lib'] : positionals).flatMap(filesIn)
const all = files.flatMap((file) => mutantsOf(file, readFileSync(file, 'utf8')))
const mutants = drawn(all, count)
console.log(`${mutants.length} of ${all.length} mutants in ${files.length} files, --seed ${seed}`)

const numbered = mutants.map((mutant, place) => ({ ...mutant, place }))
const specs = fastSpecs().filter((spec) => new RegExp(values.specs).test(spec))
console.log(`${specs.length} specs run once, to find out which come by which mutants ...`)
const hits = Object.fromEntries(files.map((file) => [file, withHits(numbered.filter((one) => one.file === file))]))
const runs = await recordedRun({ specs, edits: hits, timeoutMs: 1_800_000 }, workers)
const broken = runs.filter(({ passed }) => !passed)
if (broken.length > 0) console.log(`Left out, since they fail as it is: ${broken.map(({ spec }) => spec).join(', ')}`)
const passing = runs.filter(({ passed }) => passed)

const judged = await lastValueFrom(
  from(numbered).pipe(
    mergeMap((mutant) => judge(mutant, specsFor(mutant.place, mutant, passing)), workers),
    tap(({ mutant, outcome }) => console.log(`${outcome.padEnd(12)} ${describeMutant(mutant)}`)),
    toArray(),
  ),
)
const missed = judged.filter(({ outcome }) => outcome === 'survived' || outcome === 'not covered')
console.log(`\nNoticed by no spec:\n${missed.map(({ mutant }) => describeMutant(mutant)).join('\n')}`)
console.log(`\n${mutationTable(judged)}`)
