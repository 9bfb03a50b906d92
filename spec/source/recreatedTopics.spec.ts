import { describe, expect, it } from '@jest/globals'
import { concat, mergeMap, of } from 'rxjs'
import { CheckpointCoordinator } from '../../lib/checkpoint/CheckpointCoordinator.js'
import { MemoryCheckpointStore } from '../../lib/checkpoint/store/MemoryCheckpointStore.js'
import { SimpleStringSchema } from '../../lib/client/schema/SimpleStringSchema.js'
import type { MemoryKafka } from '../../lib/memory/MemoryKafka.js'
import type { RecreatedTopicPolicy } from '../../lib/source/KafkaSourceConfig.js'
import { KafkaSource } from '../../lib/source/KafkaSource.js'
import type { KafkaSourceBuilder } from '../../lib/source/KafkaSourceBuilder.js'
import { OffsetsInitializer } from '../../lib/source/offsets/OffsetsInitializer.js'
import { recordsOnly } from '../../lib/stream/recordsOnly.js'
import { onKafka } from './support/onKafka.js'
import { quiet, valuesFor } from './support/sourceOf.js'

/** `t` gives way to another topic of its name. */
const createAnew = (kafka: MemoryKafka, partitions: number, ...values: readonly string[]): void => {
  kafka.deleteTopic('t')
  kafka.createTopic('t', partitions)
  kafka.produce('t', valuesFor(0, ...values))
}

interface Scene {
  readonly policy?: RecreatedTopicPolicy
  readonly down: boolean
  readonly before?: readonly string[]
  readonly after: readonly string[]
  /** beyond the end: the source waits there */
  readonly bound?: number
}

/** What is read of a topic that is created anew after 100 ms: while it is read, or while the job is down. */
const reading = ({ policy, down, before = ['a', 'b'], after, bound }: Scene) => {
  const seen: string[] = []
  const warnings: string[] = []
  onKafka({ t: 1 }, (kafka, scheduler, { flush }) => {
    kafka.produce('t', valuesFor(0, ...before))
    const store = new MemoryCheckpointStore()
    const run = (at: number, until: number): void => {
      scheduler.schedule(() => {
        const checkpoints = CheckpointCoordinator.create({ interval: 20, store, scheduler, logger: quiet })
        const builder: KafkaSourceBuilder<string> = KafkaSource.builder()
          .setBootstrapServers('localhost:9092')
          .setTopics('t')
          .setGroupId('g')
          .setLogger({ ...quiet, warn: (message) => warnings.push(message) })
          .setValueOnlyDeserializer(new SimpleStringSchema())
        if (policy !== undefined) builder.setRecreatedTopicPolicy(policy)
        if (bound !== undefined) builder.setBounded(OffsetsInitializer.offsets({ 't-0': bound }))
        const running = builder
          .build()
          .records({ connect: kafka.connect, scheduler, checkpoints })
          .subscribe({
            next: (value) => seen.push(value),
            error: ({ _tag }: { readonly _tag: string }) => seen.push(_tag),
            complete: () => seen.push('done'),
          })
        scheduler.schedule(() => running.unsubscribe(), until - at)
      }, at)
    }
    scheduler.schedule(() => {
      createAnew(kafka, 1, ...after)
    }, 100)
    scheduler.schedule(() => kafka.produce('t', valuesFor(0, 'later')), 500)
    if (!down) return run(0, 800)
    run(0, 80)
    run(120, 800)
    flush()
  })
  return { seen, warnings }
}

