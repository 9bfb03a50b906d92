import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from '@jest/globals'
import { firstValueFrom, interval, type Subscription } from 'rxjs'
import type { KafkaClient } from '../../lib/client/KafkaClient.js'
import { decodeProducerConfig } from '../../lib/config/producerConfig.js'
import { openClient } from '../support/openClient.js'
import { describeKafka } from '../support/realKafka.js'
import type { Scenario } from './leaveNothing.js'

const TOPIC = 'nothing-left'
const tsx = createRequire(join(process.cwd(), 'package.json')).resolve('tsx')

const silence = /^$/

const endings: readonly (readonly [Scenario, string, output: RegExp, warnings: RegExp])[] = [
  ['finish', 'a bounded stream that has completed', /^completed\n$/, silence],
  ['savepoint', 'a stream stopped with a savepoint', /^completed\n$/, silence],
  ['unsubscribe', 'a stream that was unsubscribed', /^unsubscribed\n$/, silence],
  [
    'fail',
    'a stream that failed',
    /^error: a fault of the program \(record at offset \d+ of nothing-left-\d\)\n$/,
    silence,
  ],
  [
    'unreachable',
    'a stream whose cluster cannot be reached',
    /^error: .*127\.0\.0\.1:1.*\n$/,
    /^The cluster of bootstrap\.servers \(127\.0\.0\.1:1\) does not answer; it is waited for, up to 2 s .*\n$/,
  ],
]

describeKafka('a process that has used a source and a sink', (kafka) => {
  const directory = mkdtempSync(join(tmpdir(), 'rx-kafka-left-'))
  afterAll(() => rmSync(directory, { recursive: true, force: true }))

  for (const [scenario, what, output, warnings] of endings) {
    it(`should end by itself after ${what}: no timer, no socket, no temporary file`, async () => {
      const { bootstrapServers } = kafka()
      const client = await openClient(bootstrapServers)
      const records = await feed(client, bootstrapServers)
      const checkpoints = join(directory, scenario)
      const settings = JSON.stringify({ scenario, bootstrapServers, directory: checkpoints, topic: TOPIC })
      const child = spawn(process.execPath, ['--import', tsx, join('spec', 'integration', 'leaveNothing.ts')], {
        env: { ...process.env, SCENARIO: settings },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      try {
        const text = { out: '', err: '' }
        child.stdout.on('data', (chunk) => (text.out += String(chunk)))
        child.stderr.on('data', (chunk) => (text.err += String(chunk)))
        const [code] = (await once(child, 'close')) as [number]
        expect({ code, ...text }).toEqual({
          code: 0,
          out: expect.stringMatching(output),
          err: expect.stringMatching(warnings),
        })
        // What could not begin has not touched the store.
        expect(existsSync(checkpoints)).toBe(scenario !== 'unreachable')
        const files = scenario === 'unreachable' ? [] : readdirSync(checkpoints, { recursive: true }).map(String)
        expect(files.filter((name) => /\.tmp/.test(name))).toEqual([])
      } finally {
        child.kill('SIGKILL')
        records.unsubscribe()
        await firstValueFrom(client.close(), { defaultValue: undefined })
      }
    }, 60_000)
  }
})

/** Records that keep coming, so that there is always something under way. */
const feed = async (client: KafkaClient, bootstrapServers: string): Promise<Subscription> => {
  const topics = [TOPIC, `${TOPIC}-out`]
  const known = await firstValueFrom(client.admin.describeTopics(topics))
  const missing = topics.filter((topic) => known.every(({ name }) => name !== topic))
  if (missing.length > 0) {
    const wanted = missing.map((topic) => ({ topic, partitions: 2 }))
    await firstValueFrom(client.admin.createTopics(wanted), { defaultValue: undefined })
  }
  const decoded = decodeProducerConfig({ 'bootstrap.servers': bootstrapServers })
  if (decoded._tag === 'Left') throw new Error(JSON.stringify(decoded.left))
  const producer = client.producer(decoded.right.producer)
  return interval(10).subscribe((n) => producer.append({ topic: TOPIC, partition: n % 2, value: String(n) }))
}
