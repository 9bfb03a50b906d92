import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals'
import type { Observable } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import { WatermarkStrategy } from '../../lib/eventtime/WatermarkStrategy.js'
import { unionElements } from '../../lib/eventtime/unionElements.js'
import { MemoryKafka } from '../../lib/memory/MemoryKafka.js'
import type { StreamElement } from '../../lib/stream/StreamElement.js'
import { golden } from '../support/golden.js'
import { type Origin, sourceOf } from './replay/sourceOf.js'

interface Case {
  readonly id: string
  readonly desc: string
  readonly partitions: number
  readonly strategy: string
  readonly parallelism: number
  readonly bounded: boolean
  readonly records: readonly { readonly partition: number; readonly ts: number }[]
  readonly outcome: 'FINISHED' | 'STILL_RUNNING'
  readonly eventsBySubtask: Readonly<Record<string, readonly string[]>>
}

/** ms of virtual time, enough for every idleness */
const LONG = 5_000

const strategies: Readonly<Record<string, () => WatermarkStrategy<Origin>>> = {
  none: () => WatermarkStrategy.noWatermarks(),
  mono: () => WatermarkStrategy.forMonotonousTimestamps(),
  ooo100: () => WatermarkStrategy.forBoundedOutOfOrderness(100),
  'mono-idle': () => WatermarkStrategy.forMonotonousTimestamps<Origin>().withIdleness(500),
}

/** What the probe behind the source notes of an element, in the words of the recording. */
const eventOf = (element: StreamElement<Origin>): readonly string[] => {
  switch (element.kind) {
    case 'record':
      return [`record ${element.value.partition} ${element.value.offset} ${element.timestamp}`]
    case 'watermark':
      return [`watermark ${element.timestamp === Infinity ? '9223372036854775807' : element.timestamp}`]
    case 'watermarkStatus':
      return [element.idle ? 'idle' : 'active']
    default:
      return []
  }
}

const run = ({ partitions, strategy, parallelism, bounded, records }: Case) => {
  const scheduler = new TestScheduler(() => undefined)
  const topic = 'fg-probed'
  const kafka = new MemoryKafka({ scheduler, topics: { [topic]: partitions } })
  for (const { partition, ts } of records) kafka.produce(topic, [{ partition, timestamp: ts, value: 'x' }])
  const source = sourceOf(bounded ? { bounded: { kind: 'latest' } } : {}, topic, 'memory:9092', () => undefined)
  const subtasks = Array.from({ length: parallelism }, (_, subtaskIndex): Observable<StreamElement<Origin>> =>
    source.elements({
      parallelism,
      subtaskIndex,
      scheduler,
      connect: kafka.connect,
      watermarks: strategies[strategy]!(),
    }),
  )
  const events: string[] = []
  let outcome: Case['outcome'] = 'STILL_RUNNING'
  scheduler.run(({ flush }) => {
    const probing = unionElements(...subtasks).subscribe({
      next: (element) => {
        if (element.kind === 'batchEnd' || element.kind === 'barrier') element.acknowledge()
        events.push(...eventOf(element))
      },
      complete: () => {
        outcome = 'FINISHED'
      },
    })
    scheduler.schedule(() => {
      probing.unsubscribe()
    }, LONG)
    flush()
  })
  return { outcome, events }
}

/** The order between partitions is not fixed; that of one, and of watermarks, is. */
const byPartition = (events: readonly string[]): readonly string[] => {
  const watermarks = events.findIndex((event) => !event.startsWith('record'))
  const records = watermarks < 0 ? events : events.slice(0, watermarks)
  const partitionOf = (event: string): number => Number(event.split(' ')[1])
  return [...[...records].sort((a, b) => partitionOf(a) - partitionOf(b)), ...events.slice(records.length)]
}

describe('the watermarks of a job, as recorded from Flink', () => {
  beforeAll(() => {
    jest.spyOn(console, 'warn').mockImplementation(() => undefined)
  })
  afterAll(() => {
    jest.restoreAllMocks()
  })

  it.each(golden<Case>('watermarks-job').map((one) => [one.id, one.desc, one] as const))(
    'should be those of %s: %s',
    (_id, _desc, recorded) => {
      const { outcome, events } = run(recorded)
      expect(outcome).toBe(recorded.outcome)
      expect(byPartition(events)).toEqual(byPartition(recorded.eventsBySubtask['0'] ?? []))
    },
  )
})
