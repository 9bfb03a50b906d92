import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from '@jest/globals'
import { firstValueFrom } from 'rxjs'
import { openClient } from '../support/openClient.js'
import { describeKafka } from '../support/realKafka.js'
import { reportChaos } from './chaosReport.js'
import { CopyJobProcess } from './CopyJobProcess.js'
import { STOP_POINTS } from './crashPoints.js'
import { expectEachOnceInOrder } from './expectEachOnceInOrder.js'
import { Feeder } from './Feeder.js'
import { randomBySeed } from './randomBySeed.js'
import { tally } from './tally.js'

const PARTITIONS = 4
const RATE = 2_000
const ROUNDS = Number(process.env['CHAOS_ROUNDS'] ?? 1)
const SEED = Number(process.env['CHAOS_SEED'] ?? Date.now() % 1_000_000)

describe('a process that is stopped, replaced and woken', () => {
  describeKafka('in the exactly-once job', (kafka) => {
    const directory = mkdtempSync(join(tmpdir(), 'rx-kafka-zombie-'))
    const processes: CopyJobProcess[] = []
    afterEach(async () => {
      await Promise.all(processes.map((process) => process.kill()))
      rmSync(directory, { recursive: true, force: true })
    })
    /** By their claims: what a woken process still writes of an attempt that was tidied away is no attempt, and is swept. */
    const attempts = () => readdirSync(directory).filter((name) => existsSync(join(directory, name, 'claim.json')))

    it(`should end with an error and change nothing, wherever it was stopped (CHAOS_SEED=${SEED})`, async () => {
      const { bootstrapServers } = kafka()
      const random = randomBySeed(SEED)
      const client = await openClient(bootstrapServers)
      let feeder: Feeder | undefined
      try {
        const topics = ['zombie-in', 'zombie-out'].map((topic) => ({ topic, partitions: PARTITIONS }))
        await firstValueFrom(client.admin.createTopics(topics), { defaultValue: undefined })
        feeder = new Feeder(client, 'zombie-in', PARTITIONS, bootstrapServers)
        const settings = { bootstrapServers, from: 'zombie-in', to: 'zombie-out', directory, checkpointInterval: 200 }
        const start = (point: (typeof STOP_POINTS)[number] | undefined): CopyJobProcess => {
          const stop = point && { point, occurrence: point === 'open' ? 1 + random(100) : 1 + random(3) }
          const process = new CopyJobProcess({ ...settings, ...(stop === undefined ? {} : { stop }) })
          processes.push(process)
          return process
        }
        feeder.start(RATE)
        const began = performance.now()

        // Every successor is the next one to be stopped.
        const points = Array.from({ length: ROUNDS }, () => STOP_POINTS).flat()
        let process = start(points[0])
        await process.tells('committed', 2)
        for (const [index, point] of points.entries()) {
          process.mayStop()
          await process.tells('stopped')
          const successor = start(points[index + 1])
          await successor.tells('committed', 2)
          const own = attempts()

          process.wake()
          const { code, signal } = await process.end()
          expect({ point, code, signal, stderr: process.stderr }).toEqual({
            point,
            code: 1,
            signal: null,
            stderr: expect.stringMatching(/has been superseded by attempt|A newer producer has taken over/),
          })

          await successor.tells('committed')
          // Older ones may be tidied away meanwhile; none comes, and the successor's own stays.
          const now = attempts()
          const came = now.filter((name) => !own.includes(name))
          expect({ point, came, newest: now.at(-1) }).toEqual({ point, came: [], newest: own.at(-1) })
          process = successor
        }

        await feeder.stop()
        await feeder.caughtUp('copy')
        expect(await process.stop()).toEqual({ code: 0, signal: null })
        const seconds = (performance.now() - began) / 1000
        const seen = await kafka().readCommitted('zombie-out')
        const stops = { rounds: points.length, restarts: points.length, seconds }
        reportChaos({ fault: 'the job stopped, replaced, and woken', ...tally(seen, [feeder.written])[0]!, ...stops })
        expectEachOnceInOrder(seen, feeder.written)
        console.info(
          `${points.length} zombies, ${feeder.written.reduce((sum, n) => sum + n)} records, CHAOS_SEED=${SEED}`,
        )
      } finally {
        await feeder?.stop()
        await firstValueFrom(client.close(), { defaultValue: undefined })
      }
    }, 600_000)
  })
})
