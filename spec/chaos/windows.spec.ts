import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from '@jest/globals'
import { firstValueFrom } from 'rxjs'
import type { KafkaClient } from '../../lib/client/KafkaClient.js'
import { decodeProducerConfig } from '../../lib/config/producerConfig.js'
import { openClient } from '../support/openClient.js'
import { describeKafka } from '../support/realKafka.js'
import { reportChaos } from './chaosReport.js'
import { randomBySeed } from './randomBySeed.js'
import { sessionSpans } from './sessionSpans.js'
import { type Event, eventsOf, expectedWindows } from './windowsOfEvents.js'
import type { WindowsProcessSettings } from './windowsProcess.js'

const PARTITIONS = 2
const EVENTS = 4_000
const GAP = 12
const SEED = Number(process.env['CHAOS_SEED'] ?? Date.now() % 1_000_000)

const require = createRequire(join(process.cwd(), 'package.json'))

const write = async (client: KafkaClient, bootstrapServers: string, events: readonly Event[]): Promise<void> => {
  const decoded = decodeProducerConfig({ 'bootstrap.servers': bootstrapServers })
  if (decoded._tag === 'Left') throw new Error(JSON.stringify(decoded.left))
  const producer = client.producer(decoded.right.producer)
  for (const event of events) producer.append({ topic: 'windows-in', ...event })
  await firstValueFrom(producer.flush(), { defaultValue: undefined })
}

describe('kill -9', () => {
  describeKafka('of a job with windows', (kafka) => {
    const directory = mkdtempSync(join(tmpdir(), 'rx-kafka-windows-'))
    let kill: () => void = () => undefined
    afterEach(() => {
      kill()
      rmSync(directory, { recursive: true, force: true })
    })

    /** Lives until it ends by itself, or by its crash. */
    const live = async (settings: WindowsProcessSettings) => {
      const child = spawn(
        process.execPath,
        ['--import', require.resolve('tsx'), join(process.cwd(), 'spec', 'chaos', 'windowsProcess.ts')],
        { env: { ...process.env, JOB: JSON.stringify(settings) }, stdio: ['ignore', 'ignore', 'pipe'] },
      )
      kill = () => child.kill('SIGKILL')
      let stderr = ''
      child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
      const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
      return { code, signal, stderr }
    }

    it(`should leave every window once, with all its records (CHAOS_SEED=${SEED})`, async () => {
      const { bootstrapServers } = kafka()
      const random = randomBySeed(SEED)
      const client = await openClient(bootstrapServers)
      try {
        const topics = [
          { topic: 'windows-in', partitions: PARTITIONS },
          { topic: 'windows-out', partitions: 1 },
        ]
        await firstValueFrom(client.admin.createTopics(topics), { defaultValue: undefined })
        const now = Date.now()
        const events = Array.from({ length: PARTITIONS }, (_, p) => eventsOf(p, EVENTS, random, now)).flat()
        await write(client, bootstrapServers, events)
        const began = performance.now()

        const settings = { bootstrapServers, directory, gap: GAP }
        const points = ['stored', 'prepared', 'committed'] as const
        for (const point of points) {
          const crash = { point, occurrence: 2 + random(2) }
          const end = await live({ ...settings, crash })
          expect({ point, ...end }).toEqual({ point, code: null, signal: 'SIGKILL', stderr: '' })
        }
        expect(await live(settings)).toEqual({ code: 0, signal: null, stderr: '' })

        const seconds = (performance.now() - began) / 1000
        const written = (await kafka().readCommitted('windows-out')).map(({ value }) => String(value))
        const expected = expectedWindows(events, sessionSpans(GAP))
        const seen = new Set(written)
        const missing = expected.filter((window) => !seen.has(window))
        reportChaos({
          fault: 'kill -9 of a job with windows, while a checkpoint is made',
          rounds: points.length,
          restarts: points.length,
          records: expected.length,
          lost: missing.length,
          doubled: written.length + missing.length - expected.length,
          outOfOrder: 0,
          seconds,
        })
        expect(written.toSorted()).toEqual(expected.toSorted())
      } finally {
        await firstValueFrom(client.close(), { defaultValue: undefined })
      }
    }, 300_000)
  })
})
