import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { firstValueFrom, lastValueFrom, type Subscription } from 'rxjs'
import {
  CheckpointCoordinator,
  type CheckpointStore,
  type KafkaClient,
  KafkaSource,
  type KafkaSourceBuilder,
  MemoryCheckpointStore,
  MemoryMetricGroup,
  OffsetsInitializer,
  SimpleStringSchema,
  TopicPartition,
} from '../../lib/index.js'
import { producerConfig } from '../../lib/conformance/client/ContractScene.js'
import { until } from '../kafkajs/support/until.js'
import { quiet } from '../source/support/sourceOf.js'
import { openClient } from '../support/openClient.js'
import { describeKafka } from '../support/realKafka.js'

/** What a job reads and says, until it is stopped. */
interface Running {
  readonly values: string[]
  readonly warnings: string[]
  /** `done`, or the tag of its error */
  readonly ends: string[]
  readonly subscription: Subscription
}

describeKafka('topics that go', (kafka) => {
  let client: KafkaClient
  let names = 0
  const running: Running[] = []

  beforeAll(async () => {
    client = await openClient(kafka().bootstrapServers)
  })

  afterAll(async () => {
    running.forEach(({ subscription }) => subscription.unsubscribe())
    await lastValueFrom(client.close(), { defaultValue: undefined })
  })

  const newTopic = (): string => `gone-${process.pid}-${Date.now()}-${names++}`

  const create = (...topics: readonly string[]): Promise<void> =>
    lastValueFrom(client.admin.createTopics(topics.map((topic) => ({ topic, partitions: 1, replicationFactor: 1 }))), {
      defaultValue: undefined,
    })
  const remove = (...topics: readonly string[]): Promise<void> =>
    lastValueFrom(client.admin.deleteTopics(topics), { defaultValue: undefined })

  const write = async (topic: string, ...values: readonly string[]): Promise<void> => {
    const producer = client.producer(producerConfig())
    for (const value of values) producer.append({ topic, partition: 0, value })
    await lastValueFrom(producer.flush())
    await lastValueFrom(producer.close(), { defaultValue: undefined })
  }

  const run = (
    configure: (builder: KafkaSourceBuilder<unknown>) => KafkaSourceBuilder<unknown>,
    options: Parameters<KafkaSource<string>['records']>[0] = {},
  ): Running => {
    const [values, warnings, ends]: string[][] = [[], [], []]
    const subscription = configure(KafkaSource.builder().setGroupId(newTopic()))
      .setBootstrapServers(kafka().bootstrapServers)
      .setProperties({ 'request.timeout.ms': 2000, 'fetch.max.wait.ms': 100 })
      .setLogger({ ...quiet, warn: (message) => warnings!.push(message) })
      .setValueOnlyDeserializer<string>(new SimpleStringSchema())
      .build()
      .records(options)
      .subscribe({
        next: (value) => values!.push(value),
        error: (error: { readonly _tag?: string; readonly message: string }) => ends!.push(error._tag ?? error.message),
        complete: () => ends!.push('done'),
      })
    const job = { values: values!, warnings: warnings!, ends: ends!, subscription }
    running.push(job)
    return job
  }

  const checkpointsOn = (store: CheckpointStore) =>
    CheckpointCoordinator.create({ interval: 100, store, logger: quiet })

  it('should not keep the offsets of others from being committed, nor a job from being stopped', async () => {
    const [kept, gone, groupId] = [newTopic(), newTopic(), newTopic()]
    await create(kept, gone)
    const metrics = new MemoryMetricGroup()
    const checkpoints = checkpointsOn(new MemoryCheckpointStore())
    const job = run((builder) => builder.setTopicPattern(new RegExp(`${kept}|${gone}`)).setGroupId(groupId), {
      checkpoints,
      metrics,
    })
    const at = new TopicPartition(kept, 0)
    const committed = async () => (await firstValueFrom(client.admin.committedOffsets(groupId, [at]))).get(String(at))
    const read = (name: string) => metrics.read(`operator.source.KafkaSourceReader.${name}`)
    await write(kept, 'a')
    await until(() => read(`topic.${kept}.partition.0.committedOffset`) === 1, 10_000)
    await remove(gone)
    for (const [n, value] of ['b', 'c'].entries()) {
      await write(kept, value)
      await until(() => read(`topic.${kept}.partition.0.committedOffset`) === n + 2, 5_000)
      expect(await committed()).toBe(n + 2)
    }
    expect([job.values, read('commitsFailed')]).toEqual([['a', 'b', 'c'], 0])
    const stoppedAt = performance.now()
    await firstValueFrom(checkpoints.stopWithSavepoint({ drain: false }))
    await until(() => job.ends.length > 0, 5_000)
    expect(job.ends).toEqual(['done'])
    expect(performance.now() - stoppedAt).toBeLessThan(5_000)
    expect(job.warnings.filter((warning) => warning.includes('not committed'))).toHaveLength(1)
  }, 60_000)

  describe.each<
    [string, (builder: KafkaSourceBuilder<unknown>, topics: readonly string[]) => KafkaSourceBuilder<unknown>]
  >([
    ['setTopics', (builder, topics) => builder.setTopics(topics)],
    ['setPartitions', (builder, topics) => builder.setPartitions(topics.map((topic) => ({ topic, partition: 0 })))],
    ['setTopicPattern', (builder, topics) => builder.setTopicPattern(new RegExp(topics.join('|')))],
  ])('of %s', (_, subscribe) => {
    it('should go by the policy, in a bounded source too, which then ends', async () => {
      const policies = ['keep', 'drop', 'fail'] as const
      const jobs = await Promise.all(
        policies.map(async (policy) => {
          const [kept, gone] = [newTopic(), newTopic()]
          await create(kept, gone)
          await write(gone, 'x')
          const job = run((builder) =>
            subscribe(builder, [kept, gone])
              .setBounded(OffsetsInitializer.offsets({ [`${kept}-0`]: 1, [`${gone}-0`]: 5 }))
              .setRemovedPartitionsPolicy(policy),
          )
          await until(() => job.values.includes('x'), 10_000)
          await remove(gone)
          return { job, kept }
        }),
      )
      const [keep, drop, fail] = jobs
      await until(() => keep!.job.warnings.some((warning) => warning.includes('read on should it come back')), 15_000)
      await until(() => drop!.job.warnings.some((warning) => warning.includes('is dropped')), 15_000)
      await until(() => fail!.job.ends.length > 0, 15_000)
      await Promise.all(jobs.map(({ kept }) => write(kept, 'z')))
      await until(() => drop!.job.ends.length > 0, 15_000)
      await until(() => keep!.job.values.includes('z'), 15_000)
      expect(jobs.map(({ job }) => job.ends)).toEqual([[], ['done'], ['PartitionRemoved']])
    }, 60_000)
  })

  describe.each([
    ['while it is read', false],
    ['while the job is down', true],
  ])('and come anew %s', (_, down) => {
    it('should be told from the former, though they are longer, and read from their first record if that is wanted', async () => {
      for (const policy of ['fail', 'earliest'] as const) {
        const topic = newTopic()
        await create(topic)
        await write(topic, 'a', 'b')
        const store = new MemoryCheckpointStore()
        const start = () => {
          const checkpoints = checkpointsOn(store)
          const completed$ = checkpoints.completed$
          const job = run((builder) => builder.setTopics(topic).setRecreatedTopicPolicy(policy), { checkpoints })
          return { job, completed$ }
        }
        const { job, completed$ } = start()
        await until(() => job.values.length === 2, 10_000)
        await firstValueFrom(completed$)
        if (down) job.subscription.unsubscribe()
        await remove(topic)
        await create(topic)
        await write(topic, 'x', 'y', 'z')
        const then = down ? start().job : job
        if (policy === 'fail') {
          await until(() => then.ends.length > 0, 15_000)
          expect([then.ends, then.values]).toEqual([['TopicRecreated'], down ? [] : ['a', 'b']])
        } else {
          await until(() => then.values.includes('z'), 15_000)
          expect(then.values).toEqual(down ? ['x', 'y', 'z'] : ['a', 'b', 'x', 'y', 'z'])
          // A commit of offsets may have met the deletion.
          const others = then.warnings.filter((warning) => !warning.includes('not committed'))
          expect(others).toEqual([expect.stringContaining('was deleted and created anew')])
          then.subscription.unsubscribe()
        }
      }
    }, 60_000)
  })
})
