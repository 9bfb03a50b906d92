import { cpSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { concatMap, filter, firstValueFrom, interval, take } from 'rxjs'
import type { KafkaClient } from '../../lib/client/KafkaClient.js'
import type { TransactionDescription } from '../../lib/client/TransactionDescription.js'
import { openClient } from '../support/openClient.js'
import { describeKafka } from '../support/realKafka.js'
import type { CopyJobSettings } from './copyJob.js'
import { CopyJobProcess } from './CopyJobProcess.js'
import { expectEachOnceInOrder } from './expectEachOnceInOrder.js'
import { Feeder } from './Feeder.js'

const PARTITIONS = 2
const RATE = 500

/** So that a broker aborts, and forgets, within a spec what takes it minutes and a week. */
const config = {
  'transaction.abort.timed.out.transaction.cleanup.interval.ms': '200',
  'transactional.id.expiration.ms': '20000',
  'transaction.remove.expired.transaction.cleanup.interval.ms': '500',
}
const TRANSACTION_TIMEOUT = '3000'

describe('the exactly-once job in real processes', () => {
  describeKafka('when two of them meet, or one pauses for long', { own: true, config }, (kafka) => {
    let client: KafkaClient
    let feeder: Feeder
    let directory: string
    let processes: CopyJobProcess[]
    let settings: CopyJobSettings
    let rounds = 0

    beforeEach(async () => {
      const { bootstrapServers } = kafka()
      directory = mkdtempSync(join(tmpdir(), 'rx-kafka-pauses-'))
      processes = []
      const [from, to] = [`pauses-in-${rounds}`, `pauses-out-${rounds++}`]
      client = await openClient(bootstrapServers)
      const topics = [from, to].map((topic) => ({ topic, partitions: PARTITIONS }))
      await firstValueFrom(client.admin.createTopics(topics), { defaultValue: undefined })
      feeder = new Feeder(client, from, PARTITIONS, bootstrapServers)
      settings = {
        ...{ bootstrapServers, from, to, directory: join(directory, 'checkpoints'), checkpointInterval: 200 },
        sinkProperties: { 'transaction.timeout.ms': TRANSACTION_TIMEOUT },
      }
    })

    afterEach(async () => {
      await Promise.all(processes.map((process) => process.kill()))
      await feeder.stop()
      await firstValueFrom(client.close(), { defaultValue: undefined })
      rmSync(directory, { recursive: true, force: true })
    })

    const start = (special: Partial<CopyJobSettings> = {}): CopyJobProcess => {
      const process = new CopyJobProcess({ ...settings, ...special })
      processes.push(process)
      return process
    }

    /** Resolves when the broker says so of each transactional id that the job can have used. */
    const transactions = (holds: (described: readonly TransactionDescription[]) => boolean): Promise<unknown> => {
      const ids = Array.from({ length: 200 }, (_, n) => `copy-${settings.to}-0-${n}`)
      return firstValueFrom(
        interval(100).pipe(
          concatMap(() => client.admin.describeTransactions(ids)),
          filter((described) => holds([...described.values()])),
          take(1),
        ),
      )
    }
    const noneIsOpen = (described: readonly TransactionDescription[]): boolean =>
      described.every(({ state }) => state !== 'Ongoing' && state !== 'PrepareAbort')

    const nothingLostOrDoubled = async (last: CopyJobProcess): Promise<void> => {
      await feeder.stop()
      await feeder.caughtUp('copy')
      expect(await last.stop()).toEqual({ code: 0, signal: null })
      expectEachOnceInOrder(await kafka().readCommitted(settings.to), feeder.written)
    }

    it('should leave one of two that start at once, whichever that is', async () => {
      feeder.start(RATE)
      for (let round = 0; round < 3; round++) {
        const both = [start(), start()]
        const loser = await Promise.race(both.map((process) => process.end().then(() => process)))
        expect(loser.stderr).toMatch(/has been superseded by attempt/)
        const winner = both.find((process) => process !== loser)!
        await winner.tells('committed', 2)
        if (round === 2) return nothingLostOrDoubled(winner)
        await winner.kill()
      }
    }, 300_000)

    it('should lose nothing when it sleeps longer than transaction.timeout.ms, with what no checkpoint holds yet', async () => {
      feeder.start(RATE)
      const process = start({ stop: { point: 'open', occurrence: 20 } })
      await process.tells('committed', 2)
      process.mayStop()
      await process.tells('stopped')
      await transactions(noneIsOpen)
      process.wake()
      await process.tells('restarting')
      await process.tells('committed', 2)
      await nothingLostOrDoubled(process)
    }, 300_000)

    it('should lose nothing when it is down longer than transaction.timeout.ms, behind a stored checkpoint', async () => {
      feeder.start(RATE)
      await start({ crash: { point: 'stored', occurrence: 3, records: 100 } }).end()
      await transactions(noneIsOpen)
      const process = start()
      await process.tells('restarting')
      expect(process.events[0]).toEqual({
        kind: 'restarting',
        because: expect.stringContaining('the job goes back to the checkpoint before it, and nothing is lost'),
      })
      await process.tells('committed', 2)
      await nothingLostOrDoubled(process)
    }, 300_000)

    it('should start again after the brokers have forgotten its transactional ids', async () => {
      feeder.write(1_000)
      const first = start()
      await first.tells('committed')
      await feeder.stop()
      await feeder.caughtUp('copy')
      expect(await first.stop()).toEqual({ code: 0, signal: null })
      await transactions((described) => described.length === 0)
      feeder.start(RATE)
      const process = start()
      await process.tells('committed', 2)
      await nothingLostOrDoubled(process)
    }, 300_000)

    it('should say so when another job uses its transactional id prefix', async () => {
      feeder.start(RATE)
      const first = start()
      await first.tells('committed', 2)
      const other = start({ directory: join(directory, 'of-another-job') })
      await first.end()
      expect(first.stderr).toContain(
        `Another job has begun to use the transactional id prefix "copy-${settings.to}" (subtask 0)`,
      )
      await other.tells('committed')
    }, 300_000)

    it('should end when its checkpoints are deleted, and when they are put back to an older copy', async () => {
      feeder.start(RATE)
      const first = start()
      await first.tells('committed', 2)
      const copy = join(directory, 'copy')
      copyOfRunning(settings.directory, copy)
      await first.tells('committed', 2)
      // In one step: the job is writing there.
      renameSync(settings.directory, join(directory, 'gone'))
      expect(await first.end()).toEqual({ code: 1, signal: null })
      expect(first.stderr).toContain('The checkpoint store no longer knows attempt-000001')

      cpSync(copy, settings.directory, { recursive: true })
      const second = start()
      expect(await second.end()).toEqual({ code: 1, signal: null })
      expect(second.stderr).toContain('Or the store was put back to an older copy')
    }, 300_000)
  })
})

/** A copy of a folder in which a job is at work: what it deletes while it is copied is no reason to fail, but to begin anew. */
const copyOfRunning = (from: string, to: string, tries = 20): void => {
  try {
    cpSync(from, to, { recursive: true })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || tries === 1) throw error
    rmSync(to, { recursive: true, force: true })
    copyOfRunning(from, to, tries - 1)
  }
}
