import { describe, it } from '@jest/globals'
import { concat, defer, EMPTY, ignoreElements, type Observable } from 'rxjs'
import type { IsolationLevel } from '../../lib/client/IsolationLevel.js'
import { TopicPartition } from '../../lib/client/TopicPartition.js'
import type { MemoryKafka } from '../../lib/memory/MemoryKafka.js'
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
