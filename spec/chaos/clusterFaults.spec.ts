import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals'
import { describeKafka } from '../support/realKafka.js'
import { ChaosLab, TOPICS } from './ChaosLab.js'
import { type ChaosRow, chaosTable, reportChaos } from './chaosReport.js'
import { type ClusterFault, clusterFaults, REQUEST_TIMEOUT_MS } from './clusterFaults.js'
import type { CopyJobSettings } from './copyJob.js'
import { randomBySeed } from './randomBySeed.js'
import { addTallies, noTally, tally, type Tally } from './tally.js'

const RATE = 2_000
const LONG = process.env['CHAOS_ROUNDS'] !== undefined
const ROUNDS = Number(process.env['CHAOS_ROUNDS'] ?? 1)
const SEED = Number(process.env['CHAOS_SEED'] ?? Date.now() % 1_000_000)
/** a part of the table by hand, e.g. `CHAOS_FAULTS=killed` */
const FAULTS = new RegExp(process.env['CHAOS_FAULTS'] ?? '')
const PATIENCE_MS = 300_000

describe('faults of a cluster', () => {
  const config = {
    'min.insync.replicas': '2',
    'transaction.state.log.min.isr': '2',
    'transaction.abort.timed.out.transaction.cleanup.interval.ms': '500',
  }
  describeKafka(
    'of three brokers, under the exactly-once job',
    { own: true, brokers: 3, clientListener: true, config },
    (kafka) => {
      const directory = mkdtempSync(join(tmpdir(), 'rx-kafka-cluster-'))
      let lab: ChaosLab | undefined
      beforeAll(async () => {
        // The feeder meets the same brokers, and warns of them.
        jest.spyOn(console, 'warn').mockImplementation(() => undefined)
        lab = await ChaosLab.open(kafka(), randomBySeed(SEED))
      }, 60_000)
      afterAll(async () => {
        jest.restoreAllMocks()
        await lab?.close()
        rmSync(directory, { recursive: true, force: true })
      })

      it(
        `should lose, double and reorder nothing (CHAOS_SEED=${SEED})`,
        async () => {
          const { job, feeder, proxies, random } = lab!
          const properties = {
            'request.timeout.ms': String(REQUEST_TIMEOUT_MS),
            'socket.connection.setup.timeout.ms': String(REQUEST_TIMEOUT_MS),
          }
          const calm: CopyJobSettings = {
            ...{ bootstrapServers: proxies.bootstrapServers, ...TOPICS, directory },
            ...{ checkpointInterval: 200, startAt: 'committed' },
            sourceProperties: { ...properties, 'partition.discovery.interval.ms': '1000' },
            sinkProperties: properties,
          }
          const settingsOf = ({ settings }: ClusterFault): CopyJobSettings => ({
            ...{ ...calm, ...settings },
            sinkProperties: { ...properties, ...settings?.sinkProperties },
          })
          const plan = inRounds(
            clusterFaults.filter(({ fault, long }) => FAULTS.test(fault) && (LONG || long === undefined)),
            random,
          )
          const bounds: (readonly number[])[] = []
          const strikes: Struck[] = []

          feeder.start(RATE)
          for (const fault of plan) {
            const began = performance.now()
            const before = { restarts: job.restarts.length, named: job.namedLost }
            const starting =
              fault.firstStart === true ? undefined : job.runWith(settingsOf(fault), calm).then(() => job.commits(1))
            await within(lab!, fault, async () => {
              await starting
              const struck = fault.strike(lab!)
              if (fault.firstStart) job.start(settingsOf(fault), calm)
              await struck
              bounds.push(await lab!.caughtUp())
            })
            const restarts = job.restarts.slice(before.restarts)
            strikes.push({ restarts, named: job.namedLost - before.named, seconds: (performance.now() - began) / 1000 })
          }
          await feeder.stop()
          bounds.push(await lab!.checkpointed())
          await job.stop()

          const tallies = tally(await kafka().readCommitted(TOPICS.to), bounds)
          const rows = plan.map((fault, index) => ({ ...fault, ...tallies[index]!, ...strikes[index]! }))
          const table = inOneRow(rows)
          reportChaos(...table)
          const reasons = rows.flatMap(({ fault, restarts }) => restarts.map((reason) => `${fault}: ${reason}`))
          console.info([`CHAOS_SEED=${SEED}`, chaosTable(table), ...reasons].join('\n'))
          expect(rows.map(whatHappened)).toEqual(rows.map(whatShould))
        },
        (LONG ? 120 : 30) * 60_000,
      )
    },
  )
})

/** What one strike did to the job. */
interface Struck {
  /** why it began again from its last checkpoint */
  readonly restarts: readonly string[]
  /** records that it said are lost */
  readonly named: number
  readonly seconds: number
}

type Outcome = ClusterFault & Tally & Struck

const whatHappened = ({ fault, lost, doubled, outOfOrder, named, restarts }: Outcome) => ({
  ...{ fault, lost, named, doubled, outOfOrder, restarts },
})

/** Nothing may go wrong; and a fault that should end the job and does not has not been one. */
const whatShould = ({ fault, job, restarts }: Outcome) => ({
  ...{ fault, lost: 0, named: 0, doubled: 0, outOfOrder: 0 },
  restarts: job === 'goesOn' ? [] : [restarts[0] ?? 'a restart', ...restarts.slice(1)],
})

/** The first start first; then round by round in an order drawn by seed, those with settings of their own behind. */
const inRounds = (faults: readonly ClusterFault[], random: (n: number) => number): readonly ClusterFault[] => {
  const shuffled = (part: readonly ClusterFault[]) =>
    part
      .map((fault) => ({ fault, order: random(1e9) }))
      .sort((a, b) => a.order - b.order)
      .map(({ fault }) => fault)
  const first = faults.filter(({ firstStart }) => firstStart)
  const plain = faults.filter(({ firstStart, settings }) => firstStart === undefined && settings === undefined)
  const special = faults.filter(({ settings }) => settings !== undefined)
  return [...first, ...Array.from({ length: ROUNDS }, () => [...shuffled(plain), ...shuffled(special)]).flat()]
}

/** A spec that waits for ever says nothing; this says where it stood. */
const within = async (lab: ChaosLab, { fault }: ClusterFault, act: () => Promise<void>): Promise<void> => {
  let impatience: NodeJS.Timeout | undefined
  const tooLong = new Promise<never>((_, reject) => {
    impatience = setTimeout(() => {
      const restarts = lab.job.restarts.join('\n')
      reject(new Error(`${fault}: not over after ${PATIENCE_MS} ms\n${restarts}\nThe job says: ${lab.job.lastWords}`))
    }, PATIENCE_MS)
  })
  await Promise.race([act(), tooLong]).finally(() => clearTimeout(impatience))
}

/** What was tried in several rounds is one row. */
const inOneRow = (outcomes: readonly Outcome[]): readonly ChaosRow[] =>
  [...new Set(outcomes.map(({ fault }) => fault))].map((fault) => {
    const rounds = outcomes.filter((outcome) => outcome.fault === fault)
    const sum = (of: (outcome: Outcome) => number) => rounds.reduce((total, outcome) => total + of(outcome), 0)
    return {
      ...{ fault, rounds: rounds.length },
      ...rounds.reduce(addTallies, noTally),
      named: sum(({ named }) => named),
      restarts: sum(({ restarts }) => restarts.length),
      seconds: sum(({ seconds }) => seconds),
    }
  })
