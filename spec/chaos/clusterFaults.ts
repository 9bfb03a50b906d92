import { setTimeout as delay } from 'node:timers/promises'
import { tools } from '../support/kafka/startKafka.js'
import type { ApiName } from '../support/proxy/frames.js'
import type { Conditions } from '../support/proxy/KafkaProxy.js'
import type { ChaosLab } from './ChaosLab.js'
import type { CopyJobSettings } from './copyJob.js'

/** Short, so that a cut can be longer. */
const SHORT_TRANSACTION_TIMEOUT_MS = 8_000
/** Longer than it takes until a broker has seen that a transaction is overdue. */
const LONG_CUT_MS = SHORT_TRANSACTION_TIMEOUT_MS + 2_500
/** So that silence is noticed soon; every wait for it is longer. */
export const REQUEST_TIMEOUT_MS = 4_000

/** A line of the table of what can go wrong, and of what is asked of the job then. */
export interface ClusterFault {
  readonly fault: string
  /** Resolves when all is well again with brokers and network; how the job is doing is another matter. */
  readonly strike: (lab: ChaosLab) => Promise<unknown>
  /** `goesOn` by itself from where it is; `restarts`: an error, and on from a checkpoint */
  readonly job: 'goesOn' | 'restarts'
  /** how the job is run for this; what most are run with by default */
  readonly settings?: Partial<CopyJobSettings>
  /** strikes while the job starts for the first time */
  readonly firstStart?: true
  /** left out in the short form */
  readonly long?: true
}

const responseLost = (api: ApiName, provoke: (lab: ChaosLab) => void = () => undefined): ClusterFault => ({
  fault: `responses lost: ${api}`,
  job: 'goesOn',
  strike: async (lab) => {
    const met = lab.meet({ api, moment: 'response', times: 3, act: () => 'cut' })
    provoke(lab)
    await met
  },
})

const oneBroker = (fault: string, conditions: Conditions): ClusterFault => ({
  fault,
  job: 'goesOn',
  strike: async ({ proxies, random }) => {
    const proxy = proxies.proxies[random(3)]!
    await proxy.become(conditions)
    await delay(REQUEST_TIMEOUT_MS + 1_000)
    await proxy.become({})
  },
})

const slowNetwork = (fault: string, conditions: Conditions): ClusterFault => ({
  fault,
  job: 'goesOn',
  strike: async ({ proxies, job }) => {
    await proxies.become(conditions)
    await job.commits(3)
    await proxies.become({})
  },
})

/** The others carry the job on while it is down. */
const brokerKilled = (id: number): ClusterFault => ({
  fault: `broker ${id} killed, and started again`,
  job: 'goesOn',
  strike: async (lab) => {
    await lab.broker(id).kill()
    await lab.job.commits(3)
    await lab.broker(id).start()
    await lab.whole()
  },
})

const brokerKilledAt = (fault: string, api: ApiName, moment: 'request' | 'response'): ClusterFault => ({
  fault,
  job: 'goesOn',
  strike: async (lab) => {
    let killed = 0
    let gone: Promise<void> | undefined
    await lab.meet({
      ...{ api, moment },
      act: ({ brokerId }) => {
        killed = brokerId
        gone = lab.broker(brokerId).kill()
        return moment === 'request' ? 'pass' : 'cut'
      },
    })
    await gone
    await lab.job.commits(3)
    await lab.broker(killed).start()
    await lab.whole()
  },
})

/** Every broker is out of reach from that moment on. */
const cutAt = (api: ApiName, moment: 'request' | 'response', ms: number) => async (lab: ChaosLab) => {
  await lab.job.commits(1)
  await lab.meet({
    ...{ api, moment },
    act: () => {
      lab.isolate()
      return 'cut'
    },
  })
  await delay(ms)
  await lab.proxies.become({})
}

const shortTransactions = { sinkProperties: { 'transaction.timeout.ms': String(SHORT_TRANSACTION_TIMEOUT_MS) } }

/** What is asked once only, when a job starts with nothing. */
const STARTING: readonly ApiName[] = [
  ...(['ApiVersions', 'Metadata', 'OffsetFetch', 'ListOffsets'] as const),
  ...(['DescribeConfigs', 'FindCoordinator', 'InitProducerId'] as const),
]

