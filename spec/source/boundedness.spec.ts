import { describe, expect, it } from '@jest/globals'
import { concat, defer, EMPTY, ignoreElements, type Observable } from 'rxjs'
import type { IsolationLevel } from '../../lib/client/IsolationLevel.js'
import { SimpleStringSchema } from '../../lib/client/schema/SimpleStringSchema.js'
import { TopicPartition } from '../../lib/client/TopicPartition.js'
import type { MemoryKafka } from '../../lib/memory/MemoryKafka.js'
import { KafkaSource } from '../../lib/source/KafkaSource.js'
import type { KafkaSourceBuilder } from '../../lib/source/KafkaSourceBuilder.js'
import { OffsetsInitializer } from '../../lib/source/offsets/OffsetsInitializer.js'
import { onKafka } from './support/onKafka.js'
import { builderOf } from './support/sourceOf.js'
import { writeTransaction } from './support/writeTransaction.js'

/**
 * What happens to partition 0, step by step; each letter is a record, its own key in upper case.
 *
 * - `ab`: a batch outside of transactions
 * - `[ab]`, `{ab}`, `<ab`: a transaction that is committed, aborted, left open
 * - `compact`, `delete 2`: log compaction; retention up to offset 2
 */
type History = readonly string[]

interface Row {
  readonly title: string
  readonly before: History
  /** what happens 50 ms after the source has begun */
  readonly then?: History
  readonly start?: OffsetsInitializer
  readonly stop: OffsetsInitializer | number
  /** the picture, from when the source begins */
  readonly committed: string
  /** with read_uncommitted, where it is another one */
  readonly uncommitted?: string
}

const { latest, offsets, committedOffsets, timestamp } = OffsetsInitializer

const rows: readonly Row[] = [
  { title: 'at the end of the log', before: ['abc'], stop: latest(), committed: '(abc|)' },
  { title: 'within a batch', before: ['abc'], stop: 2, committed: '(ab|)' },
  { title: 'behind the marker of a transaction', before: ['[ab]'], stop: latest(), committed: '(ab|)' },
  { title: 'at the marker of a transaction', before: ['[ab]', 'c'], stop: 2, committed: '(ab|)' },
  { title: 'behind an aborted tail', before: ['a', '{bc}'], stop: latest(), committed: '(a|)', uncommitted: '(abc|)' },
  { title: 'within an aborted tail', before: ['a', '{bc}'], stop: 2, committed: '(a|)', uncommitted: '(ab|)' },
  { title: 'where all is aborted', before: ['{ab}', '{c}'], stop: latest(), committed: '|', uncommitted: '(abc|)' },
  {
    title: 'before what a stranger has not committed yet',
    before: ['a', '<bc'],
    stop: latest(),
    committed: '(a|)',
    uncommitted: '(abc|)',
  },
  { title: 'in a hole of compaction', before: ['AB', 'A', 'c', 'compact'], stop: 1, committed: '|' },
  { title: 'behind a hole of compaction', before: ['AB', 'A', 'c', 'compact'], stop: 2, committed: '(B|)' },
  { title: 'with an empty partition', before: [], stop: latest(), committed: '|' },
  { title: 'before its start', before: ['abc'], start: offsets({ 't-0': 2 }), stop: 1, committed: '|' },
  { title: 'at its start', before: ['abc'], start: offsets({ 't-0': 2 }), stop: 2, committed: '|' },
  { title: 'before what retention has left', before: ['abc', 'delete 3'], stop: 2, committed: '|' },
  { title: 'beyond the end, when that is written', before: ['ab'], then: ['cd'], stop: 3, committed: '(ab) 46ms (c|)' },
  { title: 'beyond the end, not before', before: ['ab'], then: ['c'], stop: 4, committed: '(ab) 46ms c' },
  {
    title: 'beyond the end, when a marker is there',
    before: ['a'],
    then: ['[bc]'],
    stop: 4,
    committed: 'a 49ms (bc|)',
  },
  {
    title: 'beyond the end, when what is there was aborted',
    before: ['a'],
    then: ['{bc}'],
    stop: 4,
    committed: 'a 49ms |',
    uncommitted: 'a 49ms (bc|)',
  },
  { title: 'where the group has committed', before: ['abc'], stop: committedOffsets(), committed: '(ab|)' },
  { title: 'at the end, when no record is of the time', before: ['abc'], stop: timestamp(9e12), committed: '(abc|)' },
]

const happening = (kafka: MemoryKafka, history: History): Observable<never> => {
  return concat(...history.map((step, n) => defer(() => apply(kafka, step, n)))).pipe(ignoreElements())
}

const apply = (kafka: MemoryKafka, step: string, n: number): Observable<unknown> => {
  const [, open, letters = '', close] = /^([[{<]?)(\w*)([\]}]?)/.exec(step) ?? []
  const records = Array.from(letters).map((letter) => ({
    topic: 't',
    partition: 0,
    value: letter,
    key: letter === letter.toUpperCase() ? letter : null,
  }))
  if (step === 'compact') kafka.compact('t', 0)
  else if (step.startsWith('delete')) kafka.deleteRecords('t', 0, Number(step.slice('delete '.length)))
  else if (open === '') kafka.produce('t', records)
  else
    return writeTransaction(
      kafka,
      `stranger-${n}`,
      records,
      close === ']' ? 'commit' : close === '}' ? 'abort' : 'open',
    )
  return EMPTY
}

