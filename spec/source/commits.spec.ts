import { describe, expect, it } from '@jest/globals'
import { concat, map } from 'rxjs'
import type { TestScheduler } from 'rxjs/testing'
import { CheckpointCoordinator } from '../../lib/checkpoint/CheckpointCoordinator.js'
import { MemoryCheckpointStore } from '../../lib/checkpoint/store/MemoryCheckpointStore.js'
import { KafkaError } from '../../lib/client/KafkaError.js'
import { SimpleStringSchema } from '../../lib/client/schema/SimpleStringSchema.js'
import { Fault } from '../../lib/memory/Fault.js'
import type { MemoryKafka } from '../../lib/memory/MemoryKafka.js'
import { MemoryMetricGroup } from '../../lib/metrics/MemoryMetricGroup.js'
import { KafkaSource } from '../../lib/source/KafkaSource.js'
import { onKafka } from './support/onKafka.js'
import { builderOf, quiet, silent, valuesFor } from './support/sourceOf.js'
import { withAdmin } from './support/withAdmin.js'
import { writeTransaction } from './support/writeTransaction.js'

const every = (interval: number, scheduler: TestScheduler) =>
  CheckpointCoordinator.create({ interval, store: new MemoryCheckpointStore(), scheduler })

/** From a committed record to an aborted tail: offsets 0 to 4, with markers at 1 and 4. */
const transactions = (kafka: MemoryKafka) => {
  const record = (value: string) => ({ topic: 't', partition: 0, value })
  return concat(
    writeTransaction(kafka, 'x', [record('a')], 'commit'),
    writeTransaction(kafka, 'y', [record('b'), record('c')], 'abort'),
  )
}

const lagOf = (kafka: MemoryKafka): number =>
  kafka.endOffsets('t')[0]! - (kafka.committedOffsets('g').get('t-0') ?? NaN)

/** What is committed after a second, of a source that runs as long. */
const afterASecond = (
  scheduler: TestScheduler,
  source: KafkaSource<string>,
  options: Parameters<KafkaSource<string>['records']>[0],
  look: () => void,
): void => {
  const running = source.records({ scheduler, ...options }).subscribe()
  scheduler.schedule(() => {
    look()
    running.unsubscribe()
  }, 1000)
}

