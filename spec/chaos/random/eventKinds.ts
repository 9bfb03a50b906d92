import { anyOf, type Random } from './Random.js'
import { BROKER_APIS, type BrokerApi, calm, type Script, type ScriptEvent } from './Script.js'

/** An event, and how long after the first of its group it comes, in ms. */
export type Drawn = (ScriptEvent extends infer E ? (E extends unknown ? Omit<E, 'at'> : never) : never) & {
  readonly after?: number
}

type Draw = (random: Random, script: Script) => readonly Drawn[]

/** Moments of a process in which a crash or a stop has been dangerous somewhere, sometime. */
export const STEPS = [
  ...['InitProducerId', 'AddPartitionsToTxn', 'Produce', 'EndTxn'].flatMap((api) => [`before ${api}`, `after ${api}`]),
  ...['begin', 'complete', 'markCommitted', 'create', 'write', 'list', 'read', 'delete'].flatMap((call) => [
    `before ${call}`,
    `after ${call}`,
  ]),
]

const STORE_CALLS = ['all', 'all', 'create', 'write', 'write', 'list', 'read', 'delete']

const slotOf = (random: Random) => ({ slot: random(3) })

const anyStop = (random: Random) => ({
  how: anyOf(random, ['suspend', 'drain', 'unsubscribe', 'kill'] as const),
  down: anyOf(random, [0, 10, 1_000]),
})

const toSavepoint = (random: Random) => ({ how: anyOf(random, ['suspend', 'drain'] as const) })

const anyNumber = (random: Random) => {
  const parallelism = 1 + random(3)
  return { parallelism, processes: 1 + random(parallelism) }
}

const storeFault = (random: Random, fault: 'fail' | 'loseAnswer' | 'slow', ms: number): Drawn => ({
  ...{ do: 'store', fault, calls: anyOf(random, STORE_CALLS), ms, by: anyOf(random, [30, 200, 1_500]) },
})

const brokerFault = (
  random: Random,
  fault: 'fail' | 'loseAnswer' | 'delay' | 'notCoordinator',
  apis: readonly BrokerApi[],
): Drawn => ({
  ...{ do: 'broker', fault, api: anyOf(random, apis), ms: anyOf(random, [50, 500, 3_000]) },
  ...{ by: anyOf(random, [5, 50, 300, 2_000]), times: anyOf(random, [1, 2, 5, 1_000]) },
})

const OF_TRANSACTIONS = ['InitProducerId', 'AddPartitionsToTxn', 'EndTxn'] as const

