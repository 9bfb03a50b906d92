import { type AddressInfo, createServer, Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import type { KafkaConfig } from '../../lib/client/KafkaConfig.js'
import { BrokerConnection } from '../../lib/kafkajs/BrokerConnection.js'
import { ConnectionMetrics } from '../../lib/metrics/ConnectionMetrics.js'
import { noMetrics } from '../../lib/metrics/noMetrics.js'
import type { KafkaApi } from '../../lib/protocol/requests/KafkaApi.js'
import { FakeBroker } from './support/FakeBroker.js'
import { ownTimers } from './support/ownTimers.js'
import { until } from './support/until.js'

const echo = {
  apiKey: 3,
  apiVersion: 8,
  apiName: 'Echo',
  encode: (text: string) => Buffer.from(text),
  decode: (body: Buffer) => body.toString(),
} satisfies KafkaApi<string, string>

describe('BrokerConnection', () => {
  let broker: FakeBroker
  let connection: BrokerConnection

  const connect = (overrides: Partial<KafkaConfig> = {}, { host = '127.0.0.1', port = broker.port } = {}) =>
    new BrokerConnection(
      { host, port },
      {
        bootstrapServers: [],
        clientId: 'spec',
        connectionTimeoutMs: 1000,
        requestTimeoutMs: 1000,
        retryBackoffMs: 1,
        retryBackoffMaxMs: 1,
        reconnectBackoffMs: 1,
        reconnectBackoffMaxMs: 1,
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

  it('should speak the newest version that the broker does', async () => {
    const newer = { ...echo, apiVersion: 12, encode: (text: string) => Buffer.from(`new ${text}`), older: echo }
    await expect(connection.send(newer, 'x')).resolves.toBe('new x')
    await broker.stop()
    for (const [range, answer] of [
      [[0, 11], 'x'],
      [[0, 12], 'new x'],
    ] as const) {
      broker = await FakeBroker.start((apiKey) => (apiKey === echo.apiKey ? range : [0, 20]))
      broker.on(echo.apiKey, ({ body }) => body)
      connection = connect()
      await expect(connection.send(newer, 'x')).resolves.toBe(answer)
      expect(broker.requests(echo.apiKey)).toMatchObject([{ apiVersion: answer === 'x' ? 8 : 12 }])
      await connection.close()
      await broker.stop()
    }
    broker = await FakeBroker.start()
  })

  it('should wait for no answer where none is expected', async () => {
    broker.on(echo.apiKey, () => undefined)

    await expect(connection.send(echo, 'x', { expectResponse: false })).resolves.toBeUndefined()
  })

  it('should drop a connection whose answer cannot be read, with all that waits on it, and open another', async () => {
    await connection.send(echo, 'first')
    const damaged = {
      ...echo,
      decode: () => {
        throw new RangeError('damaged')
      },
    }
    const unreadable = connection.send(damaged, 'x')
    const behind = connection.send(echo, 'behind')

    await expect(unreadable).rejects.toMatchObject({
      ...{ _tag: 'Connection', retriable: true, api: 'Echo' },
      message: `The answer of broker 127.0.0.1:${broker.port} to Echo cannot be read, and its connection was closed: damaged`,
    })
    await expect(behind).rejects.toMatchObject({ _tag: 'Connection', retriable: true })
    await expect(connection.send(echo, 'next')).resolves.toBe('next')
    expect(broker.accepted).toBe(2)
  })

  it('should hold back requests while the broker asks for it, then send them', async () => {
    const throttled: KafkaApi<string, { throttleTimeMs: number }> = { ...echo, decode: () => ({ throttleTimeMs: 60 }) }
    await connection.send(throttled, 'first')
    const startedAt = performance.now()

    await connection.send(echo, 'later')

    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(55)
  })

  it('should not call a request late that the broker asked us to hold back (KIP-219)', async () => {
    connection = connect({ requestTimeoutMs: 150 })
    const throttled: KafkaApi<string, { throttleTimeMs: number }> = { ...echo, decode: () => ({ throttleTimeMs: 300 }) }
    await connection.send(throttled, 'first')

    await expect(connection.send(echo, 'later')).resolves.toBe('later')
    expect(broker.accepted).toBe(1)
  })

  it('should not wait in vain for a listener that accepts, and expects or offers something else', async () => {
    const accepted: Socket[] = []
    const listener = createServer((socket) => accepted.push(socket)).unref()
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
    const { port } = listener.address() as AddressInfo
    const timers = ownTimers()
    const inTls = connect({ connectionTimeoutMs: 100, requestTimeoutMs: 60_000, tls: {} }, { port })

    await expect(timers.start(() => inTls.send(echo, 'x'))).rejects.toMatchObject({
      _tag: 'Connection',
      retriable: true,
      message: expect.stringContaining('socket.connection.setup.timeout.ms'),
    })
    expect(await timers.left()).toBe(0)
    const closing = timers.start(() => inTls.send(echo, 'x'))
    const rejected = expect(closing).rejects.toMatchObject({ _tag: 'Connection' })
    await until(() => accepted.length === 2)
    await inTls.close()
    await rejected

    expect(await timers.left()).toBe(0)
  })

  it('should hold back the next attempt after one that failed, unless it is closed meanwhile', async () => {
    connection = connect({ reconnectBackoffMs: 200, reconnectBackoffMaxMs: 200 })
    await connection.send(echo, 'first')
    broker.cut()
    await until(() => !connection.isOpen)
    expect(connection.waitMs).toBeGreaterThan(50)
    const cutAt = performance.now()

    await expect(connection.send(echo, 'second')).resolves.toBe('second')
    expect(performance.now() - cutAt).toBeGreaterThan(50)

    broker.cut()
    await until(() => !connection.isOpen)
    const third = connection.send(echo, 'third')
    const rejected = expect(third).rejects.toMatchObject({ _tag: 'Connection' })
    await connection.close()
    await rejected
    expect(broker.accepted).toBe(2)
  })

  it('should let the system probe a silent peer, so that one that is gone without a word is noticed', async () => {
    const keepAlive = jest.spyOn(Socket.prototype, 'setKeepAlive')
    await connection.send(echo, 'x')

    expect(keepAlive).toHaveBeenCalledWith(true, 60_000)
    keepAlive.mockRestore()
  })

  it('should connect to an IPv6 address', async () => {
    const sixth = await FakeBroker.start(undefined, { host: '::1' })
    sixth.on(echo.apiKey, ({ body }) => body)
    const toSixth = connect({}, { host: '::1', port: sixth.port })

    await expect(toSixth.send(echo, 'x')).resolves.toBe('x')

    await toSixth.close()
    await sixth.stop()
  })

  it('should keep no timer while it is idle', async () => {
    const timers = ownTimers()
    await timers.start(() => connection.send(echo, 'x'))
    await timers.start(() => connection.send(echo, 'y'))

    expect(await timers.left()).toBe(0)
  })

  it('should leave no socket and no timer when it is closed with requests in flight', async () => {
    const timers = ownTimers()
    await timers.start(() => connection.send(echo, 'first'))
    broker.on(echo.apiKey, () => undefined)
    const inFlight = timers.start(() => connection.send(echo, 'x'))
    const rejected = expect(inFlight).rejects.toMatchObject({ _tag: 'Connection' })
    await until(() => broker.received.some(({ body }) => String(body) === 'x'))
    expect(await timers.left()).toBeGreaterThan(0)

    await connection.close()
    await rejected

    expect(await timers.left()).toBe(0)
    await until(() => broker.sockets.size === 0)
    await expect(connection.send(echo, 'late')).rejects.toMatchObject({ _tag: 'Connection' })
  })

  it('should leave nothing when it is closed while it opens', async () => {
    const timers = ownTimers()
    const opening = timers.start(() => connection.send(echo, 'x'))
    const rejected = expect(opening).rejects.toMatchObject({ _tag: 'Connection' })

    await connection.close()
    await rejected

    expect(await timers.left()).toBe(0)
    await until(() => broker.sockets.size === 0)
  })
})
