import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { firstValueFrom, lastValueFrom } from 'rxjs'
import type { KafkaClient } from '../../lib/client/KafkaClient.js'
import type { KafkaError } from '../../lib/client/KafkaError.js'
import { TopicPartition } from '../../lib/client/TopicPartition.js'
import { decodeProducerConfig } from '../../lib/config/producerConfig.js'
import { connectKafkaJs } from '../../lib/kafkajs/connectKafkaJs.js'
import { fetcherConfig, producerConfig } from '../../lib/conformance/client/ContractScene.js'
import { tools } from '../support/kafka/startKafka.js'
import { openClient } from '../support/openClient.js'
import { describeKafka } from '../support/realKafka.js'
import { makeCertificates } from './certificates.js'

const { ca, broker } = makeCertificates()
const stranger = makeCertificates()

const oneLine = (pem: string): string => pem.trim().replaceAll('\n', '\\n')
const plainLogin = 'org.apache.kafka.common.security.plain.PlainLoginModule required'
const config = {
  'ssl.keystore.type': 'PEM',
  'ssl.keystore.certificate.chain': oneLine(broker.cert),
  'ssl.keystore.key': oneLine(broker.key),
  'ssl.truststore.type': 'PEM',
  'ssl.truststore.certificates': oneLine(ca),
  'listener.name.ssl.ssl.client.auth': 'required',
  'sasl.enabled.mechanisms': 'PLAIN',
  ...Object.fromEntries(
    ['sasl_ssl', 'sasl_plaintext'].map((listener) => [
      `listener.name.${listener}.plain.sasl.jaas.config`,
      `${plainLogin} user_ada="p" user_bob="p" user_eve="p";`,
    ]),
  ),
  'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
  'super.users': 'User:ANONYMOUS',
}