/** What can happen, by name: an event, or some that come together. */
export const eventKinds = {
  kill: (random) => [{ do: 'kill', ...slotOf(random), down: anyOf(random, [0, 10, 100, 1_000]) }],
  'kill, down for long': (random, { transactionTimeout }) => [
    { do: 'kill', ...slotOf(random), down: transactionTimeout + anyOf(random, [-2_000, 1_000]) },
  ],
  'second start': (random) => [{ do: 'start', ...slotOf(random), slow: 0 }],
  'second start, slow': (random) => [{ do: 'start', ...slotOf(random), slow: anyOf(random, [20, 100, 300]) }],
  'two starts': (random) => {
    const slow = slotOf(random)
    const starts = { do: 'start', ...slow } as const
    return [
      { ...starts, slow: anyOf(random, [20, 100, 300]) },
      { ...starts, slow: 0, after: random(20) },
    ]
  },
  sleep: (random) => [{ do: 'sleep', ...slotOf(random), ms: anyOf(random, [10, 100, 1_000, 8_000]) }],
  'sleep for long': (random, { transactionTimeout }) => [
    { do: 'sleep', ...slotOf(random), ms: transactionTimeout + anyOf(random, [-1_000, 1_000, 30_000]) },
  ],
  'sleep, and a successor': (random, { interval }) => {
    const slot = slotOf(random)
    const ms = random(8 * interval) + 10
    const start = { do: 'start', ...slot, slow: 0, after: random(ms) } as const
    return [{ do: 'sleep', ...slot, ms, ...(random(2) === 0 ? {} : { on: anyOf(random, STEPS) }) }, start]
  },
  'start that is refused': (random) => [{ do: 'falseStart', ...slotOf(random), ms: anyOf(random, [0, 10, 100]) }],
  'clock set': (random) => [{ do: 'clock', ...slotOf(random), ms: anyOf(random, [-3_600_000, 3_600_000, -1_000]) }],
  stop: (random) => [{ do: 'stop', ...anyStop(random), exit: 'end' }],
  'stop, down for very long': (random, { idExpiration }) => {
    const down = idExpiration < calm.idExpiration ? idExpiration + 1_000 : 61_000
    return [{ do: 'stop', ...toSavepoint(random), exit: 'end', down }]
  },
  'stop, exit on the answer': (random) => [{ do: 'stop', ...toSavepoint(random), exit: 'answer', down: random(1_000) }],
  rescale: (random) => [{ do: 'rescale', ...anyStop(random), ...anyNumber(random) }],
  'rescale behind a kill': (random) => [
    { do: 'kill', ...slotOf(random), down: 1_000 },
    { do: 'rescale', ...anyStop(random), ...anyNumber(random), after: random(500) },
  ],
  'prefix changes': (random) => [{ do: 'rename', ...anyStop(random) }],
  'checkpoints are deleted': () => [{ do: 'empty' }],
  'checkpoints are put back': (random) => [{ do: 'restore', ms: anyOf(random, [50, 500, 2_000]) }],
  'another job with the prefix': (random, { interval }) => [
    { do: 'stranger', ms: 1_000 + interval * anyOf(random, [5, 10]) },
  ],
  'store fails': (random) => [storeFault(random, 'fail', anyOf(random, [50, 500, 3_000]))],
  'store fails for long': (random, { transactionTimeout }) => [
    storeFault(random, 'fail', transactionTimeout * anyOf(random, [0.6, 1.1, 2])),
  ],
  'store fails for long, and a death': (random, { transactionTimeout }) => {
    const ms = transactionTimeout * anyOf(random, [0.4, 0.7])
    const kill = {
      do: 'kill',
      slot: 0,
      down: transactionTimeout - ms + 1_000,
      after: ms,
      on: 'after complete',
    } as const
    return [{ ...storeFault(random, 'fail', ms), calls: 'write' } as Drawn, kill]
  },
  'store loses answers': (random) => [storeFault(random, 'loseAnswer', anyOf(random, [50, 500]))],
  'store is slow': (random) => [storeFault(random, 'slow', anyOf(random, [500, 3_000]))],
  'broker fails': (random) => [brokerFault(random, 'fail', BROKER_APIS)],
  'broker loses answers': (random) => [brokerFault(random, 'loseAnswer', BROKER_APIS)],
  'broker is late': (random) => [
    brokerFault(
      random,
      'delay',
      BROKER_APIS.filter((api) => api !== 'InitProducerId'),
    ),
  ],
  'InitProducerId is late': (random) => [brokerFault(random, 'delay', ['InitProducerId'])],
  'coordinator moves': (random) => [brokerFault(random, 'notCoordinator', OF_TRANSACTIONS)],
  'commits take long': (random) => [
    {
      ...{ do: 'broker', fault: 'notCoordinator', api: 'EndTxn' },
      ms: anyOf(random, [5_000, 12_000]),
      by: 0,
      times: 1e6,
    },
  ],
  'leader moves': (random, { partitions, outPartitions }) => {
    const topic = anyOf(random, ['out', 'in0', 'also'])
    const partition = random(topic === 'in0' ? partitions : outPartitions)
    return [{ do: 'leader', topic, partition, ms: random(500) }]
  },
} satisfies Readonly<Record<string, Draw>>

/** Kinds of events that matter more than others. */
export const FREQUENT = /^(kill|stop|rescale|sleep|second start)/
