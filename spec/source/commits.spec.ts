import { describe, expect, it } from '@jest/globals'
import { concat } from 'rxjs'
import type { TestScheduler } from 'rxjs/testing'
import { CheckpointCoordinator } from '../../lib/checkpoint/CheckpointCoordinator.js'
import { MemoryCheckpointStore } from '../../lib/checkpoint/MemoryCheckpointStore.js'
import { KafkaError } from '../../lib/client/KafkaError.js'
import { SimpleStringSchema } from '../../lib/client/schema/SimpleStringSchema.js'
import { Fault } from '../../lib/memory/Fault.js'
import type { MemoryKafka } from '../../lib/memory/MemoryKafka.js'
import { MemoryMetricGroup } from '../../lib/metrics/MemoryMetricGroup.js'
import { KafkaSource } from '../../lib/source/KafkaSource.js'
import { onKafka } from './support/onKafka.js'
import { builderOf, silent, valuesFor } from './support/sourceOf.js'
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
      const read = (name: string) => metrics.read(`KafkaSourceReader.${name}`)
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
})