const stopping: Readonly<
  Record<string, (builder: KafkaSourceBuilder<string>, stop: OffsetsInitializer) => KafkaSourceBuilder<string>>
> = {
  setBounded: (builder, stop) => builder.setBounded(stop),
  setUnbounded: (builder, stop) => builder.setUnbounded(stop),
}

describe.each(Object.entries(stopping))('a source with %s', (_, withStop) => {
  describe.each<IsolationLevel>(['read_committed', 'read_uncommitted'])('and %s', (isolationLevel) => {
    it.each(rows)('should stop $title', ({ before, then = [], start, stop, committed, uncommitted = committed }) => {
      onKafka({ t: 1 }, (kafka, scheduler, { expectObservable, cold }) => {
        happening(kafka, before).subscribe()
        kafka.commitOffsets('g', [[new TopicPartition('t', 0), 2]])
        cold('150ms x').subscribe(() => happening(kafka, then).subscribe())
        const builder = withStop(builderOf(), typeof stop === 'number' ? offsets({ 't-0': stop }) : stop)
        if (start !== undefined) builder.setStartingOffsets(start)
        const source = builder.setProperty('isolation.level', isolationLevel).build()
        const picture = isolationLevel === 'read_committed' ? committed : uncommitted
        const read$ = source.records({ connect: kafka.connect, scheduler })
        expectObservable(read$, '100ms ^ 299ms !').toBe(`100ms ${picture}`)
      })
    })
  })

  it('should complete when the last of its partitions has come to its stop', () => {
    onKafka({ t: 3 }, (kafka, scheduler, { expectObservable, cold }) => {
      kafka.produce(
        't',
        ['a', 'b'].map((value) => ({ partition: 0, value })),
      )
      cold('50ms c 49ms d').subscribe((value) => kafka.produce('t', [{ partition: 1, value }]))
      const stop = offsets({ 't-0': 1, 't-1': 2, 't-2': 0 })
      const source = withStop(builderOf(), stop).build()
      expectObservable(source.records({ connect: kafka.connect, scheduler })).toBe('a 49ms c 49ms (d|)')
    })
  })
})

describe('the subtasks of a source with setUnbounded', () => {
  /** When each of two subtasks completes, in ms, and what they read; `stop` is where each partition stops. */
  const run = (
    topics: Readonly<Record<string, number>>,
    stop: OffsetsInitializer,
    discovery: number,
    happens: (kafka: MemoryKafka, at: (ms: number, act: () => void) => void) => void,
  ): readonly string[] => {
    const seen: string[] = []
    onKafka(topics, (kafka, scheduler, { flush }) => {
      happens(kafka, (ms, act) => scheduler.schedule(act, ms))
      for (const subtaskIndex of [0, 1]) {
        const running = KafkaSource.builder()
          .setBootstrapServers('localhost:9092')
          .setTopicPattern(/t.*/)
          .setProperties({ 'partition.discovery.interval.ms': discovery })
          .setUnbounded(stop)
          .setValueOnlyDeserializer(new SimpleStringSchema())
          .build()
          .records({ connect: kafka.connect, scheduler, parallelism: 2, subtaskIndex })
          .subscribe({
            next: (value) => seen.push(`${subtaskIndex} ${value}`),
            complete: () => seen.push(`${subtaskIndex} done at ${scheduler.now()}`),
          })
        scheduler.schedule(() => running.unsubscribe(), 20_000)
      }
      flush()
    })
    return seen
  }
  const write = (kafka: MemoryKafka, partition: number, ...values: readonly string[]) => {
    kafka.produce(
      't',
      values.map((value) => ({ partition, value })),
    )
  }

  it('should wait for each other while partitions may still come, and read them', () => {
    // Subtask 0 has partition 0 of t, subtask 1 nothing until partition 1 comes.
    const stop = offsets({ 't-0': 2, 't-1': 1 })
    expect(
      run({ t: 1 }, stop, 50, (kafka, at) => {
        write(kafka, 0, 'a')
        at(500, () => kafka.createPartitions('t', 2))
        at(700, () => write(kafka, 0, 'b'))
        at(930, () => write(kafka, 1, 'x'))
      }),
    ).toEqual(['0 a', '0 b', '1 x', '1 done at 930', '0 done at 950'])
  })

  it('should end at once when all logs have come to their stops', () => {
    expect(run({ t: 1 }, latest(), 50, (kafka) => write(kafka, 0, 'a', 'b'))).toEqual([
      '0 a',
      '0 b',
      '1 done at 0',
      '0 done at 0',
    ])
  })

  it('should not wait when no partitions can come', () => {
    const stop = offsets({ 't-0': 2 })
    expect(
      run({ t: 1 }, stop, -1, (kafka, at) => {
        write(kafka, 0, 'a')
        at(300, () => write(kafka, 0, 'b'))
      }),
    ).toEqual(['1 done at 0', '0 a', '0 b', '0 done at 300'])
    expect(run({}, latest(), -1, () => undefined)).toEqual(['0 done at 0', '1 done at 0'])
  })

  it('should wait for the first partition there is', () => {
    expect(
      run({}, latest(), 50, (kafka, at) => {
        at(310, () => kafka.createTopic('t', 1))
        at(320, () => write(kafka, 0, 'a'))
      }),
    ).toEqual(['0 a', '1 done at 350', '0 done at 350'])
  })
})
