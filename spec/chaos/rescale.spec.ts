import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from '@jest/globals'
import { firstValueFrom } from 'rxjs'
import { splitOwner } from '../../lib/source/enumerator/splitOwner.js'
import { openClient } from '../support/openClient.js'
import { describeKafka } from '../support/realKafka.js'
import type { CopyJobSettings } from './copyJob.js'
import { CopyJobProcess } from './CopyJobProcess.js'
import { expectEachOnceInOrder } from './expectEachOnceInOrder.js'
import { Feeder } from './Feeder.js'

const PARTITIONS = 6
const RATE = 2_000

/** Which subtasks run in which process, and how the run ends. */
const runs = [
  { parallelism: 2, processes: [[0], [1]], end: 'kill' },
  { parallelism: 3, processes: [[0, 2], [1]], end: 'kill' },
  { parallelism: 1, processes: [[0]], end: 'stop' },
  { parallelism: 4, processes: [[0], [1, 3], [2]], end: 'stop' },
] as const

describe('the number of subtasks', () => {
  describeKafka('of the exactly-once job in several processes', (kafka) => {
    const directory = mkdtempSync(join(tmpdir(), 'rx-kafka-rescale-'))
    const processes: CopyJobProcess[] = []
    afterEach(async () => {
      await Promise.all(processes.map((process) => process.kill()))
      rmSync(directory, { recursive: true, force: true })
    })

    it('should change between runs without a record lost, doubled or out of order, and never beside a run', async () => {
      const { bootstrapServers } = kafka()
      const client = await openClient(bootstrapServers)
      let feeder: Feeder | undefined
      try {
        const topics = ['rescale-in', 'rescale-out'].map((topic) => ({ topic, partitions: PARTITIONS }))
        await firstValueFrom(client.admin.createTopics(topics), { defaultValue: undefined })
        feeder = new Feeder(client, 'rescale-in', PARTITIONS, bootstrapServers)
        const settings = { bootstrapServers, from: 'rescale-in', to: 'rescale-out', directory, checkpointInterval: 200 }
        const start = (parallelism: number, subtasks: readonly number[]): CopyJobProcess => {
          const process = new CopyJobProcess({ ...settings, parallelism, subtasks })
          processes.push(process)
          return process
        }
        feeder.start(RATE)
        for (const { parallelism, processes, end } of runs) {
          const running = processes.map((subtasks) => start(parallelism, subtasks))
          await Promise.all(running.map((process) => process.tells('committed', 3)))

          const last = parallelism === 4
          if (last) {
            const refused = start(5, [4])
            // It tries again as long as the others run.
            await refused.tells('restarting')
            expect(refused.events[0]).toEqual({
              kind: 'restarting',
              because: expect.stringContaining('cannot start with parallelism 5'),
            })
            await refused.kill()
            await Promise.all(running.map((process) => process.tells('committed')))
            await feeder.stop()
            await feeder.caughtUp('copy')
          }
          const ends = await Promise.all(running.map((process) => (end === 'kill' ? process.kill() : process.stop())))
          expect(ends).toEqual(
            running.map(() => (end === 'kill' ? { code: null, signal: 'SIGKILL' } : { code: 0, signal: null })),
          )
        }
        expectEachOnceInOrder(await kafka().readCommitted('rescale-out'), feeder.written)
      } finally {
        await feeder?.stop()
        await firstValueFrom(client.close(), { defaultValue: undefined })
      }
    }, 600_000)

    it.each(['elements', 'splits'] as const)(
      'should commit by %s() what was prepared by a subtask that has no split afterwards',
      async (way) => {
        const { bootstrapServers } = kafka()
        const client = await openClient(bootstrapServers)
        // Its only partition moves: subtask 0 of 3 has the transaction, and no split.
        const moves = (topic: string): boolean =>
          splitOwner({ topic, partition: 0 }, 2) === 0 && splitOwner({ topic, partition: 0 }, 3) !== 0
        const from = Array.from({ length: 100 }, (_, n) => `moves-${way}-${n}`).find(moves)!
        const to = `${from}-out`
        const settings = { bootstrapServers, from, to, directory: join(directory, from), checkpointInterval: 200, way }
        const start = (job: Partial<CopyJobSettings>): CopyJobProcess => {
          const process = new CopyJobProcess({ ...settings, ...job })
          processes.push(process)
          return process
        }
        try {
          const topics = [from, to].map((topic) => ({ topic, partitions: 1 }))
          await firstValueFrom(client.admin.createTopics(topics), { defaultValue: undefined })
          const feeder = new Feeder(client, from, 1, bootstrapServers)
          feeder.write(100)
          await feeder.stop()
          const crash = { point: 'stored', occurrence: 1, records: 100 } as const
          const killed = await start({ parallelism: 2, subtasks: [0, 1], crash }).end()
          expect(killed).toEqual({ code: null, signal: 'SIGKILL' })
          expect(await kafka().readCommitted(to)).toEqual([])
          const next = start({ parallelism: 3, subtasks: [0, 1, 2] })
          await next.tells('committed')
          expect(await next.stop()).toEqual({ code: 0, signal: null })
          expectEachOnceInOrder(await kafka().readCommitted(to), feeder.written)
        } finally {
          await firstValueFrom(client.close(), { defaultValue: undefined })
        }
      },
      240_000,
    )
  })
})