describe.each([
  ['while it is read', false],
  ['while the job is down', true],
])('a topic that is created anew %s', (_, down) => {
  for (const after of [[], ['x'], ['x', 'y'], ['x', 'y', 'z', 'w']])
    it(`should end the stream by default, with ${after.length} records where 2 were read`, () => {
      expect(reading({ down, after }).seen).toEqual(['a', 'b', 'TopicRecreated'])
    })

  it('should be read from its first record when the policy says so, which is told', () => {
    for (const after of [[], ['x'], ['x', 'y', 'z', 'w']]) {
      const { seen, warnings } = reading({ down, after, policy: 'earliest' })
      expect(seen).toEqual(['a', 'b', ...after, 'later'])
      expect(warnings).toEqual([
        'Topic t was deleted and created anew (topic id AAAAAAAAAAAAAAAAAAAAAQ before, AAAAAAAAAAAAAAAAAAAAAg now). Offset 2 of t-0 ' +
          'belongs to the former one, whose records are gone. Going on from the earliest offset of the new one, 0.',
      ])
    }
  })

  it('should be read from its end when the policy says so', () => {
    expect(reading({ down, after: ['x', 'y', 'z'], policy: 'latest' }).seen).toEqual(['a', 'b', 'later'])
  })

  it('should have a stop of its own when the source has one', () => {
    expect(reading({ down, after: ['x', 'y'], policy: 'earliest', bound: 3 }).seen).toEqual([
      'a',
      'b',
      'x',
      'y',
      'later',
      'done',
    ])
  })

  it('should be told when nothing was ever read of the former one either', () => {
    expect(reading({ down, before: [], after: ['x'] }).seen).toEqual(['TopicRecreated'])
  })
})

describe('a topic that is created anew', () => {
  it('should be a new split where each split has its own stream', () => {
    onKafka({ t: 1 }, (kafka, scheduler, { flush }) => {
      kafka.produce('t', valuesFor(0, 'a'))
      const seen: string[] = []
      const running = KafkaSource.builder()
        .setBootstrapServers('localhost:9092')
        .setTopics('t')
        .setRecreatedTopicPolicy('earliest')
        .setLogger(quiet)
        .setValueOnlyDeserializer(new SimpleStringSchema())
        .build()
        .splits({ connect: kafka.connect, scheduler })
        .pipe(mergeMap(({ id, elements }) => concat(of(id), elements.pipe(recordsOnly()), of(`${id} completed`))))
        .subscribe((word) => seen.push(word))
      scheduler.schedule(() => {
        createAnew(kafka, 1, 'x', 'y')
      }, 100)
      scheduler.schedule(() => running.unsubscribe(), 500)
      flush()
      expect(seen).toEqual(['t-0', 'a', 't-0 completed', 't-0', 'x', 'y'])
    })
  })

  it('should be told by the position that a truncation was missed at, after a restart too', () => {
    onKafka({ t: 1 }, (kafka, scheduler, { flush }) => {
      const seen: string[] = []
      const store = new MemoryCheckpointStore()
      for (const value of ['a', 'b', 'c']) kafka.produce('t', valuesFor(0, value))
      const run = (at: number, until: number): void => {
        scheduler.schedule(() => {
          const checkpoints = CheckpointCoordinator.create({ interval: 20, store, scheduler, logger: quiet })
          const running = KafkaSource.builder()
            .setBootstrapServers('localhost:9092')
            .setTopics('t')
            .setLogger(quiet)
            .setValueOnlyDeserializer(new SimpleStringSchema())
            .build()
            .records({ connect: kafka.connect, scheduler, checkpoints })
            .subscribe({
              next: (value) => seen.push(value),
              error: ({
                _tag,
                cause,
              }: {
                readonly _tag: string
                readonly cause: { readonly divergentOffset: number }
              }) => seen.push(`${_tag} at ${cause.divergentOffset}`),
            })
          scheduler.schedule(() => running.unsubscribe(), until - at)
        }, at)
      }
      run(0, 80)
      scheduler.schedule(() => {
        kafka.truncate('t', 0, 1)
        // The log is as long as before, and longer.
        for (const value of ['x', 'y', 'z']) kafka.produce('t', valuesFor(0, value))
      }, 100)
      run(120, 500)
      flush()
      expect(seen).toEqual(['a', 'b', 'c', 'LogTruncated at 1'])
    })
  })
})
