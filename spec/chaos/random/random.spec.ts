import { describe, expect, it } from '@jest/globals'
import { reportChaos } from '../chaosReport.js'
import { anyScript } from './anyScript.js'
import { drawScript } from './drawScript.js'
import { failureOf } from './failureOf.js'
import { found } from './found.js'
import { playScript } from './playScript.js'
import { shrink } from './shrink.js'

const SEEDS = Number(process.env['CHAOS_SEEDS'] ?? 300)

/** How long a failure is made simpler, in ms. */
const SHRINKING = 20_000

describe('a job to which anything may happen, on the in-memory Kafka', () => {
  it(`should lose nothing, double nothing and hold nothing back (${SEEDS} seeds)`, () => {
    const began = performance.now()
    const took: Record<string, number> = {}
    let records = 0
    let restarts = 0
    for (let seed = 1; seed <= SEEDS; seed++) {
      const script = anyScript(seed)
      const outcome = playScript(script)
      const failure = failureOf(outcome)
      if (failure !== undefined) {
        const until = performance.now() + SHRINKING
        const simple = shrink(script, failure, [], () => performance.now() < until)
        throw new Error(`seed ${seed}: ${failure.sign}\n${drawScript(simple, playScript(simple))}`)
      }
      for (const [kind, times] of Object.entries(outcome.took)) took[kind] = (took[kind] ?? 0) + times
      records += script.records.length
      restarts += outcome.starts - 1
    }
    const seconds = (performance.now() - began) / 1000
    const tally = { records, lost: 0, doubled: 0, outOfOrder: 0 }
    reportChaos({ fault: 'in memory: random jobs, random events', rounds: SEEDS, ...tally, restarts, seconds })
    // A draw in which nothing happens proves little.
    for (const kind of ['kill', 'stop', 'rescale', 'store', 'broker', 'leader'])
      expect({ kind, often: (took[kind] ?? 0) > SEEDS / 30 }).toEqual({ kind, often: true })
  }, 600_000)

  for (const { title, script } of found)
    it(`should survive it when ${title}`, () => {
      const outcome = playScript(script)
      if (failureOf(outcome) !== undefined) throw new Error(drawScript(script, outcome))
    })
})
