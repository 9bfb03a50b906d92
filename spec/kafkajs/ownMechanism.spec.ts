import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import { lastValueFrom, toArray } from 'rxjs'
import type { KafkaError } from '../../lib/client/KafkaError.js'
import { KafkaSource, OffsetsInitializer, SimpleStringSchema } from '../../lib/index.js'
import { BrokerConnection } from '../../lib/kafkajs/BrokerConnection.js'
import { ConnectionMetrics } from '../../lib/metrics/ConnectionMetrics.js'
import { noMetrics } from '../../lib/metrics/noMetrics.js'
import { ByteReader } from '../../lib/protocol/ByteReader.js'
import { ByteWriter } from '../../lib/protocol/ByteWriter.js'
import { metadataApi } from '../../lib/protocol/requests/metadata.js'
import { saslAuthenticateApi } from '../../lib/protocol/requests/saslAuthenticate.js'
import { saslHandshakeApi } from '../../lib/protocol/requests/saslHandshake.js'
import type { SaslBroker, SaslMechanism } from '../../lib/sasl/SaslMechanism.js'
import { nothingEscapes } from '../support/nothingEscapes.js'
import { HonestBroker } from './hostile/HonestBroker.js'
import { until } from './support/until.js'

const nothing = (): void => undefined
const quiet = { debug: nothing, info: nothing, warn: nothing, error: nothing }
const SECRET = 'AKIA-s3cr3t'

/** Answers a login by `RIDDLE`: a riddle to who says a name, and a refusal to who answers it wrongly. */
const riddles =
  (said: string[]) =>
  ({ body }: { readonly body: Buffer }) => {
    const words = new ByteReader(body, 'SaslAuthenticate request').readBytes().toString()
    said.push(words)
    const [code, answer] = words.startsWith('I am') ? [0, '6 * 7'] : words === '42' ? [0, ''] : [58, '']
    return new ByteWriter()
      .writeInt16(code)
      .writeNullableString(code === 0 ? null : 'wrong')
      .writeBytes(Buffer.from(answer))
      .writeInt64(0)
      .toBuffer()
  }

