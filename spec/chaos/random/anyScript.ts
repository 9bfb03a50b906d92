import { randomBySeed } from '../randomBySeed.js'
import { anyPipeline } from './anyPipeline.js'
import { anyRecords } from './anyRecords.js'
import { type Drawn, eventKinds, FREQUENT, STEPS } from './eventKinds.js'
import { calm, type Script, type ScriptEvent } from './Script.js'

/** Things that a script may have, by name, to leave them out. */
export type Feature =
  | keyof typeof eventKinds
  | 'splits'
  | 'sinks without their subtask'
  | 'event at a step'
  | 'ids are forgotten'
  | 'pooled ids'
  | 'partitions are added'

export const EVENT_KINDS = (): readonly Feature[] => Object.keys(eventKinds) as Feature[]

/** A script by its seed: the same for the same seed and the same features, as long as this file is the same. */
export const anyScript = (seed: number, without: readonly Feature[] = []): Script => {
  const random = randomBySeed(seed * 7919)
  const one = <T>(...values: readonly T[]): T => values[random(values.length)]!
  const may = (feature: Feature, chances: number): boolean => random(chances) === 0 && !without.includes(feature)

  const patient = random(4) === 0
  const interval = patient ? one(200, 500, 1_000, 2_000) : one(10, 20, 50, 100, 200)
  const span = patient ? 20_000 : one(300, 1_000, 3_000)
  const sources = one<1 | 2>(1, 1, 1, 2)
  const partitions = 1 + random(3)
  const guarantee = random(8) === 0 ? 'AT_LEAST_ONCE' : 'EXACTLY_ONCE'
  const pipeline = anyPipeline(random, guarantee)
  const parallelism = 1 + random(random(2) === 0 ? 1 : 3)
  const bounded = random(6) === 0
  const timeout = one(1_000, 2_000, 5_000)
  const fixed = bounded || pipeline.some(({ op }) => op === 'windows') || !may('partitions are added', 6)
  const script: Script = {
    ...calm,
    sources,
    partitions,
    outPartitions: 1 + random(2),
    records: anyRecords(random, { ...{ sources, partitions, span, bounded, fixed }, bad: random(6) === 0 }),
    way: may('splits', 5) ? 'splits' : 'elements',
    pipeline,
    sinks: one<1 | 2>(1, 1, 1, 2),
    guarantee,
    naming: seed % 3 === 0 && !without.includes('pooled ids') ? 'POOLING' : 'INCREMENTING',
    bounded,
    parallelism,
    processes: 1 + random(parallelism),
    sinksKnowSubtask: !may('sinks without their subtask', 6),
    interval,
    minPause: one(0, 0, 0, 30),
    timeout,
    tolerableFailures: one(0, 0, 1, 3, 100),
    maxConcurrent: one(1, 1, 1, 2, 3),
    transactionTimeout: one(30_000, 60_000),
    idExpiration: may('ids are forgotten', 6) ? 70_000 : calm.idExpiration,
    abortInterval: one(0, 10_000),
    retry: one(null, 20, 200, 1_000),
    restart: one(50, 200, 1_000),
    brokerMs: one(0, 1, 1, 3, 10),
    // What a first checkpoint waits for, from the claim to the last sink, is some fifty calls: they must fit.
    storeMs: one(0, 1, 5, timeout > 1_000 ? 20 : 5),
    poll: one(1, 3, 10),
  }
  // Those that stop or start something are drawn more often.
  const kinds = Object.entries(eventKinds)
    .filter(([kind]) => !without.includes(kind as Feature))
    .flatMap((kind) => (FREQUENT.test(kind[0]) ? [kind, kind, kind] : [kind]))
  // Some come together, some early.
  let last = 0
  const events = Array.from({ length: 1 + random(5) }, () => {
    const [, draw] = one(...kinds)
    last = [random(span), random(span), random(100), last + random(100)][random(4)]!
    return draw(random, script).map(({ after = 0, ...event }: Drawn, _, { length }): ScriptEvent => {
      const atStep = length === 1 && 'slot' in event && may('event at a step', 2)
      return bearable({ ...event, at: last + after, ...(atStep ? { on: one(...STEPS) } : {}) }, script)
    })
  }).flat()
  return { ...script, events: events.filter(fits(script)).sort((a, b) => a.at - b.at) }
}

/** Each checkpoint lists what a storage has not deleted: with thousands of them one script would take the time of all others. */
const bearable = (event: ScriptEvent, { interval }: Script): ScriptEvent =>
  event.do === 'store' && event.calls === 'delete' ? { ...event, ms: Math.min(event.ms, 500 * interval) } : event

/** Keyed state cannot be dealt out anew, and a drain fires windows early: both by what they promise. */
const fits =
  ({ pipeline, parallelism, bounded }: Script) =>
  (event: ScriptEvent): boolean => {
    const keyed = pipeline.some(({ op }) => op === 'keyedScan' || op === 'windows')
    if (event.do === 'rescale' && keyed && event.parallelism !== parallelism) return false
    // The other job would be done before it meets this one.
    if (event.do === 'stranger' && bounded) return false
    return !('how' in event && event.how === 'drain' && pipeline.some(({ op }) => op === 'windows'))
  }
