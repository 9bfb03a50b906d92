import { afterAll, beforeAll, expect, it } from '@jest/globals'
import {
  AclOperationTypes,
  AclPermissionTypes,
  AclResourceTypes,
  Kafka,
  logLevel,
  ResourcePatternTypes,
  type Admin,
} from 'kafkajs'
import { filter, firstValueFrom, lastValueFrom, tap } from 'rxjs'
import {
  CheckpointCoordinator,
  type CheckpointStore,
  KafkaSource,
  MemoryCheckpointStore,
  SimpleStringSchema,
  TopicPartition,
} from '../../lib/index.js'
import { producerConfig } from '../../lib/conformance/client/ContractScene.js'
import { openClient } from '../support/openClient.js'
import { describeKafka } from '../support/realKafka.js'
import { quiet } from '../source/support/sourceOf.js'

const login = 'org.apache.kafka.common.security.plain.PlainLoginModule required'
const protocol = 'SASL_PLAINTEXT'
const config = {
  'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
  // Brokers, controllers and the admin of this spec.
  'super.users': 'User:ANONYMOUS',
  'sasl.enabled.mechanisms': 'PLAIN',
  'listener.name.sasl_plaintext.plain.sasl.jaas.config': `${login} user_ada="secret";`,
}

describeKafka('a client and its rights', { own: true, secureListeners: [protocol], config }, (kafka) => {
  let admin: Admin

  beforeAll(async () => {
    admin = new Kafka({ brokers: [kafka().bootstrapServers], logLevel: logLevel.NOTHING }).admin()
    await admin.connect()
  })

  afterAll(() => admin.disconnect())

  const grantOf = (topic: string) => ({
    resourceType: AclResourceTypes.TOPIC,
    resourceName: topic,
    resourcePatternType: ResourcePatternTypes.LITERAL,
    principal: 'User:ada',
    host: '*',
    permissionType: AclPermissionTypes.ALLOW,
    operation: AclOperationTypes.READ,
  })
  const allowed = async (topic: string): Promise<void> => {
    await admin.createAcls({ acl: [grantOf(topic)] })
  }
  const allowedTo = async (operation: AclOperationTypes, topic: string): Promise<void> => {
    await admin.createAcls({ acl: [{ ...grantOf(topic), operation }] })
  }
  const refused = async (topic: string): Promise<void> => {
    await admin.deleteAcls({ filters: [grantOf(topic)] })
  }

  const written = async (topic: string, value: string): Promise<void> => {
    const client = await openClient(kafka().bootstrapServers)
    const producer = client.producer(producerConfig())
    producer.append({ topic, value })
    await lastValueFrom(producer.flush())
    await lastValueFrom(client.close(), { defaultValue: undefined })
  }

  const asAda = {
    'security.protocol': protocol,
    'sasl.mechanism': 'PLAIN',
    'sasl.jaas.config': `${login} username="ada" password="secret";`,
  }

  const source = (topic: string) =>
    KafkaSource.builder()
      .setBootstrapServers(kafka().brokers[0]?.addressOf(protocol) ?? '')
      .setTopics(topic)
      .setValueOnlyDeserializer(new SimpleStringSchema())
      .setProperties(asAda)
      .setLogger(quiet)
      .build()

  const checkpointsOn = (store: CheckpointStore) => CheckpointCoordinator.create({ interval: 50, store, logger: quiet })

  const unauthorized = expect.objectContaining({ _tag: 'Authorization', retriable: false, code: 29 })

  it('should end with the same error at a fresh start, after a restore, and while it runs', async () => {
    await written('secret', 'a')
    const store = new MemoryCheckpointStore()
    const checkpoints = checkpointsOn(store)
    await expect(lastValueFrom(source('secret').records())).rejects.toEqual(unauthorized)

    await allowed('secret')
    const seen: string[] = []
    const ended = new Promise((resolve) => {
      source('secret')
        .records({ checkpoints })
        .subscribe({ next: (value) => seen.push(value), error: resolve })
    })
    await firstValueFrom(checkpoints.completed$.pipe(filter(() => seen.length > 0)))
    await refused('secret')
    expect(await ended).toEqual(unauthorized)
    expect(seen).toEqual(['a'])

    const restored$ = source('secret').elements({ checkpoints: checkpointsOn(store) })
    const elements: string[] = []
    await expect(lastValueFrom(restored$.pipe(tap(({ kind }) => elements.push(kind))))).rejects.toEqual(unauthorized)
    expect(elements).not.toContain('record')
  }, 60_000)

  it('should be told which right it lacks to describe transactions and producers; Write on an id is enough', async () => {
    await written('described', 'a')
    const writer = await openClient(kafka().bootstrapServers)
    const ids = ['granted', 'refused']
    for (const id of ids) await lastValueFrom(writer.transactionalProducer(id, producerConfig()).init())
    await admin.createAcls({
      acl: [
        {
          ...grantOf('granted'),
          resourceType: AclResourceTypes.TRANSACTIONAL_ID,
          operation: AclOperationTypes.WRITE,
        },
      ],
    })
    const client = await openClient(kafka().brokers[0]?.addressOf(protocol) ?? '', asAda)
    const ada = client.admin

    const described = await lastValueFrom(ada.describeTransactions(['granted']))
    expect(described.get('granted')?.state).toBe('Empty')
    await expect(lastValueFrom(ada.describeTransactions(ids))).rejects.toMatchObject({
      ...{ _tag: 'Authorization', code: 53, transactionalId: 'refused', retriable: false },
      message: expect.stringMatching(/Describe.*transactional.id|transactional.id.*Describe/i),
    })
    const partition = new TopicPartition('described', 0)
    await allowedTo(AclOperationTypes.DESCRIBE, 'described')
    await expect(lastValueFrom(ada.describeProducers([partition]))).rejects.toMatchObject({
      ...{ _tag: 'Authorization', code: 29, topic: 'described', retriable: false },
      message: expect.stringContaining('Read'),
    })
    await allowed('described')
    expect((await lastValueFrom(ada.describeProducers([partition]))).get('described-0')).toHaveLength(1)
    await lastValueFrom(client.close())
    await lastValueFrom(writer.close())
  }, 60_000)
})
