import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from '@jest/globals'
import { filter, firstValueFrom, interval, map } from 'rxjs'
import { writeMissingMarkers } from '../support/kafka/writeMissingMarkers.js'
import { describeKafka } from '../support/realKafka.js'
import { reportChaos } from './chaosReport.js'
import { CopyJobProcess } from './CopyJobProcess.js'
import { expectEachOnceInOrder } from './expectEachOnceInOrder.js'
import { Feeder } from './Feeder.js'
import { openClient } from '../support/openClient.js'
import { tally } from './tally.js'

const PARTITIONS = 4

/** Resolves when the job has committed in `count` transactions more than it had. */
const committedAgain = (job: CopyJobProcess, count: number) => {
  const committed = () => job.events.filter(({ kind }) => kind === 'committed').length
  const before = committed()
  return firstValueFrom(
    interval(50).pipe(
      map(committed),
      filter((now) => now >= before + count),
    ),
  )
}

describe('a broker restarted in the middle', () => {
  describeKafka('of the exactly-once job', { own: true }, (kafka) => {
    const directory = mkdtempSync(join(tmpdir(), 'rx-kafka-restart-'))
    let job: CopyJobProcess | undefined
    afterEach(async () => {
      await job?.kill()
      rmSync(directory, { recursive: true, force: true })
    })

    it('should lose, double and reorder nothing, and the job should go on by itself', async () => {
      const { bootstrapServers, brokers } = kafka()
      const client = await openClient(bootstrapServers)
      try {
        const topics = ['restart-in', 'restart-out'].map((topic) => ({ topic, partitions: PARTITIONS }))
        await firstValueFrom(client.admin.createTopics(topics), { defaultValue: undefined })
        const feeder = new Feeder(client, 'restart-in', PARTITIONS, bootstrapServers)
        job = new CopyJobProcess({
          ...{ bootstrapServers, directory, checkpointInterval: 200 },
          ...{ from: 'restart-in', to: 'restart-out' },
        })
        feeder.start(10_000)
        const began = performance.now()
        await committedAgain(job, 3)

        // Once politely, once not.
        await brokers[0]?.stop()
        await brokers[0]?.start()
        await committedAgain(job, 3)
        await brokers[0]?.kill()
        await brokers[0]?.start()
        await committedAgain(job, 3)

        await feeder.stop()
        await feeder.caughtUp('copy')
        expect({ ...(await job.stop()), stderr: job.stderr }).toEqual({
          code: 0,
          signal: null,
          stderr: expect.any(String),
        })
        const seconds = (performance.now() - began) / 1000
        // Readers stop at a transaction that the coordinator has committed and the broker has not marked.
        await writeMissingMarkers(kafka(), 'restart-out', PARTITIONS)
        const seen = await kafka().readCommitted('restart-out')
        const restarts = job.events.filter(({ kind }) => kind === 'restarting').length
        const row = { fault: 'the only broker stopped, and killed', rounds: 2, restarts, seconds }
        reportChaos({ ...row, ...tally(seen, [feeder.written])[0]! })
        expectEachOnceInOrder(seen, feeder.written)
      } finally {
        await firstValueFrom(client.close(), { defaultValue: undefined })
      }
    }, 300_000)
  })
})
