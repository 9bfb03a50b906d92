import { createServer, type Server, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type { KafkaConfig } from '../../../lib/client/KafkaConfig.js'
import { BrokerConnection } from '../../../lib/kafkajs/BrokerConnection.js'
import { ConnectionMetrics } from '../../../lib/metrics/ConnectionMetrics.js'
import { noMetrics } from '../../../lib/metrics/noMetrics.js'
import { apiVersionsApi } from '../../../lib/protocol/requests/apiVersions.js'
import { metadataApi } from '../../../lib/protocol/requests/metadata.js'
import { nothingEscapes } from '../../support/nothingEscapes.js'
import { FakeBroker } from '../support/FakeBroker.js'
import { FakeCluster } from '../support/FakeCluster.js'
import { until } from '../support/until.js'
import { misbehaviours } from './misbehaviours.js'

const MiB = 1 << 20

const connectTo = (port: number, overrides: Partial<KafkaConfig> = {}): BrokerConnection =>
  new BrokerConnection(
    { host: '127.0.0.1', port },
    {
      ...{ bootstrapServers: [], clientId: 'spec', metadataMaxAgeMs: 1, retryBackoffMs: 1, retryBackoffMaxMs: 1 },
      ...{ connectionTimeoutMs: 5000, requestTimeoutMs: 5000, reconnectBackoffMs: 1, reconnectBackoffMaxMs: 1 },
      ...overrides,
    },
    new ConnectionMetrics(noMetrics, () => 0),
  )

const lost = (port: number) =>
  expect.objectContaining({
    ...{ _tag: 'Connection', retriable: true },
    message: expect.stringContaining(`127.0.0.1:${port}`),
  })

describe('a connection to a hostile peer', () => {
  nothingEscapes()

  describe('that was honest until now', () => {
    let cluster: FakeCluster
    let broker: FakeBroker
    let connection: BrokerConnection
    beforeEach(async () => {
      cluster = await FakeCluster.start()
      broker = cluster.brokers[0]!
      connection = connectTo(broker.port)
    })
    afterEach(async () => {
      await connection.close()
      await cluster.stop()
    })

    it.each(Object.entries(misbehaviours))(
      'should be given up once, with all that waits on it, upon %s',
      async (_, misbehaviour) => {
        await connection.send(metadataApi, { topics: [] })
        let times = 1
        broker.tamper = (socket, request) => {
          if (request?.apiKey !== metadataApi.apiKey || times-- <= 0) return false
          misbehaviour(socket, request.correlationId)
          return true
        }
        const [first, second] = [1, 2].map(() => connection.send(metadataApi, { topics: [] }))

        await Promise.all([
          expect(first).rejects.toEqual(lost(broker.port)),
          expect(second).rejects.toEqual(lost(broker.port)),
        ])
        await expect(connection.send(metadataApi, { topics: [] })).resolves.toMatchObject({ clusterId: 'cluster' })
        expect(broker.accepted).toBe(2)
        await until(() => broker.sockets.size === 1)
      },
    )

    it('should not wait for ever for what a throttle time asks for, and tell of it', async () => {
      const warnings: string[] = []
      const log = () => undefined
      const logger = { debug: log, info: log, error: log, warn: (text: string) => void warnings.push(text) }
      connection = connectTo(broker.port, { requestTimeoutMs: 100, logger })
      const answeredAt: number[] = []
      broker.alter = (body, apiKey) => {
        if (apiKey !== metadataApi.apiKey) return body
        // throttle_time_ms is the first field, behind the header's tagged fields, of which there are none.
        if (answeredAt.length === 0) body.writeInt32BE(2 ** 31 - 1, 1)
        answeredAt.push(performance.now())
        return body
      }
      await connection.send(metadataApi, { topics: [] })
      await connection.send(metadataApi, { topics: [] })

      const [first = 0, second = 0] = answeredAt
      expect(second - first).toBeGreaterThan(95)
      expect(warnings).toEqual([
        `Broker 127.0.0.1:${broker.port} asks this client to send nothing for 2147483647 ms (throttle_time_ms). It waits for 100 ms ` +
          '(request.timeout.ms), then goes on. Check the quotas of this client.id and user.',
      ])
    })
  })

  describe('that speaks first', () => {
    let server: Server
    let port: number
    let behave: (socket: Socket) => void
    const sockets = new Set<Socket>()
    beforeEach(async () => {
      server = createServer((socket) => {
        sockets.add(socket)
        socket.on('error', () => undefined)
        socket.on('close', () => sockets.delete(socket))
        socket.resume()
        behave(socket)
      })
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      port = (server.address() as AddressInfo).port
    })
    afterEach(async () => {
      sockets.forEach((socket) => socket.destroy())
      await new Promise((resolve) => server.close(resolve))
    })

    it.each(Object.entries(misbehaviours))(
      'should be refused, by %s, with and without TLS',
      async (_, misbehaviour) => {
        behave = (socket) => misbehaviour(socket, 0)
        for (const overrides of [{}, { tls: {} }]) {
          const connection = connectTo(port, { connectionTimeoutMs: 1000, requestTimeoutMs: 1000, ...overrides })
          await expect(connection.send(metadataApi, { topics: [] })).rejects.toEqual(lost(port))
          await connection.close()
        }
        await until(() => sockets.size === 0)
      },
    )

    it('should collect no more of an answer than its kind may have', async () => {
      const taken: number[] = []
      for (const announced of [600 << 10, 90 * MiB]) {
        behave = (socket) => {
          socket.once('data', (request) => {
            const head = Buffer.alloc(8)
            head.writeInt32BE(announced, 0)
            request.copy(head, 4, 8, 12)
            socket.write(head)
            const more = (): void => {
              while (!socket.destroyed && socket.write(Buffer.alloc(64 << 10)));
              if (!socket.destroyed) socket.once('drain', more)
            }
            more()
            socket.once('close', () => taken.push(socket.bytesWritten))
          })
        }
        const connection = connectTo(port)
        await expect(connection.send(apiVersionsApi, undefined)).rejects.toEqual(lost(port))
        await connection.close()
      }
      await until(() => taken.length === 2)
      // What the buffers of the system hold.
      expect(Math.max(...taken)).toBeLessThan(12 * MiB)
    })
  })

  it('should say what listens there, when that is to be seen', async () => {
    for (const [misbehaviour, problem] of [
      ['an alert of TLS', 'a record of TLS: this listener expects TLS (security.protocol SSL or SASL_SSL)'],
      ['an answer of HTTP', 'an answer of HTTP'],
      ['a frame of -1 bytes', 'an answer of -1 bytes'],
    ] as const) {
      const broker = await FakeBroker.start()
      broker.tamper = (socket, request) => {
        if (request === undefined) return false
        misbehaviours[misbehaviour]?.(socket, 0)
        return true
      }
      const connection = connectTo(broker.port)
      await expect(connection.send(metadataApi, { topics: [] })).rejects.toThrow(
        `The peer at 127.0.0.1:${broker.port} sent ${problem}, where an answer of a Kafka broker was expected.`,
      )
      await connection.close()
      await broker.stop()
    }
  })
})
