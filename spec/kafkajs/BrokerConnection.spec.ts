import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type { KafkaConfig } from '../../lib/client/KafkaConfig.js'
import { BrokerConnection } from '../../lib/kafkajs/BrokerConnection.js'
import { ConnectionMetrics } from '../../lib/metrics/ConnectionMetrics.js'
import { noMetrics } from '../../lib/metrics/noMetrics.js'
import type { KafkaApi } from '../../lib/protocol/requests/KafkaApi.js'
import { FakeBroker } from './support/FakeBroker.js'
import { until } from './support/until.js'

const echo: KafkaApi<string, string> = {
  apiKey: 3,
  apiVersion: 8,
  apiName: 'Echo',
  encode: (text) => Buffer.from(text),
  decode: (body) => body.toString(),
}

const timeouts = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length

describe('BrokerConnection', () => {
  let broker: FakeBroker
  let connection: BrokerConnection

  const connect = (overrides: Partial<KafkaConfig> = {}): BrokerConnection =>
    new BrokerConnection(
      { host: '127.0.0.1', port: broker.port },
      {
        bootstrapServers: [],
        clientId: 'spec',
        connectionTimeoutMs: 1000,
        requestTimeoutMs: 1000,
        retryBackoffMs: 1,
        retryBackoffMaxMs: 1,
        metadataMaxAgeMs: 1,
        ...overrides,
      },
      new ConnectionMetrics(noMetrics, () => 0),
    )

  beforeEach(async () => {
    broker = await FakeBroker.start()
    broker.on(echo.apiKey, ({ body }) => body)
    connection = connect()
  })

  afterEach(async () => {
    await connection.close()
    await broker.stop()
  })

  it('should answer, over one socket, in the order of the calls', async () => {
    const answers = await Promise.all(['a', 'b', 'c'].map((text) => connection.send(echo, text)))

    expect(answers).toEqual(['a', 'b', 'c'])
    expect(broker.requests(echo.apiKey).map(({ body }) => String(body))).toEqual(['a', 'b', 'c'])
    expect(broker.accepted).toBe(1)
  })

  it('should give up a request that is overdue, with its connection, and open another for the next', async () => {
    connection = connect({ requestTimeoutMs: 50 })
    broker.on(echo.apiKey, ({ body }) => (String(body) === 'lost' ? undefined : body))
    const lost = connection.send(echo, 'lost')
    const behind = connection.send(echo, 'behind', { timeoutMs: 10_000 })

    await expect(lost).rejects.toMatchObject({ _tag: 'Timeout', retriable: true, api: 'Echo' })
    await expect(behind).rejects.toMatchObject({ _tag: 'Connection', retriable: true })
    await expect(connection.send(echo, 'next')).resolves.toBe('next')
    expect(broker.accepted).toBe(2)
  })

  it('should reject what is in flight when the connection is cut, and open another for the next', async () => {
    await connection.send(echo, 'first')
    broker.on(echo.apiKey, () => {
      broker.cut()
      return undefined
    })
    await expect(connection.send(echo, 'cut')).rejects.toMatchObject({ _tag: 'Connection', retriable: true })

    broker.on(echo.apiKey, ({ body }) => body)
    await expect(connection.send(echo, 'next')).resolves.toBe('next')
    expect(broker.accepted).toBe(2)
  })

  it('should notice between requests that the broker closed the connection', async () => {
    await connection.send(echo, 'first')
    broker.cut()
    await until(() => !connection.isOpen)

    await expect(connection.send(echo, 'next')).resolves.toBe('next')
  })

  it('should say that nobody listens', async () => {
    await broker.stop()

    await expect(connection.send(echo, 'x')).rejects.toMatchObject({ _tag: 'Connection', retriable: true })
    broker = await FakeBroker.start()
  })

  it('should end an attempt to connect to a broker that accepts and stays silent', async () => {
    broker.on(18, () => undefined)
    connection = connect({ connectionTimeoutMs: 30, requestTimeoutMs: 30 })

    await expect(connection.send(echo, 'x')).rejects.toMatchObject({ _tag: 'Connection', retriable: true })
    await until(() => broker.sockets.size === 0)
  })

  it('should name the API that a broker is too old, or too new, for', async () => {
    await broker.stop()
    broker = await FakeBroker.start((apiKey) => (apiKey === echo.apiKey ? [9, 12] : [0, 20]))
    connection = connect()

    await expect(connection.send(echo, 'x')).rejects.toMatchObject({
      _tag: 'Unsupported',
      retriable: false,
      message: expect.stringContaining('Echo: we speak 8, the broker speaks versions 9 to 12'),
    })
  })

  it('should wait for no answer where none is expected', async () => {
    broker.on(echo.apiKey, () => undefined)

    await expect(connection.send(echo, 'x', { expectResponse: false })).resolves.toBeUndefined()
  })

  it('should pass on what decoding throws, and go on', async () => {
    const damaged = {
      ...echo,
      decode: () => {
        throw new RangeError('damaged')
      },
    }

    await expect(connection.send(damaged, 'x')).rejects.toThrow('damaged')
    await expect(connection.send(echo, 'next')).resolves.toBe('next')
    expect(broker.accepted).toBe(1)
  })

  it('should hold back requests while the broker asks for it, then send them', async () => {
    const throttled: KafkaApi<string, { throttleTimeMs: number }> = { ...echo, decode: () => ({ throttleTimeMs: 60 }) }
    await connection.send(throttled, 'first')
    const startedAt = performance.now()

    await connection.send(echo, 'later')

    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(55)
  })

  it('should keep no timer while it is idle', async () => {
    const before = timeouts()
    await connection.send(echo, 'x')
    await connection.send(echo, 'y')

    expect(timeouts()).toBe(before)
  })

  it('should leave no socket and no timer when it is closed with requests in flight', async () => {
    const before = timeouts()
    await connection.send(echo, 'first')
    broker.on(echo.apiKey, () => undefined)
    const inFlight = connection.send(echo, 'x')
    const rejected = expect(inFlight).rejects.toMatchObject({ _tag: 'Connection' })
    await until(() => broker.received.some(({ body }) => String(body) === 'x'))

    await connection.close()
    await rejected

    expect(timeouts()).toBe(before)
    await until(() => broker.sockets.size === 0)
    await expect(connection.send(echo, 'late')).rejects.toMatchObject({ _tag: 'Connection' })
  })

  it('should leave nothing when it is closed while it opens', async () => {
    const before = timeouts()
    const opening = connection.send(echo, 'x')
    const rejected = expect(opening).rejects.toMatchObject({ _tag: 'Connection' })

    await connection.close()
    await rejected

    expect(timeouts()).toBe(before)
    await until(() => broker.sockets.size === 0)
  })
})
