import { describe, expect, it } from '@jest/globals'
import { map } from 'rxjs'
import { CheckpointCoordinator } from '../../lib/checkpoint/CheckpointCoordinator.js'
import { MemoryCheckpointStore } from '../../lib/checkpoint/store/MemoryCheckpointStore.js'
import type { TopicDescription } from '../../lib/client/KafkaAdmin.js'
import { SimpleStringSchema } from '../../lib/client/schema/SimpleStringSchema.js'
import type { RemovedPartitionsPolicy } from '../../lib/source/KafkaSourceConfig.js'
import { KafkaSource } from '../../lib/source/KafkaSource.js'
import type { KafkaSourceBuilder } from '../../lib/source/KafkaSourceBuilder.js'
import { OffsetsInitializer } from '../../lib/source/offsets/OffsetsInitializer.js'
import { onKafka } from './support/onKafka.js'
import { quiet, valuesFor } from './support/sourceOf.js'
import { storeWith } from './support/storeWith.js'
import { withAdmin } from './support/withAdmin.js'

const INTERVAL = 10

type Subscribe = (builder: KafkaSourceBuilder<unknown>) => KafkaSourceBuilder<unknown>

const subscriptions: Readonly<Record<string, Subscribe>> = {
  setTopics: (builder) => builder.setTopics('t', 'u'),
  setTopicPattern: (builder) => builder.setTopicPattern(/[tu]/),
  setPartitions: (builder) =>
    builder.setPartitions([
      { topic: 't', partition: 0 },
      { topic: 'u', partition: 0 },
    ]),
}

/** A source of `t` and `u`, what it warns of, and after how many ms a partition counts as gone while it is read. */
const builderOf = (
  subscribe: Subscribe,
  policy: RemovedPartitionsPolicy,
  warnings: string[] = [],
  requestTimeoutMs = 500,
): KafkaSourceBuilder<string> =>
  subscribe(KafkaSource.builder())
    .setBootstrapServers('localhost:9092')
    .setProperties({ 'request.timeout.ms': requestTimeoutMs, 'retry.backoff.ms': 10, 'retry.backoff.max.ms': 10 })
    .setGroupId('g')
    .setRemovedPartitionsPolicy(policy)
    .setLogger({ ...quiet, warn: (message) => warnings.push(message) })
    .setValueOnlyDeserializer(new SimpleStringSchema())

const removed = expect.objectContaining({ _tag: 'PartitionRemoved', retriable: false })

