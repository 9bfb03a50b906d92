import { readFileSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals'
import { lastValueFrom, tap } from 'rxjs'
import type { CheckpointCoordinator } from '../../../lib/checkpoint/CheckpointCoordinator.js'
import type { CheckpointStorage } from '../../../lib/checkpoint/store/CheckpointStorage.js'
import * as conformance from '../../../lib/conformance/index.js'
import * as rxKafka from '../../../lib/index.js'
import { MemoryKafka } from '../../../lib/memory/MemoryKafka.js'
import { codeBlocks } from '../../support/docs/codeBlocks.js'
import { runProgram } from '../../support/docs/runProgram.js'
import { typeCheck } from '../../support/docs/typeCheck.js'
import { S3Server } from '../../support/s3/S3Server.js'

const { describeCheckpointStorageContract, describeCheckpointStoreContract } = conformance

/** What Amazon's client reads: the program of the page says nothing of where its bucket is. */
const environment = { AWS_REGION: 'eu-central-1', AWS_ACCESS_KEY_ID: 'spec', AWS_SECRET_ACCESS_KEY: 'spec' }

interface Page {
  s3Storage(client: unknown, bucket: string, prefix: string): CheckpointStorage
  readonly client: { destroy(): void }
  readonly checkpoints: CheckpointCoordinator
}

const programs = codeBlocks(readFileSync('docs/object-store.md', 'utf8')).filter(({ language }) => language === 'ts')
const { S3Client } = jest.requireActual<{ S3Client: new (config: { endpoint: string }) => { destroy(): void } }>(
  '@aws-sdk/client-s3',
)

const start = (endpoint: string): Page => {
  Object.assign(process.env, environment, { AWS_ENDPOINT_URL_S3: endpoint })
  const page = {}
  runProgram(programs[0]!.text, { 'rx-kafka': rxKafka }, page)
  return page as Page
}

const before = { ...process.env }
afterAll(() => {
  process.env = before
})

// An S3 of yours, with a bucket of that name: S3_ENDPOINT=http://127.0.0.1:9000 S3_BUCKET=checkpoints
const { S3_ENDPOINT, S3_BUCKET = 'checkpoints' } = process.env
const server = new S3Server()
let page: Page
let client: { destroy(): void }
beforeAll(async () => {
  const endpoint = S3_ENDPOINT ?? (await server.start())
  page = start(endpoint)
  client = new S3Client({ endpoint })
})
afterAll(async () => {
  client.destroy()
  page.client.destroy()
  if (S3_ENDPOINT === undefined) await server.stop()
})

const framework = { afterEach, beforeEach, describe, expect, it }
const storageAt = (place: string): CheckpointStorage => page.s3Storage(client, S3_BUCKET, `${place}/`)
describeCheckpointStorageContract('S3', storageAt, framework)
// Each call in the memory of spec/checkpoint/store/CheckpointStorage.spec.ts: here one takes some ms.
describeCheckpointStoreContract('S3', storageAt, framework, { everyNthCall: 11 })

describe('docs/object-store.md', () => {
  it('should hold programs that the compiler accepts', () => {
    const [storage, suites] = programs.map(({ text }) => text)
    const sources = new Map([
      ['spec/s3Storage.ts', storage!],
      ['spec/suites.ts', suites!],
    ])
    expect(typeCheck(sources)).toEqual([])
  }, 180_000)

  it('should hold a storage of some 60 lines', () => {
    const [storage] = programs[0]!.text.split('\nexport const client')
    expect(storage!.trim().split('\n').length).toBeLessThanOrEqual(60)
  })

  it('should hold the program of a job that goes on where it was, on a storage whose answers are lost', async () => {
    const lossy = new S3Server({ loses: (nth) => nth % 3 === 1 })
    const kafka = new MemoryKafka({ topics: { flights: 1 } })
    const flights = rxKafka.KafkaSource.builder()
      .setBootstrapServers('kafka:9092')
      .setTopics('flights')
      .setStartingOffsets(rxKafka.OffsetsInitializer.earliest())
      .setValueOnlyDeserializer(new rxKafka.SimpleStringSchema())
      .build()
    const endpoint = await lossy.start()
    try {
      const read: string[][] = []
      for (const value of ['AMS', 'JFK']) {
        kafka.produce('flights', [{ value }])
        const { checkpoints, client: own } = start(endpoint)
        const values: string[] = []
        await lastValueFrom(
          flights.elements({ connect: kafka.connect, checkpoints }).pipe(
            rxKafka.recordsOnly(),
            tap((value) => {
              values.push(value)
              checkpoints.stopWithSavepoint({ drain: false }).subscribe()
            }),
          ),
          { defaultValue: undefined },
        )
        read.push(values)
        own.destroy()
      }
      expect(read).toEqual([['AMS'], ['JFK']])
      expect([...lossy.objects.keys()]).toContain('orders/attempt-000002/claim.json')
    } finally {
      await lossy.stop()
    }
  }, 60_000)
})
