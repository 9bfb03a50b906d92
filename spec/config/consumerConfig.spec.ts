import { describe, expect, it } from '@jest/globals'
import * as either from 'fp-ts/lib/Either.js'
import { decodeConsumerConfig } from '../../lib/config/consumerConfig.js'
import { decodeProducerConfig } from '../../lib/config/producerConfig.js'

const servers = { 'bootstrap.servers': 'localhost:9092' }

const faultsOf = (decoded: either.Either<readonly { readonly message: string }[], unknown>): readonly string[] =>
  either.isLeft(decoded) ? decoded.left.map(({ message }) => message) : []

const right = <A>(decoded: either.Either<unknown, A>): A => {
  if (either.isLeft(decoded)) throw new Error(JSON.stringify(decoded.left))
  return decoded.right
}

describe('decodeConsumerConfig', () => {
  it("should have Kafka's defaults", () => {
    expect(right(decodeConsumerConfig(servers))).toMatchObject({
      fetcher: {
        isolationLevel: 'read_uncommitted',
        minBytes: 1,
        maxBytes: 52_428_800,
        maxWaitMs: 500,
        checkCrcs: true,
      },
      maxPollRecords: 500,
      enableAutoCommit: false,
      partitionDiscoveryIntervalMs: 300_000,
      client: { requestTimeoutMs: 30_000, retryBackoffMs: 100, metadataMaxAgeMs: 300_000 },
    })
  })

  it('should take texts, numbers and booleans alike', () => {
    const texts = decodeConsumerConfig({ ...servers, 'fetch.min.bytes': '7', 'check.crcs': 'FALSE' })
    expect(texts).toEqual(decodeConsumerConfig({ ...servers, 'fetch.min.bytes': 7, 'check.crcs': false }))
    expect(right(texts).fetcher).toMatchObject({ minBytes: 7, checkCrcs: false })
  })

  it('should tell all faults at once', () => {
    const decoded = decodeConsumerConfig({
      'bootstrap.servers': 'localhost',
      'isolation.level': 'serializable',
      'fetch.max.wait.ms': '1.5',
      'check.crcs': 'maybe',
      'request.timeout.ms': -1,
    })
    expect([...faultsOf(decoded)].sort()).toEqual([
      'Invalid url in bootstrap.servers: "localhost". Write host:port, an IPv6 host in brackets: [::1]:9092.',
      'Property check.crcs must be one of true, false, not "maybe".',
      'Property fetch.max.wait.ms must be a whole number from 0, not "1.5".',
      'Property isolation.level must be one of read_uncommitted, read_committed, not "serializable".',
      'Property request.timeout.ms must be a whole number from 1, not "-1".',
    ])
  })

  it('should refuse what no string of the protocol holds, whose length is an INT16', () => {
    const longest = 'x'.repeat(32_767)
    const keys = ['client.id', 'client.rack', 'group.id'] as const
    for (const key of keys) {
      expect(faultsOf(decodeConsumerConfig({ ...servers, [key]: longest }))).toEqual([])
      expect(faultsOf(decodeConsumerConfig({ ...servers, [key]: `${longest}x` }))).toEqual([
        `Property ${key} must be text of at most 32767 bytes in UTF-8, not "${'x'.repeat(200)}…".`,
      ])
    }
    // The subtask comes behind it.
    expect(faultsOf(decodeConsumerConfig({ ...servers, 'client.id.prefix': 'é'.repeat(16_378) }))).toEqual([])
    expect(faultsOf(decodeConsumerConfig({ ...servers, 'client.id.prefix': 'é'.repeat(16_379) }))).toHaveLength(1)
  })

  it('should read IPv6 addresses and protocols in bootstrap.servers', () => {
    const { client } = right(
      decodeConsumerConfig({ 'bootstrap.servers': '[::1]:9092, PLAINTEXT://kafka.example:19092' }),
    )
    expect(client.bootstrapServers).toEqual([
      { host: '::1', port: 9092 },
      { host: 'kafka.example', port: 19092 },
    ])
  })

  it('should warn of a property without effect, with the reason or the nearest name', () => {
    const { warnings } = right(
      decodeConsumerConfig({ ...servers, 'fetch.max.wait': 1, 'session.timeout.ms': 1, colour: 'red' }),
    )
    expect(warnings).toEqual([
      'Property fetch.max.wait is not known and has no effect. Did you mean fetch.max.wait.ms?',
      'Property session.timeout.ms has no effect: the source joins no group: partitions are assigned by splitOwner.',
      'Property colour is not known and has no effect.',
    ])
  })

  it('should read a login, and never show its password', () => {
    const login = (jaas: string) =>
      decodeConsumerConfig({
        ...servers,
        'security.protocol': 'SASL_SSL',
        'sasl.mechanism': 'SCRAM-SHA-512',
        'sasl.jaas.config': jaas,
      })
    const module = 'org.apache.kafka.common.security.scram.ScramLoginModule'
    expect(right(login(`${module} required username="ada" password="s;e\\"c";`)).client).toMatchObject({
      sasl: { mechanism: 'SCRAM-SHA-512', username: 'ada', password: 's;e"c' },
      tls: {},
    })
    expect(JSON.stringify(login(`${module} required username="ada" passwrd="secret";`))).not.toContain('secret')
    expect(either.isLeft(login(`${module} required username="ada" passwrd="secret";`))).toBe(true)
  })
})

describe('decodeProducerConfig', () => {
  it("should have Kafka's defaults, but for the batch size and the transaction timeout", () => {
    expect(right(decodeProducerConfig(servers)).producer).toEqual({
      acks: -1,
      ignoreKeys: false,
      adaptivePartitioning: true,
      batchSize: 262_144,
      lingerMs: 5,
      bufferMemory: 33_554_432,
      maxInFlight: 5,
      maxRequestSize: 1_048_576,
      compression: 'none',
      compressionLevel: undefined,
      retries: 2_147_483_647,
      maxBlockMs: 60_000,
      deliveryTimeoutMs: 120_000,
      idempotence: true,
      transactionTimeoutMs: 900_000,
    })
  })

  it('should let idempotence go when acks were set so, and refuse both together', () => {
    expect(right(decodeProducerConfig({ ...servers, acks: 1 })).producer).toMatchObject({ acks: 1, idempotence: false })
    expect(faultsOf(decodeProducerConfig({ ...servers, acks: 0, 'enable.idempotence': true }))).toEqual([
      'Property acks must be all with enable.idempotence=true.',
    ])
  })

  it('should prefer what was set to the defaults it is given', () => {
    const decode = (properties: Record<string, string>) =>
      right(decodeProducerConfig({ ...servers, ...properties }, { 'client.id': 'sink' })).client.clientId
    expect(decode({})).toBe('sink')
    expect(decode({ 'client.id': 'mine' })).toBe('mine')
  })
})
