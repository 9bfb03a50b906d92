import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { first, firstValueFrom, lastValueFrom } from 'rxjs'
import type { KafkaClient } from '../../../lib/client/KafkaClient.js'
import { latestOffset } from '../../../lib/client/OffsetSpec.js'
import { TopicPartition } from '../../../lib/client/TopicPartition.js'
import { producerConfig } from '../../../lib/conformance/client/ContractScene.js'
import { openClient } from '../../support/openClient.js'
import { describeKafka } from '../../support/realKafka.js'
import { tools } from '../../support/kafka/startKafka.js'
import { type cases, STOPPED_SINK } from './cases.js'
import type { MemoryFigures } from './MemoryCase.js'

const KiB = 1024
const MiB = 1024 * KiB

const tsx = createRequire(join(process.cwd(), 'package.json')).resolve('tsx')

interface Fill {
  readonly partitions: number
  /** of each partition */
  readonly records: number
  readonly bytes: number
}

describeKafka('memory', (kafka) => {
  let client: KafkaClient
  beforeAll(async () => {
    client = await openClient(kafka().bootstrapServers)
  }, 30_000)
  afterAll(() => firstValueFrom(client.close()))

  const create = async (name: string, partitions: number, config = {}): Promise<string> => {
    const topic = `memory-${name}-${Date.now()}`
    const creation$ = client.admin.createTopics([{ topic, partitions, replicationFactor: 1, config }])
    await firstValueFrom(creation$, { defaultValue: undefined })
    // Answered when every partition has its leader.
    const all = Array.from({ length: partitions }, (_, i) => [new TopicPartition(topic, i), latestOffset] as const)
    await firstValueFrom(client.admin.listOffsets(all, 'read_uncommitted'))
    return topic
  }

  const fill = async (topic: string, { partitions, records, bytes }: Fill): Promise<void> => {
    const producer = client.producer(
      producerConfig({ batchSize: 256 * KiB, maxRequestSize: 2 * MiB, deliveryTimeoutMs: 120_000 }),
    )
    const value = Buffer.alloc(bytes, 'x')
    for (let n = 0; n < records; n++) {
      for (let partition = 0; partition < partitions; partition++) {
        if (!producer.append({ topic, partition, value })) await firstValueFrom(producer.room$.pipe(first()))
      }
    }
    await lastValueFrom(producer.flush())
    await lastValueFrom(producer.close())
  }

  const measure = async (name: keyof typeof cases, topic: string, output = ''): Promise<MemoryFigures> => {
    const input = { bootstrapServers: kafka().bootstrapServers, topic, output }
    const script = join(process.cwd(), 'spec', 'integration', 'memory', 'runCase.ts')
    const args = ['--expose-gc', '--import', tsx, script, name, JSON.stringify(input)]
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 240_000 })
    const figures = JSON.parse(stdout) as MemoryFigures
    const inMiB = (bytes: number) => `${(bytes / MiB).toFixed(1)} MiB`
    console.info(`${topic}: ${name} read ${figures.records}, held ${inMiB(figures.held)}, peak ${inMiB(figures.peak)}`)
    return figures
  }

  describe('of a lag of 200 MB', () => {
    let topic: string
    beforeAll(async () => {
      const lag = { partitions: 4, records: 5000, bytes: 10 * KiB }
      topic = await create('lag', lag.partitions)
      await fill(topic, lag)
    }, 120_000)

    it('should be two fetches a partition while nobody takes more', async () => {
      const { records, held, peak } = await measure('stoppedConsumer', topic)
      expect(records).toBeGreaterThan(0)
      expect(records).toBeLessThan(2000)
      expect(held).toBeLessThan(24 * MiB)
      expect(peak).toBeLessThan(320 * MiB)
    }, 120_000)

    it('should be buffer.memory besides while the sink takes no more', async () => {
      const output = await create('stopped', 4)
      const { code, stderr } = await kafka().tool(tools.ConfigCommand, [
        ...['--bootstrap-server', kafka().bootstrapServers, '--alter', '--add-config', 'producer_byte_rate=1'],
        ...['--entity-type', 'clients', '--entity-name', STOPPED_SINK],
      ])
      expect({ code, stderr }).toMatchObject({ code: 0 })
      const { records, held, peak } = await measure('stoppedSink', topic, output)
      expect(records).toBeGreaterThan(700)
      expect(records).toBeLessThan(3000)
      expect(held).toBeLessThan(40 * MiB)
      expect(peak).toBeLessThan(320 * MiB)
    }, 120_000)
  })

  it('should be bounded by fetch.max.bytes, of a thousand partitions with 200 MB', async () => {
    const lag = { partitions: 1000, records: 4, bytes: 50 * KiB }
    const topic = await create('thousand', lag.partitions)
    await fill(topic, lag)

    const { records, held, peak } = await measure('stoppedConsumer', topic)
    expect(records).toBeGreaterThan(0)
    expect(held).toBeLessThan(150 * MiB)
    expect(peak).toBeLessThan(500 * MiB)
    expect(await measure('consumer', topic)).toMatchObject({ records: 4000 })
  }, 300_000)

  it('should be a few records, of 200 MB in records of a megabyte', async () => {
    const lag = { partitions: 1, records: 200, bytes: 1_048_000 }
    const topic = await create('megabytes', lag.partitions)
    await fill(topic, lag)

    const stopped = await measure('stoppedConsumer', topic)
    expect(stopped.held).toBeLessThan(12 * MiB)
    const { records, peak } = await measure('consumer', topic)
    expect(records).toBe(200)
    expect(peak).toBeLessThan(300 * MiB)
  }, 300_000)
})
