import { randomBySeed } from '../randomBySeed.js'
import { BROKER_APIS, calm, type InputRecord, type Operator, type Script, type ScriptEvent } from './Script.js'

/** Whole numbers from 0 to below `n`. */
type Random = (n: number) => number

/** Things that a script may have, by name, to leave them out. */
export type Feature =
  keyof typeof eventKinds | 'splits' | 'sinks without their subtask' | 'event at a step' | 'ids are forgotten'

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
  const script: Script = {
    ...calm,
    sources,
    partitions,
    outPartitions: 1 + random(2),
    records: anyRecords(random, { sources, partitions, span, bounded, bad: random(6) === 0 }),
    way: may('splits', 5) ? 'splits' : 'elements',
    pipeline,
    sinks: one<1 | 2>(1, 1, 1, 2),
    guarantee,
    bounded,
    parallelism,
    processes: 1 + random(parallelism),
    sinksKnowSubtask: !may('sinks without their subtask', 6),
    interval,
    timeout: one(1_000, 2_000, 5_000),
    tolerableFailures: one(0, 0, 1, 3, 100),
    maxConcurrent: one(1, 1, 1, 2, 3),
    transactionTimeout: one(30_000, 60_000),
    idExpiration: may('ids are forgotten', 6) ? 70_000 : calm.idExpiration,
    abortInterval: one(0, 10_000),
    retry: one(null, 20, 200, 1_000),
    restart: one(50, 200, 1_000),
    brokerMs: one(0, 1, 1, 3, 10),
    storeMs: one(0, 1, 5, 20),
    poll: one(1, 3, 10),
  }
  // Those that stop or start something are drawn more often.
  const kinds = Object.entries(eventKinds)
    .filter(([kind]) => !without.includes(kind as Feature))
    .flatMap((kind) => (FREQUENT.test(kind[0]) ? [kind, kind, kind] : [kind]))
  // Some come together, some early.
  let last = 0
  const events = Array.from({ length: 1 + random(5) }, (): ScriptEvent => {
    const [, make] = one(...kinds)
    const event = make(random, script)
    const steps = 'slot' in event && may('event at a step', 2)
    last = [random(span), random(span), random(100), last + random(100)][random(4)]!
    return { ...event, at: last, ...(steps ? { on: one(...STEPS) } : {}) }
  })
  return { ...script, events: events.filter(fits(script)).sort((a, b) => a.at - b.at) }
}

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

const anyPipeline = (random: Random, guarantee: Script['guarantee']): readonly Operator[] => {
  const makers: readonly (() => Operator)[] = [
    () => ({ op: 'map' }),
    () => ({ op: 'filter', drop: 2 + random(3) }),
    () => ({ op: 'flatMap', times: 1 + random(3) }),
    () => ({
      op: 'mapAsync',
      ms: random(20),
      concurrency: 1 + random(4),
      order: random(3) === 0 ? 'unordered' : 'ordered',
    }),
    () => ({ op: 'keyedScan' }),
    () => ({
      op: 'windows',
      kind: (['tumbling', 'sliding', 'session'] as const)[random(3)]!,
      size: 2 * (6 + random(20)),
    }),
    ...(guarantee === 'AT_LEAST_ONCE' ? [(): Operator => ({ op: 'processBatches', ms: random(20) })] : []),
  ]
  const pipeline = Array.from({ length: random(4) }, () => makers[random(makers.length)]!())
  // Windows are few, and need the event times that the records came with.
  const windows = pipeline.findIndex(({ op }) => op === 'windows')
  return pipeline
    .filter((operator, index) => operator.op !== 'windows' || index === windows)
    .filter(({ op }, index) => op !== 'processBatches' || windows < 0 || index > windows)
    .map((operator) =>
      // Odd, since times are even: a record that just touches a session that has fired is one of its own.
      operator.op === 'windows' && operator.kind === 'session' ? { ...operator, size: operator.size + 1 } : operator,
    )
}

const anyRecords = (
  random: Random,
  {
    sources,
    partitions,
    span,
    bounded,
    bad,
  }: { sources: number; partitions: number; span: number; bounded: boolean; bad: boolean },
): readonly InputRecord[] => {
  const count = 1 + random(24)
  const clocks = new Map<string, number>()
  const numbers = new Map<string, number>()
  return Array.from({ length: count }, () => (bounded || random(3) === 0 ? 0 : random(span)))
    .sort((a, b) => a - b)
    .map((at): InputRecord => {
      const source = random(sources)
      const partition = random(partitions)
      const lane = `${source}:${partition}`
      const n = numbers.get(lane) ?? 0
      numbers.set(lane, n + 1)
      const clock = (clocks.get(lane) ?? 100) + (random(5) === 0 ? 40 : 2)
      clocks.set(lane, clock)
      const time = clock - 2 * random(3)
      return {
        at,
        source,
        partition,
        n,
        key: 'abc'[random(3)]!,
        time,
        ...(bad && random(4) === 0 ? { bad: true } : {}),
      }
    })
}

/** Moments of a process in which a crash or a stop has been dangerous somewhere, sometime. */
export const STEPS = [
  ...['InitProducerId', 'AddPartitionsToTxn', 'Produce', 'EndTxn'].flatMap((api) => [`before ${api}`, `after ${api}`]),
  ...['begin', 'complete', 'markCommitted'].flatMap((call) => [`before ${call}`, `after ${call}`]),
]

const anyOf = <T>(random: Random, values: readonly T[]): T => values[random(values.length)]!