describe('committed offsets', () => {
  for (const isolationLevel of ['read_committed', 'read_uncommitted'])
    for (const by of ['checkpoints', 'time'])
      it(`should pass markers and aborted records on a topic that is idle, so that lag is 0, by ${by}, ${isolationLevel}`, () => {
        onKafka({ t: 1 }, (kafka, scheduler) => {
          const properties = {
            'isolation.level': isolationLevel,
            'auto.commit.interval.ms': 50,
            'enable.auto.commit': true,
          }
          const source = builderOf().setProperties(properties).build()
          const options = { connect: kafka.connect, ...(by === 'time' ? {} : { checkpoints: every(50, scheduler) }) }
          scheduler.schedule(() => transactions(kafka).subscribe(), 200)
          const lags: number[] = []
          afterASecond(scheduler, source, options, () => lags.push(lagOf(kafka)))
          scheduler.flush()
          expect([kafka.endOffsets('t'), lags]).toEqual([[5], [0]])
        })
      })

  it('should be told again by the next checkpoint when they could not be, which is counted and ends nothing', () => {
    onKafka({ t: 1 }, (kafka, scheduler) => {
      kafka.produce('t', valuesFor(0, 'a', 'b'))
      const refused = new KafkaError({ _tag: 'Authorization', message: 'not this group' })
      kafka.inject({ api: 'OffsetCommit', times: 3 }, Fault.fail(refused))
      const metrics = new MemoryMetricGroup()
      const options = { connect: kafka.connect, metrics, checkpoints: every(100, scheduler) }
      const read = (name: string) => metrics.read(`operator.source.KafkaSourceReader.${name}`)
      const seen: unknown[] = []
      scheduler.schedule(() => seen.push(read('commitsFailed'), read('topic.t.partition.0.committedOffset')), 250)
      afterASecond(scheduler, silent(builderOf().build()), options, () => {
        seen.push(read('commitsFailed'), read('topic.t.partition.0.committedOffset'), lagOf(kafka))
        expect(Number(read('commitsSucceeded'))).toBeGreaterThan(3)
      })
      scheduler.flush()
      expect(seen).toEqual([3, -1, 3, 2, 0])
    })
  })

  it('should not be told when the source is set so, nor without a group', () => {
    onKafka({ t: 1 }, (kafka, scheduler) => {
      kafka.produce('t', valuesFor(0, 'a'))
      const told: string[] = []
      kafka.calls$.subscribe(({ api }) => told.push(api))
      const off = builderOf().setProperty('commit.offsets.on.checkpoint', false).build()
      const nobody = KafkaSource.builder()
        .setBootstrapServers('memory:9092')
        .setTopics('t')
        .setValueOnlyDeserializer(new SimpleStringSchema())
        .build()
      for (const source of [off, nobody])
        afterASecond(scheduler, source, { connect: kafka.connect, checkpoints: every(50, scheduler) }, () => undefined)
      scheduler.flush()
      expect(told).toContain('Fetch')
      expect(told).not.toContain('OffsetCommit')
    })
  })

  it('should be those of all other topics when one is deleted, and not hold up a stop', () => {
    onKafka({ 'p-a': 1, 'p-b': 1 }, (kafka, scheduler) => {
      const warnings: string[] = []
      const source = KafkaSource.builder()
        .setBootstrapServers('memory:9092')
        .setTopicPattern(/p-.*/)
        .setGroupId('g')
        .setLogger({ ...quiet, warn: (message) => warnings.push(message) })
        .setValueOnlyDeserializer(new SimpleStringSchema())
        .build()
      const metrics = new MemoryMetricGroup()
      const checkpoints = every(100, scheduler)
      const read = (name: string) => metrics.read(`operator.source.KafkaSourceReader.${name}`)
      const seen: unknown[] = []
      let completedAt: number | undefined
      source.records({ connect: kafka.connect, scheduler, metrics, checkpoints }).subscribe({
        complete: () => (completedAt = scheduler.now()),
      })
      scheduler.schedule(() => kafka.deleteTopic('p-b'), 150)
      for (let at = 200; at < 1000; at += 200)
        scheduler.schedule(() => {
          kafka.produce('p-a', [{ value: 'a' }])
          scheduler.schedule(() => {
            seen.push([kafka.committedOffsets('g').get('p-a-0'), read('topic.p-a.partition.0.committedOffset')])
          }, 150)
        }, at)
      scheduler.schedule(() => checkpoints.stopWithSavepoint({ drain: false }), 1000)
      scheduler.flush()
      expect(seen).toEqual([
        [1, 1],
        [2, 2],
        [3, 3],
        [4, 4],
      ])
      expect(read('commitsFailed')).toBe(0)
      expect(completedAt).toBeLessThan(1010)
      expect(warnings).toEqual([
        expect.stringMatching(
          /^The offsets of p-b-0 are not committed to group g; those of all other partitions are\. /,
        ),
      ])
    })
  })

  it('should be counted as failed, and told once, while one topic may not be committed', () => {
    onKafka({ t: 2 }, (kafka, scheduler) => {
      const warnings: string[] = []
      const refused = new KafkaError({ _tag: 'Authorization', message: 'not this topic', code: 29 })
      let refusing = true
      const connect = withAdmin(kafka, (admin) => ({
        commitOffsets: (groupId, [first, ...others]) =>
          refusing
            ? admin.commitOffsets(groupId, others).pipe(map(() => new Map([['t-0', refused]])))
            : admin.commitOffsets(groupId, [first!, ...others]),
      }))
      const metrics = new MemoryMetricGroup()
      const source = builderOf()
        .setLogger({ ...quiet, warn: (message) => warnings.push(message) })
        .build()
      kafka.produce('t', [...valuesFor(0, 'a'), ...valuesFor(1, 'b')])
      const read = (name: string) => metrics.read(`operator.source.KafkaSourceReader.${name}`)
      const seen: unknown[] = []
      const look = () =>
        seen.push(
          read('commitsFailed'),
          ...[0, 1].map((partition) => read(`topic.t.partition.${partition}.committedOffset`)),
        )
      scheduler.schedule(() => {
        look()
        refusing = false
      }, 250)
      scheduler.schedule(() => {
        refusing = true
      }, 450)
      afterASecond(scheduler, source, { connect, metrics, checkpoints: every(100, scheduler) }, look)
      scheduler.flush()
      expect(seen).toEqual([3, -1, 1, expect.any(Number), 1, 1])
      expect(warnings).toEqual([
        'The offsets of t-0 are not committed to group g; those of all other partitions are. not this topic',
        'The offsets of t-0 are not committed to group g; those of all other partitions are. not this topic',
      ])
    })
  })
})
