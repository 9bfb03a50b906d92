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
} from '../../lib/index.js'
import { producerConfig } from '../../lib/testing/contract/ContractScene.js'
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

describeKafka('a source with rights', { own: true, secureListeners: [protocol], config }, (kafka) => {
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

  const source = (topic: string) =>
    KafkaSource.builder()
      .setBootstrapServers(kafka().brokers[0]?.addressOf(protocol) ?? '')
      .setTopics(topic)
      .setValueOnlyDeserializer(new SimpleStringSchema())
      .setProperties({
        'security.protocol': protocol,
        'sasl.mechanism': 'PLAIN',
        'sasl.jaas.config': `${login} username="ada" password="secret";`,
      })
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
})