export const clusterFaults: readonly ClusterFault[] = [
  {
    fault: 'responses lost at the first start: one of each kind',
    job: 'goesOn',
    firstStart: true,
    strike: (lab) => Promise.all(STARTING.map((api) => lab.meet({ api, moment: 'response', act: () => 'cut' }))),
  },
  responseLost('ApiVersions', (lab) => lab.proxies.cut()),
  responseLost('Metadata'),
  responseLost('FindCoordinator'),
  responseLost('InitProducerId'),
  responseLost('AddPartitionsToTxn'),
  responseLost('Produce'),
  responseLost('EndTxn'),
  responseLost('Fetch'),
  responseLost('OffsetCommit'),

  slowNetwork('every answer 200 ms later', { delayMs: 100 }),
  slowNetwork('20 kB a second on each connection', { bytesPerSecond: 20_000 }),
  { ...oneBroker('a broker that swallows requests', { blackhole: 'requests' }), long: true },
  oneBroker('a broker that swallows responses', { blackhole: 'responses' }),
  {
    fault: 'all connections cut, ten times',
    job: 'goesOn',
    strike: async ({ proxies, random }) => {
      for (let n = 0; n < 10; n++) {
        await delay(random(300))
        proxies.cut(n % 2 === 0 ? 'rst' : 'fin')
      }
    },
  },
  {
    fault: 'a broker that refuses connections',
    job: 'goesOn',
    strike: async ({ proxies, random }) => {
      const proxy = proxies.proxies[random(3)]!
      await proxy.become({ refuse: true })
      proxy.cut()
      await delay(3_000)
      await proxy.become({})
    },
  },

  ...[1, 2, 3].map((id) => ({ ...brokerKilled(id), long: true as const })),
  brokerKilledAt("the transaction coordinator's broker killed with the commit", 'EndTxn', 'request'),
  {
    ...brokerKilledAt("the transaction coordinator's broker killed after the commit", 'EndTxn', 'response'),
    long: true,
  },
  brokerKilledAt("a leader's broker killed during a fetch", 'Fetch', 'request'),
  { ...brokerKilledAt("a leader's broker killed after a produce", 'Produce', 'response'), long: true },
  {
    fault: 'a broker stopped (SIGSTOP), and woken',
    job: 'goesOn',
    strike: async (lab) => {
      const broker = lab.broker(1 + lab.random(3))
      broker.pause()
      await delay(REQUEST_TIMEOUT_MS)
      await lab.job.commits(3)
      broker.resume()
      await lab.whole()
    },
  },
  {
    fault: 'brokers stopped and started in turn',
    job: 'goesOn',
    long: true,
    strike: async (lab) => {
      for (const broker of lab.kafka.brokers) {
        await broker.stop()
        await broker.start()
        await lab.whole()
      }
    },
  },
  {
    fault: 'leaders moved',
    job: 'goesOn',
    strike: async (lab) => {
      const { kafka } = lab
      await lab.rotateReplicas()
      const { code, stderr } = await kafka.tool(tools.LeaderElectionCommand, [
        ...['--bootstrap-server', kafka.bootstrapServers],
        ...['--election-type', 'preferred', '--all-topic-partitions'],
      ])
      if (code !== 0) throw new Error(stderr)
    },
  },

  {
    fault: 'all cut off with the commit, shorter than the transaction time-out',
    job: 'goesOn',
    strike: cutAt('EndTxn', 'request', 3_000),
  },
  {
    // Right behind a commit, with checkpoints so far apart that none is on its way; and a batch without an answer keeps the next
    // one from completing.
    fault: 'all cut off for longer than that, in an open transaction',
    job: 'restarts',
    long: true,
    settings: { ...shortTransactions, checkpointInterval: 2_000 },
    strike: cutAt('Produce', 'response', LONG_CUT_MS),
  },
  {
    // Its checkpoint is complete, but nothing after it is visible yet: the job goes back to the one before, and reads those records again.
    fault: 'all cut off for longer than that, with the commit',
    job: 'restarts',
    settings: shortTransactions,
    strike: cutAt('EndTxn', 'request', LONG_CUT_MS),
  },
]
