import { format, inspect } from 'node:util'
import { describe, expect, it } from '@jest/globals'
import { concealSecrets } from '../../lib/client/concealSecrets.js'
import type { KafkaConfig } from '../../lib/client/KafkaConfig.js'
import type { KafkaProperties } from '../../lib/config/KafkaProperties.js'
import { KafkaSink } from '../../lib/sink/KafkaSink.js'
import { builderOf } from '../source/support/sourceOf.js'

const secret = 'pa55word'
const pem = `-----BEGIN PRIVATE KEY-----${secret}-----END PRIVATE KEY-----`
const properties: KafkaProperties = {
  'security.protocol': 'SASL_SSL',
  'sasl.mechanism': 'PLAIN',
  'sasl.jaas.config': `PlainLoginModule required username="ada" password="${secret}";`,
  'ssl.truststore.certificates': 'the authority',
  'ssl.keystore.certificate.chain': pem,
  'ssl.keystore.key': pem,
  'ssl.key.password': secret,
}

/** Every way in which a thing gets into a log. */
const printed = (value: unknown): string =>
  [
    inspect(value, { depth: Infinity, showHidden: true }),
    inspect({ deep: { in: [value] } }, { depth: Infinity }),
    format('%s %o %O %j', value, value, value, value),
    JSON.stringify({ value }),
  ].join('\n')

const sinkBuilder = () =>
  KafkaSink.builder<string>()
    .setBootstrapServers('b:9092')
    .setRecordSerializer({ serialize: () => null })
    .setKafkaProducerConfig(properties)

describe('concealSecrets', () => {
  const source = builderOf().setProperties(properties).build()
  const sink = sinkBuilder().build()

  it.each([
    ['a source', source],
    ['its config', source.config],
    ['the config of its client', source.config.consumer.client],
    ['a copy of that', { ...source.config.consumer.client, clientId: 'mine' }],
    ['its login', source.config.consumer.client.sasl],
    ['its TLS settings', source.config.consumer.client.tls],
    ['the builder of a source', builderOf().setProperties(properties)],
    ['a sink', sink],
    ['its config', sink.config],
    ['the builder of a sink', sinkBuilder()],
    [
      'faults of a builder',
      builderOf()
        .setProperties({ ...properties, acks: 'x', 'sasl.mechanism': 'X' })
        .buildEither(),
    ],
  ])('should not print a secret of %s', (_, value) => {
    expect(printed(value)).not.toContain(secret)
    expect(JSON.stringify(value)).not.toContain(secret)
  })

  it('should print the rest, and that there is a secret', () => {
    const { sasl, tls } = source.config.consumer.client
    expect(JSON.parse(JSON.stringify({ sasl, tls }))).toEqual({
      sasl: { mechanism: 'PLAIN', username: 'ada', password: '[hidden]' },
      tls: {
        ca: 'the authority',
        cert: '[hidden]',
        key: '[hidden]',
        passphrase: '[hidden]',
        minVersion: 'TLSv1.2',
      },
    })
    expect(inspect(sasl)).toBe("{ mechanism: 'PLAIN', username: 'ada', password: '[hidden]' }")
  })

  const own = {
    mechanism: 'X',
    accessKey: secret,
    authenticate: () => [Buffer.from(secret)].values(),
  }
  const login = { 'security.protocol': 'SASL_SSL' }
  it.each([
    ['the builder of a source', builderOf().setProperties(login).setSasl(own)],
    ['a source', builderOf().setProperties(login).setSasl(own).build()],
    ['the builder of a sink', sinkBuilder().setProperty('sasl.mechanism', 'X').setSasl(own)],
    ['a sink', sinkBuilder().setProperty('sasl.mechanism', 'X').setSasl(own).build()],
    ['settings that were given the login', concealSecrets({ sasl: own })],
  ])('should not print a secret of a mechanism of a user: %s', (_, value) => {
    expect(printed(value)).not.toContain(secret)
  })

  it('should leave them to those who ask by name, or spread them', () => {
    const config: Pick<KafkaConfig, 'tls' | 'sasl'> = concealSecrets({
      tls: { key: pem, servername: 'b' },
      sasl: { mechanism: 'PLAIN', username: 'ada', password: secret },
    })
    expect({ ...config.sasl }).toEqual({ mechanism: 'PLAIN', username: 'ada', password: secret })
    expect({ ...config.tls }).toEqual({ key: pem, servername: 'b' })
    expect(concealSecrets({})).toEqual({})
  })
})
