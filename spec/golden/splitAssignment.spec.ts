import { describe, expect, it } from '@jest/globals'
import { TestScheduler } from 'rxjs/testing'
import { MemoryCheckpointStore } from '../../lib/checkpoint/store/MemoryCheckpointStore.js'
import { MemoryKafka } from '../../lib/memory/MemoryKafka.js'
import { golden } from '../support/golden.js'
import { RunningJob } from './replay/RunningJob.js'
import { sourceOf } from './replay/sourceOf.js'

interface Case {
  readonly topic: string
  readonly partitions: number
  readonly parallelism: number
  /** by partition: the subtask that emitted its record */
  readonly observedOwners: readonly number[]
}

const ownersOf = ({ topic, partitions, parallelism }: Case): readonly (string | undefined)[] => {
  const scheduler = new TestScheduler(() => undefined)
  const kafka = new MemoryKafka({ scheduler, topics: { [topic]: partitions } })
  const numbers = Array.from({ length: partitions }, (_, partition) => partition)
  for (const partition of numbers) kafka.produce(topic, [{ partition, value: 'x' }])
  const partitionSet = { partitionSet: numbers, bounded: { kind: 'latest' } } as const
  const source = sourceOf(partitionSet, topic, 'memory:9092', () => undefined)
  return scheduler.run(({ flush }) => {
    const job = new RunningJob(
      source,
      topic,
      { source: partitionSet, parallelism },
      { connect: kafka.connect, store: new MemoryCheckpointStore(), scheduler },
    )
    flush()
    const counts = Object.entries(job.recordsBySubtask)
    return numbers.map((partition) => counts.find(([, records]) => records[partition] === 1)?.[0])
  })
}

describe('the subtasks of a KafkaSource, as recorded from Flink', () => {
  it.each(golden<Case>('split-assignment-live').map((one) => [one.topic, one.parallelism, one] as const))(
    'should deal the partitions of %s to %i subtasks alike',
    (_topic, _parallelism, recorded) => {
      expect(ownersOf(recorded)).toEqual(recorded.observedOwners.map(String))
    },
  )
})