describe.each(Object.entries(subscriptions))('a partition that is not there any more, with %s', (_, subscribe) => {
  /** Broker metadata does not have `t` in these ms of the run; the partition itself can be read. */
  const lagging = (
    policy: RemovedPartitionsPolicy,
    [from, until]: readonly [number, number],
    picture: string,
    error?: unknown,
  ): void => {
    onKafka({ t: 1, u: 1 }, (kafka, scheduler, { expectObservable }) => {
      const without = map((topics: readonly TopicDescription[]) =>
        topics.filter(({ name }) => name !== 't' || scheduler.now() < from || scheduler.now() > until),
      )
      const connect = withAdmin(kafka, (admin) => ({
        listTopics: () => admin.listTopics().pipe(without),
        describeTopics: (topics) => admin.describeTopics(topics).pipe(without),
      }))
      kafka.produce('t', valuesFor(0, 'a', 'b'))
      scheduler.schedule(() => kafka.produce('t', valuesFor(0, 'c')), 65)
      const source = builderOf(subscribe, policy).setProperty('partition.discovery.interval.ms', INTERVAL).build()
      expectObservable(source.records({ connect, scheduler }), '^ 90ms !').toBe(picture, undefined, error)
    })
  }

  for (const policy of ['keep', 'drop', 'fail'] as const)
    it(`should be read on, policy ${policy}, when only a broker with old metadata did not know it`, () => {
      lagging(policy, [20, 30], '(ab) 61ms c')
      lagging(policy, [50, 50], '(ab) 61ms c')
    })

  it('should be kept, however long it is missing, when the policy is keep', () => {
    lagging('keep', [10, 90], '(ab) 61ms c')
  })

  it('should be new when it comes back after it was dropped', () => {
    lagging('drop', [10, 30], '(ab) 36ms (ab) 21ms c')
  })

  it('should end the stream when the policy is fail', () => {
    lagging('fail', [10, 30], '(ab) 26ms #', removed)
  })

  describe.each<[string, (builder: KafkaSourceBuilder<string>) => KafkaSourceBuilder<string>]>([
    ['with discovery', (builder) => builder.setProperty('partition.discovery.interval.ms', INTERVAL)],
    ['with discovery once a day', (builder) => builder.setProperty('partition.discovery.interval.ms', 86_400_000)],
    ['without discovery', (builder) => builder.setProperty('partition.discovery.interval.ms', -1)],
    ['with a stop', (builder) => builder.setUnbounded(OffsetsInitializer.offsets({ 't-0': 9, 'u-0': 3 }))],
    ['bounded', (builder) => builder.setBounded(OffsetsInitializer.offsets({ 't-0': 9, 'u-0': 3 }))],
  ])('%s', (title, mode) => {
    /** `t` is deleted at 100 ms; `u` has a record more at 900 ms, with which a source comes to its stop. */
    const deleted = (policy: RemovedPartitionsPolicy, warnings: string[]) => {
      const seen: string[] = []
      onKafka({ t: 1, u: 1 }, (kafka, scheduler, { flush }) => {
        kafka.produce('t', valuesFor(0, 'a'))
        kafka.produce('u', valuesFor(0, 'x', 'y'))
        scheduler.schedule(() => kafka.deleteTopic('t'), 100)
        scheduler.schedule(() => kafka.produce('u', valuesFor(0, 'z')), 900)
        const running = mode(builderOf(subscribe, policy, warnings))
          .build()
          .records({ connect: kafka.connect, scheduler })
          .subscribe({
            next: (value) => seen.push(value),
            error: ({ _tag }: { readonly _tag: string }) => seen.push(_tag),
            complete: () => seen.push('done'),
          })
        scheduler.schedule(() => running.unsubscribe(), 2000)
        flush()
      })
      return seen
    }
    const ends = ['with a stop', 'bounded'].includes(title)

    it('should be waited for when the policy is keep, which is told once', () => {
      const warnings: string[] = []
      expect(deleted('keep', warnings)).toEqual(['a', 'x', 'y', 'z'])
      expect(warnings).toEqual([
        'Partition t-0 is not in the cluster any more: its topic was deleted. It is read on should it come back.',
      ])
    })

    it('should be forgotten when the policy is drop, and the others read to their end', () => {
      const warnings: string[] = []
      expect(deleted('drop', warnings)).toEqual(['a', 'x', 'y', 'z', ...(ends ? ['done'] : [])])
      expect(warnings).toEqual(['Partition t-0 is not in the cluster any more, and is dropped: its topic was deleted.'])
    })

    it('should end the stream when the policy is fail', () => {
      expect(deleted('fail', [])).toEqual(['a', 'x', 'y', 'PartitionRemoved'])
    })
  })

  it('should go by the policy when it was deleted while the job was down', () => {
    const restored = (policy: RemovedPartitionsPolicy, bounded: boolean): readonly string[] => {
      const seen: string[] = []
      onKafka({ u: 1 }, (kafka, scheduler, { flush }) => {
        kafka.produce('u', valuesFor(0, 'x', 'y'))
        const store = storeWith({
          version: 2,
          state: {
            ...{ subtaskIndex: 0, parallelism: 1, initialDiscoveryFinished: true },
            splits: ['t', 'u'].map((topic) => ({ topic, partition: 0, offset: 1 })),
          },
        })
        const builder = builderOf(subscribe, policy)
        const source = (bounded ? builder.setBounded(OffsetsInitializer.latest()) : builder).build()
        const checkpoints = CheckpointCoordinator.create({ interval: 50, store, scheduler, logger: quiet })
        const running = source.records({ connect: kafka.connect, scheduler, checkpoints }).subscribe({
          next: (value) => seen.push(value),
          error: ({ _tag }: { readonly _tag: string }) => seen.push(_tag),
          complete: () => seen.push('done'),
        })
        scheduler.schedule(() => running.unsubscribe(), 9000)
        flush()
        seen.push(store.stored.length > 0 ? 'stored' : 'nothing stored')
      })
      return seen
    }
    expect(restored('keep', false)).toEqual(['y', 'stored'])
    expect(restored('drop', false)).toEqual(['y', 'stored'])
    expect(restored('fail', false)).toEqual(['y', 'PartitionRemoved', 'stored'])
    // Where it would have ended cannot be known any more.
    expect(restored('keep', true)).toEqual(['y', 'stored'])
    expect(restored('drop', true)).toEqual(['y', 'done', 'stored'])
    expect(restored('fail', true)).toEqual(['y', 'PartitionRemoved', 'stored'])
  })

  it('should not be taken for a name that is wrong, in whichever subtask', () => {
    // One partition each: a subtask does not have both.
    onKafka({ t: 1, u: 1 }, (kafka, scheduler, { flush }) => {
      const store = new MemoryCheckpointStore()
      const seen: string[] = []
      const run = (name: string, at: number, until: number): void => {
        scheduler.schedule(() => {
          const checkpoints = CheckpointCoordinator.create({ interval: 50, store, scheduler, logger: quiet })
          for (const subtaskIndex of [0, 1]) {
            const source = builderOf(subscribe, 'keep').build()
            const running = source
              .records({ connect: kafka.connect, scheduler, checkpoints, parallelism: 2, subtaskIndex })
              .subscribe({
                next: (value) => seen.push(`${name} ${value}`),
                error: ({ message }: Error) => seen.push(`${name} ${message.slice(0, 60)}`),
              })
            scheduler.schedule(() => running.unsubscribe(), until - at)
          }
        }, at)
      }
      run('first', 0, 200)
      scheduler.schedule(() => kafka.deleteTopic('t'), 300)
      scheduler.schedule(() => kafka.produce('u', valuesFor(0, 'x')), 500)
      run('second', 400, 1400)
      flush()
      expect(seen).toEqual(['second x'])
    })
  })
})

describe('a name that was never there', () => {
  it('should end a restored stream as it ends a fresh one', () => {
    onKafka({ t: 1 }, (kafka, scheduler, { expectObservable }) => {
      const state = { subtaskIndex: 0, parallelism: 1, topics: { t: 1 }, splits: [], initialDiscoveryFinished: true }
      const checkpoints = CheckpointCoordinator.create({
        ...{ interval: 50, scheduler, logger: quiet },
        store: storeWith({ version: 3, state }),
      })
      const source = builderOf((builder) => builder.setTopics('t', 'misspelt'), 'keep').build()
      const error = expect.objectContaining({
        codeName: 'UNKNOWN_TOPIC_OR_PARTITION',
        message: expect.stringContaining('The brokers do not know: misspelt'),
      })
      expectObservable(source.records({ connect: kafka.connect, scheduler, checkpoints })).toBe('#', undefined, error)
    })
  })
})