describe('a login mechanism of a user', () => {
  nothingEscapes()
  let peer: HonestBroker
  let connection: BrokerConnection | undefined
  let said: string[]

  beforeEach(async () => {
    peer = await HonestBroker.start()
    connection = undefined
    said = []
    peer.broker.on(saslHandshakeApi.apiKey, () =>
      new ByteWriter()
        .writeInt16(0)
        .writeArray(['RIDDLE'], (writer, name) => writer.writeString(name))
        .toBuffer(),
    )
    peer.broker.on(saslAuthenticateApi.apiKey, riddles(said))
  })
  afterEach(async () => {
    await connection?.close()
    await peer.stop()
  })

  const loginBy = (authenticate: unknown, connectionTimeoutMs = 5000) => {
    connection = new BrokerConnection(
      { host: '127.0.0.1', port: peer.broker.port },
      {
        ...{ bootstrapServers: [], clientId: 'spec', connectionTimeoutMs, requestTimeoutMs: 5000 },
        ...{ retryBackoffMs: 1, retryBackoffMaxMs: 1, reconnectBackoffMs: 1, reconnectBackoffMaxMs: 1 },
        metadataMaxAgeMs: 1,
        sasl: { mechanism: 'RIDDLE', authenticate } as SaslMechanism,
      },
      new ConnectionMetrics(noMetrics, () => 0),
    )
    return connection.send(metadataApi, { topics: [] })
  }

  /** The error of a login; it names the broker and the mechanism, and holds no secret. */
  const failureOf = async (authenticate: unknown, connectionTimeoutMs?: number): Promise<KafkaError> => {
    const error = await loginBy(authenticate, connectionTimeoutMs).then(
      () => new Error('the login succeeded'),
      (error: unknown) => error as KafkaError,
    )
    expect(error).toMatchObject({ name: 'KafkaError', _tag: 'Authentication' })
    expect(error.message).toContain(`Login to broker 127.0.0.1:${peer.broker.port} by RIDDLE failed: `)
    expect(inspect(error, { depth: 5, showHidden: true })).not.toContain(SECRET)
    return error as KafkaError
  }

  it.each([
    [
      'a generator',
      function* (): Generator<Buffer, void, Buffer> {
        const riddle = yield Buffer.from('I am Ada')
        yield Buffer.from(riddle.toString() === '6 * 7' ? '42' : '?')
      },
    ],
    [
      'an async generator, whose bytes are part of a larger array',
      async function* (): AsyncGenerator<Uint8Array, void, Buffer> {
        await Promise.resolve()
        yield new TextEncoder().encode('--I am Ada--').subarray(2, 10)
        yield Buffer.from('42')
      },
    ],
    [
      'an object, which answers at once',
      () => {
        const left = ['I am Ada', '42']
        return {
          next: () => {
            const value = left.shift()
            return value === undefined ? { done: true, value } : { value: Buffer.from(value) }
          },
        }
      },
    ],
  ])('should log in by %s', async (_, authenticate) => {
    await loginBy(authenticate)

    expect(said).toEqual(['I am Ada', '42'])
  })

  it('should be told which broker it logs in at, for each connection', async () => {
    const brokers: SaslBroker[] = []
    await loginBy((broker: SaslBroker) => {
      brokers.push(broker)
      return [Buffer.from('I am Ada'), Buffer.from('42')].values()
    })

    expect(brokers).toEqual([{ host: '127.0.0.1', port: peer.broker.port, signal: expect.any(AbortSignal) }])
  })

  it('should read a topic through the public API', async () => {
    const source = KafkaSource.builder()
      .setBootstrapServers(peer.address)
      .setTopics('in')
      .setStartingOffsets(OffsetsInitializer.earliest())
      .setBounded(OffsetsInitializer.latest())
      .setValueOnlyDeserializer(new SimpleStringSchema())
      .setLogger(quiet)
      .setProperty('security.protocol', 'SASL_PLAINTEXT')
      .setSasl({
        mechanism: 'RIDDLE',
        authenticate: function* () {
          yield Buffer.from('I am Ada')
          yield Buffer.from('42')
        },
      })
      .build()

    await expect(lastValueFrom(source.records().pipe(toArray()))).resolves.toEqual(['a', 'b', 'c'])
    expect(said).toContain('42')
  })

  it.each([
    [
      'throws',
      () => {
        throw new Error('no credentials in the environment')
      },
    ],
    ['rejects', async () => Promise.reject(new Error('no credentials in the environment'))],
    [
      'throws at its first step',
      // eslint-disable-next-line require-yield -- it comes to none
      function* () {
        throw new Error('no credentials in the environment')
      },
    ],
    [
      'rejects at its first step',
      () => ({ next: () => Promise.reject(new Error('no credentials in the environment')) }),
    ],
  ])('should fail a login when it %s, with the reason, and another may be tried', async (_, authenticate) => {
    const error = await failureOf(authenticate)

    expect(error.message).toContain('the mechanism failed on this side: no credentials in the environment')
    expect(error.retriable).toBe(true)
    expect(error.cause).toEqual(new Error('no credentials in the environment'))
  })

  it('should end for good by an error that says so', async () => {
    const error = await failureOf(() => {
      throw Object.assign(new Error('the role does not exist'), { retriable: false })
    })
    expect(error.retriable).toBe(false)
  })

  it.each([
    ['what begins a session', () => new Promise(() => undefined)],
    ['its first step', () => ({ next: () => new Promise(() => undefined) })],
    [
      'a later step',
      async function* () {
        yield Buffer.from('I am Ada')
        await new Promise(() => undefined)
      },
    ],
  ])('should fail a login when %s never comes, and be told by the signal', async (_, authenticate) => {
    let signal: AbortSignal | undefined
    const error = await failureOf((broker: SaslBroker) => {
      ;({ signal } = broker)
      return authenticate()
    }, 100)

    expect(error.message).toMatch(/did not answer .* within 100 ms \(socket\.connection\.setup\.timeout\.ms\)/)
    expect(error.retriable).toBe(true)
    expect(signal?.reason).toMatchObject({ name: 'TimeoutError' })
  })

  it('should be told by the signal when the client is closed', async () => {
    let signal: AbortSignal | undefined
    const sending = loginBy((broker: SaslBroker) => {
      ;({ signal } = broker)
      return { next: () => new Promise(() => undefined) }
    })
    await until(() => signal !== undefined)
    await Promise.all([
      expect(sending).rejects.toMatchObject({
        _tag: 'Connection',
        message: expect.stringContaining('client was closed'),
      }),
      connection?.close(),
    ])
    expect(signal?.aborted).toBe(true)
  })

  it.each([
    ['no session', () => undefined, 'authenticate() must return a session'],
    ['text in the place of a session', () => SECRET, 'It returned a string'],
    ['an array in the place of a session', () => [Buffer.from(SECRET)], 'It returned an Array'],
    ['a step of text', () => ({ next: () => SECRET }), 'It gave a string'],
    ['no step', () => ({ next: () => undefined }), 'It gave undefined'],
    ['text in the place of bytes', () => [SECRET].values(), 'The mechanism gave a string'],
    ['no bytes', () => ({ next: () => ({ done: false }) }), 'The mechanism gave undefined'],
    ['an object in the place of bytes', () => [{ SECRET }].values(), 'The mechanism gave an object'],
    ['nothing to send', () => [].values(), 'ended before it gave a message'],
    [
      'what it should yield as its result',
      // eslint-disable-next-line require-yield -- that is the mistake
      function* () {
        return SECRET
      },
      'returned a string. What is to be sent must be yielded.',
    ],
    [
      'text that it throws',
      () => {
        throw SECRET
      },
      'failed on this side: a string',
    ],
  ])('should fail a login when it gives %s', async (_, authenticate, message) => {
    const error = await failureOf(authenticate)

    expect(error.message).toContain(message)
    expect(said).toEqual([])
  })

  it('should not go on for ever, and run to its end', async () => {
    const ended = jest.fn()
    const error = await failureOf(function* () {
      try {
        for (;;) yield Buffer.from('I am Ada')
      } finally {
        ended()
      }
    })

    expect(error.message).toContain('goes on after 16 rounds')
    expect(ended).toHaveBeenCalledTimes(1)
  })

  it('should run to its end when the broker refuses the login, whatever comes of it', async () => {
    const error = await failureOf(() => ({
      next: () => ({ value: Buffer.from(SECRET) }),
      return: () => Promise.reject(new Error('x')),
    }))

    expect(error).toMatchObject({ code: 58, codeName: 'SASL_AUTHENTICATION_FAILED', retriable: false })
  })
})
