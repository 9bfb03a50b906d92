import { inspect } from 'node:util'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { lastValueFrom, take, toArray } from 'rxjs'
import { decodeProducerConfig } from '../../lib/config/producerConfig.js'
import { connectKafkaJs } from '../../lib/kafkajs/connectKafkaJs.js'
import { KafkaSource, OffsetsInitializer, SimpleStringSchema } from '../../lib/index.js'
import { producerConfig } from '../../lib/conformance/client/ContractScene.js'
import { openClient } from '../support/openClient.js'
import { tools } from '../support/kafka/startKafka.js'
import { describeKafka } from '../support/realKafka.js'
import { makeCertificates } from './certificates.js'

const { ca, broker, client } = makeCertificates()
const stranger = makeCertificates()

const oneLine = (pem: string): string => pem.trim().replaceAll('\n', '\\n')
const plainLogin = 'org.apache.kafka.common.security.plain.PlainLoginModule required'
const scramLogin = 'org.apache.kafka.common.security.scram.ScramLoginModule required'
const credentials = (password: string): string => `username="ada" password="${password}";`
const password = 'a "quoted" one'
const quoted = password.replaceAll('"', '\\"')

const config = {
  'ssl.keystore.type': 'PEM',
  'ssl.keystore.certificate.chain': oneLine(broker.cert),
  'ssl.keystore.key': oneLine(broker.key),
  'ssl.truststore.type': 'PEM',
  'ssl.truststore.certificates': oneLine(ca),
  'listener.name.ssl.ssl.client.auth': 'required',
  'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
  ...Object.fromEntries(
    ['sasl_ssl', 'sasl_plaintext'].flatMap((listener) => [
      [
        `listener.name.${listener}.plain.sasl.jaas.config`,
        `${plainLogin} user_ada="${quoted.replaceAll('\\', '\\\\')}";`,
      ],
      [`listener.name.${listener}.scram-sha-256.sasl.jaas.config`, `${scramLogin};`],
      [`listener.name.${listener}.scram-sha-512.sasl.jaas.config`, `${scramLogin};`],
    ]),
  ),
}
const secureListeners = ['SSL', 'SASL_SSL', 'SASL_PLAINTEXT']

describeKafka('security', { own: true, secureListeners, config }, (kafka) => {
  /** One record, written without security, and read by a source with these properties. */
  const readWith = async (
    protocol: string,
    properties: Readonly<Record<string, string>>,
  ): Promise<readonly string[]> => {
    const address = kafka().brokers[0]?.addressOf(protocol) ?? ''
    const source = KafkaSource.builder()
      .setBootstrapServers(address)
      .setTopics('secure')
      .setStartingOffsets(OffsetsInitializer.earliest())
      .setValueOnlyDeserializer(new SimpleStringSchema())
      .setProperties({ 'security.protocol': protocol, ...properties })
      .build()
    return lastValueFrom(source.records().pipe(take(1), toArray()))
  }

  const tls = { 'ssl.truststore.certificates': ca }
  const login = (mechanism: string, secret = quoted) => ({
    'sasl.mechanism': mechanism,
    'sasl.jaas.config': `${mechanism === 'PLAIN' ? plainLogin : scramLogin} ${credentials(secret)}`,
  })
  const refused = expect.objectContaining({ _tag: 'Authentication', retriable: false })

  beforeAll(async () => {
    const admin = await openClient(kafka().bootstrapServers)
    const producer = admin.producer(producerConfig())
    producer.append({ topic: 'secure', value: 'seen' })
    await lastValueFrom(producer.flush())
    await lastValueFrom(admin.close())
    // One after the other: a user cannot get two in one go.
    for (const mechanism of ['SCRAM-SHA-256', 'SCRAM-SHA-512']) {
      const { code, stdout, stderr } = await kafka().tool(tools.ConfigCommand, [
        ...[
          '--bootstrap-server',
          kafka().bootstrapServers,
          '--alter',
          '--entity-type',
          'users',
          '--entity-name',
          'ada',
        ],
        ...['--add-config', `${mechanism}=[password=${password}]`],
      ])
      if (code !== 0) throw new Error(stdout + stderr)
    }
  }, 60_000)

  describe('TLS', () => {
    it('should let in who has a certificate of the authority', async () => {
      const own = { 'ssl.keystore.certificate.chain': client.cert, 'ssl.keystore.key': client.key }
      await expect(readWith('SSL', { ...tls, ...own })).resolves.toEqual(['seen'])
    }, 30_000)

    it('should tell a broker that we do not trust', async () => {
      await expect(
        readWith('SASL_SSL', { 'ssl.truststore.certificates': stranger.ca, ...login('PLAIN') }),
      ).rejects.toEqual(refused)
    }, 30_000)
  })

  describe.each(['SASL_SSL', 'SASL_PLAINTEXT'])('%s', (protocol) => {
    it.each(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'])(
      'should log in by %s',
      async (mechanism) => {
        await expect(readWith(protocol, { ...tls, ...login(mechanism) })).resolves.toEqual(['seen'])
      },
      30_000,
    )
  })

  it('should print no secret of a client that is open', async () => {
    const own = { 'ssl.keystore.certificate.chain': client.cert, 'ssl.keystore.key': client.key }
    const config = decodeProducerConfig({
      'bootstrap.servers': kafka().brokers[0]?.addressOf('SASL_SSL') ?? '',
      'security.protocol': 'SASL_SSL',
      ...{ ...tls, ...own, ...login('SCRAM-SHA-256') },
    })
    if (config._tag === 'Left') throw new Error(JSON.stringify(config.left))
    const open = await lastValueFrom(connectKafkaJs(config.right.client))
    const printed = inspect(open, { depth: Infinity, showHidden: true }) + JSON.stringify(open)
    await lastValueFrom(open.close())
    expect(printed).toContain(`"clientId":"rx-kafka"`)
    expect(printed).not.toContain(password)
    expect(printed).not.toContain('PRIVATE KEY')
  }, 30_000)

  it.each(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'])(
    'should tell a wrong password by %s, and not show it',
    async (mechanism) => {
      const attempt = readWith('SASL_SSL', { ...tls, ...login(mechanism, 'wr0ng') })
      await expect(attempt).rejects.toEqual(refused)
      await expect(attempt).rejects.not.toMatchObject({ message: expect.stringContaining('wr0ng') })
    },
    30_000,
  )

  it('should tell that a listener wants TLS, or has none, by its deadline', async () => {
    const impatient = { 'socket.connection.setup.timeout.ms': '1000', 'request.timeout.ms': '1000' }
    const lost = expect.objectContaining({ _tag: 'Connection', retriable: true })
    const [first] = kafka().brokers
    const source = (address: string, protocol: string) =>
      KafkaSource.builder()
        .setBootstrapServers(address)
        .setTopics('secure')
        .setValueOnlyDeserializer(new SimpleStringSchema())
        .setProperties({ 'security.protocol': protocol, ...tls, ...impatient })
        .build()
    await expect(lastValueFrom(source(first?.addressOf('SSL') ?? '', 'PLAINTEXT').records())).rejects.toEqual(lost)
    await expect(lastValueFrom(source(first?.address ?? '', 'SSL').records())).rejects.toEqual(lost)
  }, 30_000)
})