const anyFault = (random: Random) => ({
  api: anyOf(random, BROKER_APIS),
  ms: anyOf(random, [50, 500, 3_000]),
  by: anyOf(random, [5, 50, 300, 2_000]),
  times: anyOf(random, [1, 2, 5, 1_000]),
})

const anyStop = (random: Random) => ({
  how: anyOf(random, ['suspend', 'drain', 'unsubscribe', 'kill'] as const),
  down: anyOf(random, [0, 10, 1_000]),
})

const anyNumber = (random: Random) => {
  const parallelism = 1 + random(3)
  return { parallelism, processes: 1 + random(parallelism) }
}

type Make = (random: Random, script: Script) => ScriptEvent

const at = 0

/** What can happen, by name. */
const eventKinds = {
  kill: (random) => ({ at, do: 'kill', slot: random(3), down: anyOf(random, [0, 10, 100, 1_000]) }),
  'kill, down for long': (random, { transactionTimeout }) => ({
    ...{ at, do: 'kill', slot: random(3), down: transactionTimeout + anyOf(random, [-2_000, 1_000]) },
  }),
  'second start': (random) => ({ at, do: 'start', slot: random(3), slow: 0 }),
  'second start, slow': (random) => ({ at, do: 'start', slot: random(3), slow: anyOf(random, [20, 100, 300]) }),
  sleep: (random) => ({ at, do: 'sleep', slot: random(3), ms: anyOf(random, [10, 100, 1_000, 8_000]) }),
  'sleep for long': (random, { transactionTimeout }) => ({
    ...{ at, do: 'sleep', slot: random(3), ms: transactionTimeout + anyOf(random, [-1_000, 1_000, 30_000]) },
  }),
  'start that is refused': (random) => ({ at, do: 'falseStart', slot: random(3), ms: anyOf(random, [0, 10, 100]) }),
  'clock set': (random) => ({ at, do: 'clock', slot: random(3), ms: anyOf(random, [-3_600_000, 3_600_000, -1_000]) }),
  stop: (random) => ({ at, do: 'stop', ...anyStop(random), exit: 'end' }),
  'stop, down for very long': (random, { idExpiration }) => ({
    ...{ at, do: 'stop', how: anyOf(random, ['suspend', 'drain'] as const), exit: 'end' },
    down: idExpiration < calm.idExpiration ? idExpiration + 1_000 : 61_000,
  }),
  'stop, exit on the answer': (random) => ({
    ...{ at, do: 'stop', how: anyOf(random, ['suspend', 'drain'] as const), exit: 'answer', down: random(1_000) },
  }),
  rescale: (random) => ({ at, do: 'rescale', ...anyStop(random), ...anyNumber(random) }),
  'prefix changes': (random) => ({ at, do: 'rename', ...anyStop(random) }),
  'checkpoints are deleted': () => ({ at, do: 'empty' }),
  'another job with the prefix': (random, { interval }) => ({
    ...{ at, do: 'stranger', ms: 1_000 + interval * anyOf(random, [5, 10]) },
  }),
  'store fails': (random) => ({
    ...{
      at,
      do: 'store',
      fault: 'fail',
      calls: anyOf(random, STORE_CALLS),
      ms: anyOf(random, [50, 500, 3_000]),
      by: 0,
    },
  }),
  'store fails for long': (random, { transactionTimeout }) => ({
    ...{ at, do: 'store', fault: 'fail', calls: anyOf(random, STORE_CALLS), by: 0 },
    ms: transactionTimeout * anyOf(random, [0.6, 1.1, 2]),
  }),
  'store loses answers': (random) => ({
    ...{ at, do: 'store', fault: 'loseAnswer', calls: anyOf(random, STORE_CALLS), ms: anyOf(random, [50, 500]), by: 0 },
  }),
  'store is slow': (random) => ({
    ...{ at, do: 'store', fault: 'slow', calls: anyOf(random, STORE_CALLS) },
    ...{ ms: anyOf(random, [500, 3_000]), by: anyOf(random, [30, 200, 1_500]) },
  }),
  'broker fails': (random) => ({ at, do: 'broker', fault: 'fail', ...anyFault(random) }),
  'broker loses answers': (random) => ({ at, do: 'broker', fault: 'loseAnswer', ...anyFault(random) }),
  'broker is late': (random) => {
    const fault = anyFault(random)
    return { at, do: 'broker', fault: 'delay', ...fault, api: fault.api === 'InitProducerId' ? 'Produce' : fault.api }
  },
  'InitProducerId is late': (random) => ({
    at,
    do: 'broker',
    fault: 'delay',
    ...anyFault(random),
    api: 'InitProducerId',
  }),
  'coordinator moves': (random) => ({
    ...{ at, do: 'broker', fault: 'notCoordinator', ...anyFault(random) },
    api: anyOf(random, ['InitProducerId', 'AddPartitionsToTxn', 'EndTxn'] as const),
  }),
  'commits take long': (random) => ({
    ...{
      at,
      do: 'broker',
      fault: 'notCoordinator',
      api: 'EndTxn',
      ms: anyOf(random, [5_000, 12_000, 20_000]),
      by: 0,
      times: 1e6,
    },
  }),
  'leader moves': (random, { partitions, outPartitions }) => {
    const topic = anyOf(random, ['out', 'in0', 'also'])
    return { at, do: 'leader', topic, partition: random(topic === 'in0' ? partitions : outPartitions), ms: random(500) }
  },
} satisfies Readonly<Record<string, Make>>

/** Kinds of events that matter more than others. */
const FREQUENT = /^(kill|stop|rescale|sleep|second start)/

const STORE_CALLS = ['all', 'complete', 'markCommitted', 'begin', 'lease.renew']