describeKafka('refusals', { own: true, secureListeners: ['SSL', 'SASL_SSL', 'SASL_PLAINTEXT'], config }, (kafka) => {
  const addressOf = (listener: string): string =>
    (listener === 'PLAINTEXT' ? kafka().brokers[0]?.address : kafka().brokers[0]?.addressOf(listener)) ?? ''

  /** A client that speaks this protocol to that listener. */
  const open = (listener: string, protocol: string, properties: Readonly<Record<string, string>> = {}) => {
    const decoded = decodeProducerConfig({
      'bootstrap.servers': addressOf(listener),
      'security.protocol': protocol,
      'ssl.truststore.certificates': ca,
      'sasl.mechanism': 'PLAIN',
      'sasl.jaas.config': `${plainLogin} username="ada" password="p";`,
      'request.timeout.ms': '1500',
      ...properties,
    })
    if (decoded._tag === 'Left') throw new Error(JSON.stringify(decoded.left))
    const silent = () => undefined
    const logger = { debug: silent, info: silent, warn: silent, error: silent }
    return firstValueFrom(connectKafkaJs({ ...decoded.right.client, logger }))
  }

  const refusalOf = (attempt: Promise<unknown>): Promise<KafkaError> =>
    attempt.then(
      () => {
        throw new Error('it was not refused')
      },
      (error: unknown) => error as KafkaError,
    )

  describe('of a connection', () => {
    const certificate = (of: typeof stranger) => ({
      'ssl.keystore.certificate.chain': of.client.cert,
      'ssl.keystore.key': of.client.key,
    })

    const other = { 'ssl.truststore.certificates': stranger.ca }
    const scram = { 'sasl.mechanism': 'SCRAM-SHA-256' }

    it.each([
      ['no TLS there', 'PLAINTEXT', 'SSL', {}, 'Connection', /may have no TLS: set security\.protocol to PLAINTEXT/],
      [
        'nor a login',
        'PLAINTEXT',
        'SASL_SSL',
        {},
        'Connection',
        /may have no TLS: set security\.protocol to SASL_PLAINTEXT/,
      ],
      [
        'no TLS',
        'SASL_PLAINTEXT',
        'SASL_SSL',
        {},
        'Connection',
        /may have no TLS: set security\.protocol to SASL_PLAINTEXT/,
      ],
      [
        'no login',
        'PLAINTEXT',
        'SASL_PLAINTEXT',
        {},
        'Authentication',
        /expects no login.*security\.protocol to PLAINTEXT or SSL/,
      ],
      ['TLS', 'SSL', 'PLAINTEXT', {}, 'Connection', /expects TLS \(security\.protocol SSL or SASL_SSL\)/],
      ['TLS too', 'SASL_SSL', 'SASL_PLAINTEXT', {}, 'Connection', /expects TLS \(security\.protocol SSL or SASL_SSL\)/],
      [
        'a login',
        'SASL_PLAINTEXT',
        'PLAINTEXT',
        {},
        'Connection',
        /set security\.protocol to SASL_PLAINTEXT with sasl\.mechanism/,
      ],
      [
        'a login in TLS',
        'SASL_SSL',
        'SSL',
        {},
        'Connection',
        /set security\.protocol to SASL_SSL with sasl\.mechanism/,
      ],
      ['a certificate', 'SSL', 'SSL', {}, 'Authentication', /ssl\.client\.auth=required.*ssl\.keystore\.location/],
      [
        'another one',
        'SSL',
        'SSL',
        certificate(stranger),
        'Authentication',
        /does not accept the certificate.*ssl\.keystore/,
      ],
      ['our trust', 'SASL_SSL', 'SASL_SSL', other, 'Authentication', /ssl\.truststore\.location/],
      [
        'its mechanism',
        'SASL_PLAINTEXT',
        'SASL_PLAINTEXT',
        scram,
        'Authentication',
        /offers "PLAIN": set sasl\.mechanism/,
      ],
    ])(
      'should say that it wants %s: the %s listener to a client of %s',
      async (_, listener, protocol, properties, tag, advice) => {
        const { _tag, message, retriable } = await refusalOf(open(listener, protocol, properties))
        expect(message).toMatch(advice)
        expect(message).toContain(addressOf(listener))
        expect(message).not.toMatch(/openssl|servername|\bca\b/)
        expect([_tag, retriable]).toEqual([tag, tag === 'Connection'])
      },
    )
  })

  describe('of a request', () => {
    let ada: KafkaClient
    let bob: KafkaClient

    const grant = async (...rights: readonly string[]): Promise<void> => {
      const server = ['--bootstrap-server', kafka().bootstrapServers]
      const { code, stdout, stderr } = await kafka().tool(tools.AclCommand, [...server, '--add', ...rights])
      if (code !== 0) throw new Error(stdout + stderr)
    }
    const loginOf = (user: string) => ({
      'sasl.jaas.config': `${plainLogin} username="${user}" password="p";`,
      'request.timeout.ms': '10000',
    })
    const write = async (client: KafkaClient, topic: string, idempotence: boolean): Promise<void> => {
      const producer = client.producer(producerConfig({ idempotence }))
      producer.append({ topic, value: 'a' })
      await lastValueFrom(producer.flush())
    }

    beforeAll(async () => {
      const admin = await openClient(kafka().bootstrapServers)
      await lastValueFrom(
        admin.admin.createTopics(['described', 'written', 'hidden'].map((topic) => ({ topic, partitions: 1 }))),
      )
      await lastValueFrom(admin.close())
      await grant('--allow-principal', 'User:ada', '--operation', 'Describe', '--topic', 'described')
      await grant(
        '--allow-principal',
        'User:bob',
        '--operation',
        'Write',
        '--topic',
        'written',
        '--transactional-id',
        'tx',
      )
      await grant('--allow-principal', 'User:bob', '--operation', 'Describe', '--topic', 'described')
      ada = await open('SASL_PLAINTEXT', 'SASL_PLAINTEXT', loginOf('ada'))
      bob = await open('SASL_PLAINTEXT', 'SASL_PLAINTEXT', loginOf('bob'))
    }, 120_000)
    afterAll(async () => {
      await Promise.all([ada, bob].map((client) => lastValueFrom(client.close())))
    })

    it('should name Describe on a topic that may not be seen', async () => {
      const { message, _tag } = await refusalOf(lastValueFrom(ada.admin.describeTopics(['hidden'])))
      expect(_tag).toBe('Authorization')
      expect(message).toMatch(
        /^Metadata of hidden: .*User:ada lacks Describe on Topic hidden, which Read and Write imply\. Grant it: kafka-acls/,
      )
    })

    it('should say of an idempotent producer that its principal may write to no topic', async () => {
      const { message, codeName } = await refusalOf(write(ada, 'described', true))
      expect(codeName).toBe('CLUSTER_AUTHORIZATION_FAILED')
      expect(message).toMatch(/User:ada may write to no topic: .*Grant Write on the topics that are written/)
    })

    it('should name Write on the topic of a record', async () => {
      const { message, topic } = await refusalOf(write(bob, 'described', true))
      expect(topic).toBe('described')
      expect(message).toMatch(
        /^Produce of described-0: .*User:bob lacks Write on Topic described\. Grant it: .*--operation Write --topic described/,
      )
    })

    it('should name the topic that a transaction may not write', async () => {
      const producer = bob.transactionalProducer('tx', producerConfig())
      await lastValueFrom(producer.init())
      producer.begin()
      producer.append({ topic: 'written', value: 'a' })
      producer.append({ topic: 'described', value: 'a' })
      const { message, topic, transactionalId } = await refusalOf(lastValueFrom(producer.flush()))
      expect([topic, transactionalId]).toEqual(['described', 'tx'])
      expect(message).toMatch(
        /^AddPartitionsToTxn of described-0 for transactional\.id "tx": .*User:bob lacks Write on Topic described\./,
      )
    })

    it('should name Write on a transactional id', async () => {
      const { message } = await refusalOf(lastValueFrom(ada.transactionalProducer('tx', producerConfig()).init()))
      expect(message).toMatch(/transactional\.id "tx": .*User:ada lacks \w+ on TransactionalId tx/)
    })

    it('should name the group', async () => {
      const { message } = await refusalOf(
        lastValueFrom(ada.admin.committedOffsets('g', [new TopicPartition('described', 0)])),
      )
      expect(message).toMatch(/for group "g": .*User:ada lacks Describe on Group g/)
    })

    it('should name Read on a topic that is only described', async () => {
      const fetcher = ada.fetcher(fetcherConfig())
      const fetched = firstValueFrom(fetcher.fetched$)
      fetcher.assign(new TopicPartition('described', 0), 0)
      fetcher.request(new TopicPartition('described', 0))
      expect(await fetched).toMatchObject({
        _tag: 'FetchFailed',
        error: { message: expect.stringMatching(/^Fetch of described-0 .*User:ada lacks Read on Topic described\./) },
      })
    })
  })
})
