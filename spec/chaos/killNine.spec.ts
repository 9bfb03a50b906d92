import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from '@jest/globals'
import { firstValueFrom } from 'rxjs'
import { describeEachKafka } from '../support/realKafka.js'
import { reportChaos } from './chaosReport.js'
import { CopyJobProcess } from './CopyJobProcess.js'
import { CRASH_POINTS } from './crashPoints.js'
import { expectEachOnceInOrder } from './expectEachOnceInOrder.js'
import { Feeder } from './Feeder.js'
import { openClient } from '../support/openClient.js'
import { randomBySeed } from './randomBySeed.js'
import { tally } from './tally.js'

const PARTITIONS = 4
const RATE = 10_000
const ROUNDS = Number(process.env['CHAOS_ROUNDS'] ?? 4)
const SEED = Number(process.env['CHAOS_SEED'] ?? Date.now() % 1_000_000)

describe('kill -9', () => {
  describeEachKafka('of the exactly-once job', (kafka) => {
    const directory = mkdtempSync(join(tmpdir(), 'rx-kafka-chaos-'))
    let process: CopyJobProcess | undefined
    afterEach(async () => {
      await process?.kill()
      rmSync(directory, { recursive: true, force: true })
    })

    it(`should leave every record once and in order for Kafka's own consumer (CHAOS_SEED=${SEED})`, async () => {
      const { bootstrapServers } = kafka()
      const random = randomBySeed(SEED)
      const client = await openClient(bootstrapServers)
      try {
        const topics = ['chaos-in', 'chaos-out'].map((topic) => ({ topic, partitions: PARTITIONS }))
        await firstValueFrom(client.admin.createTopics(topics), { defaultValue: undefined })
        const feeder = new Feeder(client, 'chaos-in', PARTITIONS, bootstrapServers)
        const settings = { bootstrapServers, from: 'chaos-in', to: 'chaos-out', directory, checkpointInterval: 200 }
        feeder.start(RATE)
        const began = performance.now()

        // Every crash point as often as there are rounds, in an order drawn by seed.
        const points = Array.from({ length: ROUNDS }, () => CRASH_POINTS).flat()
        const plan = points.map((point) => ({ point, order: random(1e9) })).sort((a, b) => a.order - b.order)
        for (const [n, { point }] of plan.entries()) {
          // In the middle the job goes over to the other strategy, with what it was killed with.
          const naming = n < plan.length / 2 ? 'INCREMENTING' : 'POOLING'
          const crash = {
            point,
            occurrence: point === 'open' ? 1 + random(500) : 1 + random(3),
            records: 1 + random(1000),
          }
          process = new CopyJobProcess({ ...settings, naming, crash })
          const { signal } = await process.end()
          expect({ point, signal, stderr: process.stderr }).toEqual({ point, signal: 'SIGKILL', stderr: '' })
        }

        await feeder.stop()
        process = new CopyJobProcess({ ...settings, naming: 'POOLING' })
        await feeder.caughtUp('copy')
        expect(await process.stop()).toEqual({ code: 0, signal: null })

        const seconds = (performance.now() - began) / 1000
        const seen = await kafka().readCommitted('chaos-out')
        const kills = {
          fault: `kill -9 of the job, at each phase of a checkpoint, Kafka ${kafka().version}`,
          rounds: plan.length,
          restarts: plan.length,
        }
        reportChaos({ ...kills, ...tally(seen, [feeder.written])[0]!, seconds })
        expectEachOnceInOrder(seen, feeder.written)
        console.info(`${plan.length} kills, ${feeder.written.reduce((sum, n) => sum + n)} records, CHAOS_SEED=${SEED}`)
      } finally {
        await firstValueFrom(client.close(), { defaultValue: undefined })
      }
    }, 600_000)
  })
})
