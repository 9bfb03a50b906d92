/**
 * `npm run chaos:random`: random scripts for as long as wanted. What fails is made simple and printed, with its seed.
 *
 *     npm run chaos:random -- --minutes 60
 *     npm run chaos:random -- --seed 4711                       one, with all that happened
 *     npm run chaos:random -- --from 1 --to 500                 these
 *     npm run chaos:random -- --only 'sleep;second start'       with events of these kinds; --without … all but these
 *     npm run chaos:random -- --ignore 'answered early'         not these kinds of violations
 */
import { parseArgs } from 'node:util'
import { anyScript, EVENT_KINDS, type Feature } from './anyScript.js'
import { differences, drawScript } from './drawScript.js'
import { failureOf } from './failureOf.js'
import type { ViolationKind } from './Outcome.js'
import { playScript } from './playScript.js'
import { shrink } from './shrink.js'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string' },
    seed: { type: 'string' },
    from: { type: 'string' },
    to: { type: 'string' },
    only: { type: 'string' },
    without: { type: 'string', default: '' },
    ignore: { type: 'string', default: '' },
  },
})

/** Names are divided by semicolons, since some have commas. */
const words = (list: string): readonly string[] => list.split(';').filter((word) => word !== '')

const only = values.only === undefined ? undefined : words(values.only)
const without: readonly Feature[] = [
  ...(only === undefined ? [] : EVENT_KINDS().filter((kind) => !only.includes(kind))),
  ...(words(values.without) as Feature[]),
]
const known = words(values.ignore) as ViolationKind[]

/** A failure is shrunk for so long, in ms; of those that look alike the first three. */
const SHRINKING = 30_000
const ALIKE = 2
const PROGRESS = 60_000

const first = Number(values.seed ?? values.from ?? Date.now() % 1e9)
const last = Number(values.seed ?? values.to ?? Infinity)
const end = values.minutes === undefined ? Infinity : Date.now() + Number(values.minutes) * 60_000

const took: Record<string, number> = {}
const failures = new Map<string, number[]>()
const begun = Date.now()
let reported = begun
let scripts = 0
let reportedLost = 0

for (let seed = first; seed <= last && Date.now() < end; seed++) {
  const script = anyScript(seed, without)
  const outcome = playScript(script)
  scripts++
  reportedLost += outcome.reported
  for (const [kind, times] of Object.entries(outcome.took)) took[kind] = (took[kind] ?? 0) + times
  if (values.seed !== undefined) console.log(drawScript(script, outcome))
  const failure = failureOf(outcome, known)
  if (failure !== undefined) {
    const alike = [...(failures.get(failure.sign) ?? []), seed]
    failures.set(failure.sign, alike)
    if (alike.length <= ALIKE) {
      const until = Date.now() + SHRINKING
      const simple = shrink(script, failure, known, () => Date.now() < until)
      console.log(`\nseed ${seed} fails: ${failure.sign}\n${drawScript(simple, playScript(simple))}`)
      console.log(JSON.stringify(differences(simple)))
    }
  }
  if (Date.now() - reported < PROGRESS) continue
  reported = Date.now()
  report()
}
report()
process.exitCode = failures.size > 0 ? 1 : 0

function report(): void {
  const seconds = (Date.now() - begun) / 1000
  console.log(
    `\n${scripts} scripts from seed ${first}, ${(scripts / seconds).toFixed(1)}/s, ${reportedLost} records rightly reported as lost`,
  )
  console.log(
    `took place: ${Object.entries(took)
      .map(([kind, times]) => `${kind} ${times}`)
      .join(', ')}`,
  )
  for (const [sign, seeds] of failures) console.log(`${seeds.length} × ${sign}: ${seeds.slice(0, 8).join(' ')}`)
}
