import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { asyncScheduler, lastValueFrom, type SchedulerLike, tap } from 'rxjs'
import type { KafkaClient } from '../../lib/client/KafkaClient.js'
import type { KafkaConfig, Logger } from '../../lib/client/KafkaConfig.js'
import type { KafkaError } from '../../lib/client/KafkaError.js'
import { TopicPartition } from '../../lib/client/TopicPartition.js'
import { connectKafkaJs } from '../../lib/kafkajs/connectKafkaJs.js'
import { apiVersionsApi } from '../../lib/protocol/requests/apiVersions.js'
import { metadataApi } from '../../lib/protocol/requests/metadata.js'
import { fetcherConfig } from '../../lib/conformance/client/ContractScene.js'
import { FakeBroker } from './support/FakeBroker.js'
import { FakeCluster } from './support/FakeCluster.js'
import { ownTimers } from './support/ownTimers.js'
import { until } from './support/until.js'

/** Timers of real sockets, on a clock that runs twenty times as fast: what is told after seconds is told soon. */
const hurried = (): SchedulerLike => {
  const startedAt = performance.now()
  return Object.assign(Object.create(asyncScheduler) as SchedulerLike, {
    now: () => startedAt + (performance.now() - startedAt) * 20,
  })
}

describe('brokers in trouble', () => {
  let cluster: FakeCluster
  let warned: string[]
  let logger: Logger
  const clients: KafkaClient[] = []

  beforeEach(async () => {
    cluster = await FakeCluster.start(2)
    warned = []
    const silent = () => undefined
    logger = { debug: silent, info: silent, error: silent, warn: (line) => void warned.push(line) }
  })
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => lastValueFrom(client.close())))
    await cluster.stop()
  })

  const connect = (overrides: Partial<KafkaConfig> = {}) =>
    connectKafkaJs(cluster.config({ logger, scheduler: hurried(), ...overrides })).pipe(
      tap((client) => clients.push(client)),
    )

  /** A hundred partitions that the second broker leads, all wanted. */
  const readHundred = async (overrides: Partial<KafkaConfig> = {}) => {
    cluster.lead('t', ...Array.from({ length: 100 }, () => 1))
    const [first] = cluster.config().bootstrapServers
    const client = await lastValueFrom(connect({ bootstrapServers: [first!], ...overrides }))
    const fetcher = client.fetcher(fetcherConfig())
    const failures: KafkaError[] = []
    fetcher.fetched$.subscribe((fetched) => {
      if (fetched._tag === 'FetchFailed') failures.push(fetched.error)
    })
    for (let n = 0; n < 100; n++) {
      fetcher.assign(new TopicPartition('t', n), 0)
      fetcher.request(new TopicPartition('t', n))
    }
    return { failures }
  }

  it('should tell of one that is dead by one line, with growing pauses, and that it is there again', async () => {
    const [, second] = cluster.brokers
    const { port } = second!
    await second!.stop()
    const { failures } = await readHundred()
    await until(() => warned.length >= 2, 8000)
    const again = await FakeBroker.start(undefined, { port })
    await until(() => warned.some((line) => line.includes('can be reached again')), 8000)
    await again.stop()
    const [told, toldAgain] = warned.map((line) => Number(/cannot be reached for (\d+) s/.exec(line)?.[1]))
    expect(warned[0]).toMatch(
      new RegExp(
        `^Broker 127\\.0\\.0\\.1:${port} cannot be reached for \\d+ s, .*: The connection to broker 127\\.0\\.0\\.1:${port} failed: .*ECONNREFUSED`,
      ),
    )
    expect(warned[0]).toContain('advertised.listeners')
    expect(told).toBeGreaterThanOrEqual(5)
    expect(toldAgain).toBeGreaterThanOrEqual(told! + 5)
    expect(warned.filter((line) => line.includes('t-'))).toEqual([])
    expect(failures).toEqual([])
  }, 20_000)

  it('should name an advertised address that does not resolve, and that the broker gave it', async () => {
    cluster.advertised.set(1, 'kafka..internal')
    await readHundred()
    await until(() => warned.length > 0, 8000)
    expect(warned[0]).toMatch(
      /^Broker kafka\.\.internal:\d+ cannot be reached .*does not resolve here\. The brokers gave it \(advertised\.listeners\)/,
    )
  }, 20_000)

  it('should tell of one that answers and does not let us read by one line, and that it does again', async () => {
    let refuses = true
    cluster.onFetch = () => (refuses ? { errorCode: 56 } : undefined)
    await readHundred()
    await until(() => warned.length > 0, 8000)
    refuses = false
    await until(() => warned.some((line) => line.includes('can be read again')), 8000)
    expect(warned[0]).toMatch(
      /^100 partitions \(t-0, t-1, t-2 and 97 more\) cannot be read from broker 1 \(127\.0\.0\.1:\d+\) for \d+ s, .*KAFKA_STORAGE_ERROR \(56\)/,
    )
    expect(warned.filter((line) => line.includes('again, after'))).toHaveLength(1)
  }, 20_000)

  it('should tell of partitions without a leader by one line', async () => {
    cluster.lead('u', ...Array.from({ length: 10 }, () => -1))
    const client = await lastValueFrom(connect())
    const fetcher = client.fetcher(fetcherConfig())
    for (let n = 0; n < 10; n++) {
      fetcher.assign(new TopicPartition('u', n), 0)
      fetcher.request(new TopicPartition('u', n))
    }
    await until(() => warned.length > 0, 8000)
    expect(warned[0]).toMatch(
      /^10 partitions \(u-0, u-1, u-2 and 7 more\) cannot be read for \d+ s, and are tried again: it has no leader/,
    )
  }, 20_000)

  it('should say at once that a cluster is waited for at the start, and go on when it comes', async () => {
    const [first] = cluster.brokers
    const { port } = first!
    await cluster.stop()
    const started = lastValueFrom(
      connect({ bootstrapServers: [{ host: '127.0.0.1', port }], requestTimeoutMs: 20_000 }),
    )
    await until(() => warned.length > 0)
    expect(warned[0]).toMatch(
      new RegExp(
        `^The cluster of bootstrap\\.servers \\(127\\.0\\.0\\.1:${port}\\) does not answer; it is waited for, up to 20 s \\(request\\.timeout\\.ms\\)\\. .*ECONNREFUSED`,
      ),
    )
    const come = await FakeBroker.start(undefined, { port })
    come.on(metadataApi.apiKey, ({ body }) => cluster['metadata'](body))
    await started
    expect(warned.at(-1)).toMatch(/^The cluster of bootstrap\.servers .* answers now, after /)
    await come.stop()
  }, 30_000)

  it('should end the start after request.timeout.ms, with the last reason', async () => {
    const mute = await FakeBroker.start()
    mute.on(apiVersionsApi.apiKey, () => undefined)
    const startedAt = performance.now()
    const bootstrapServers = [{ host: '127.0.0.1', port: mute.port }]
    await expect(
      lastValueFrom(
        connect({ bootstrapServers, connectionTimeoutMs: 200, requestTimeoutMs: 1000, scheduler: asyncScheduler }),
      ),
    ).rejects.toMatchObject({
      ...{ _tag: 'Connection', retriable: true },
      message: expect.not.stringContaining('tried again'),
    })
    expect(performance.now() - startedAt).toBeGreaterThan(500)
    expect(warned.filter((line) => line.startsWith('The cluster of bootstrap.servers'))).toHaveLength(1)
    await mute.stop()
  }, 20_000)

  it('should wait no longer for the cluster when nobody waits for the client', async () => {
    await cluster.stop()
    const timers = ownTimers()
    const waiting = timers.start(() => connect({ requestTimeoutMs: 600_000 }).subscribe())
    await until(() => warned.length > 0)
    waiting.unsubscribe()
    expect(await timers.left()).toBe(0)
  })
})
