import { describe, expect, it } from '@jest/globals'
import { OffsetResetStrategy } from '../../lib/client/OffsetResetStrategy.js'
import { TopicPartition } from '../../lib/client/TopicPartition.js'
import type { MemoryKafka } from '../../lib/memory/MemoryKafka.js'
import { OffsetsInitializer } from '../../lib/source/offsets/OffsetsInitializer.js'
import { KafkaSource } from '../../lib/source/KafkaSource.js'
import { SimpleStringSchema } from '../../lib/client/schema/SimpleStringSchema.js'
import { onKafka } from './support/onKafka.js'
import { builderOf, valuesFor } from './support/sourceOf.js'

const { EARLIEST, LATEST } = OffsetResetStrategy
const t0 = new TopicPartition('t', 0)

/** What a bounded source reads that starts there, of five records. */
const reading = (
  starting: OffsetsInitializer,
  stopping: OffsetsInitializer,
  expected: string,
  prepare?: (kafka: MemoryKafka) => void,
): void => {
  onKafka({ t: 1 }, (kafka, scheduler, { expectObservable }) => {
    kafka.produce('t', valuesFor(0, 'a', 'b', 'c', 'd', 'e'))
    prepare?.(kafka)
    const source = builderOf().setStartingOffsets(starting).setBounded(stopping).build()
    expectObservable(source.records({ connect: kafka.connect, scheduler })).toBe(
      expected,
      undefined,
      expect.objectContaining({ _tag: 'NoOffset', topic: 't', partition: 0 }),
    )
  })
}

const { earliest, latest, timestamp, committedOffsets, offsets } = OffsetsInitializer
const committed = (kafka: MemoryKafka): void => kafka.commitOffsets('g', [[t0, 3]])

describe('OffsetsInitializer', () => {
  it('should start at the first record that is kept', () => {
    reading(earliest(), latest(), '(cde|)', (kafka) => kafka.deleteRecords('t', 0, 2))
  })
  it('should start at the end', () => reading(latest(), latest(), '|'))
  it('should start at the first record at or after a time', () => reading(timestamp(3), latest(), '(de|)'))
  it('should start at the end when no record is at or after the time', () => reading(timestamp(9), latest(), '|'))
  it('should stop before the first record at or after a time', () => reading(earliest(), timestamp(3), '(abc|)'))
  it('should start where the group has committed', () => reading(committedOffsets(), latest(), '(de|)', committed))
  it('should start by the strategy where the group has not committed', () =>
    reading(committedOffsets(EARLIEST), latest(), '(abcde|)'))
  it('should start at the end where the group has not committed', () =>
    reading(committedOffsets(LATEST), latest(), '|'))
  it('should fail where the group has not committed and there is no strategy', () =>
    reading(committedOffsets(), latest(), '#'))
  it('should start where it is told', () => reading(offsets(new Map([[t0, 4]])), latest(), '(e|)'))
  it('should start where it is told by key', () => reading(offsets({ 't-0': 4 }), latest(), '(e|)'))
  it('should prefer what the group has committed to the strategy', () =>
    reading(offsets({}), latest(), '(de|)', committed))
  it('should start at the first record where nothing else is known', () => reading(offsets({}), latest(), '(abcde|)'))
  it('should start by the strategy where it is not told, without a group', () => {
    onKafka({ t: 2 }, (kafka, scheduler, { expectObservable }) => {
      kafka.produce('t', [...valuesFor(0, 'a', 'b'), ...valuesFor(1, 'c', 'd')])
      const source = KafkaSource.builder()
        .setBootstrapServers('localhost:9092')
        .setTopics('t')
        .setStartingOffsets(offsets({ 't-0': 1 }))
        .setBounded(latest())
        .setValueOnlyDeserializer(new SimpleStringSchema())
        .build()
      expectObservable(source.records({ connect: kafka.connect, scheduler })).toBe('(bcd|)')
    })
  })
  it('should take -1, -2 and -3 for the latest, the earliest and the committed offset', () => {
    reading(offsets({ 't-0': -1 }), latest(), '|', committed)
    reading(offsets({ 't-0': -2 }), latest(), '(abcde|)', committed)
    reading(offsets({ 't-0': -3 }), latest(), '(de|)', committed)
  })
  it('should stop at the latest or the committed offset for -1 and -3', () => {
    reading(earliest(), offsets({ 't-0': -1 }), '(abcde|)')
    reading(earliest(), offsets({ 't-0': -3 }), '(abc|)', committed)
  })
  it('should stop where the group has committed, and nowhere else', () => {
    reading(earliest(), committedOffsets(), '(abc|)', committed)
    reading(earliest(), committedOffsets(LATEST), '#')
    reading(earliest(), offsets({ 't-0': -3 }, LATEST), '#')
  })
  it('should not stop at the earliest offset', () => {
    const illegal = /^Illegal stopping offset -2/
    expect(() => builderOf().setBounded(earliest()).build()).toThrow(illegal)
    expect(() =>
      builderOf()
        .setBounded(offsets({ 't-0': -2 }))
        .build(),
    ).toThrow(illegal)
  })
  it('should not take the committed offset without a group', () => {
    const builder = nothing().setStartingOffsets(offsets({ 't-0': -3 }))
    expect(() => builder.build()).toThrow(
      'Property group.id is required because partition t-0 is initialized with committed offset',
    )
  })
  it('should end at once when it starts behind its stop', () =>
    reading(offsets({ 't-0': 4 }), offsets({ 't-0': 2 }), '|'))
})

describe('the end of a source', () => {
  it('should come when all splits of an unbounded one with a stop have reached it', () => {
    onKafka({ t: 1 }, (kafka, scheduler, { expectObservable }) => {
      kafka.produce('t', valuesFor(0, 'a', 'b'))
      const source = builderOf().setUnbounded(OffsetsInitializer.latest()).build()
      expectObservable(source.records({ connect: kafka.connect, scheduler })).toBe('(ab|)')
    })
  })

  it('should not come while an unbounded one with a stop has found nothing to read', () => {
    onKafka({}, (kafka, scheduler, { expectObservable }) => {
      const source = nothing().setUnbounded(OffsetsInitializer.latest()).build()
      expectObservable(source.records({ connect: kafka.connect, scheduler }), '^ 50ms !').toBe('')
    })
  })

  it('should come to a bounded source that has found nothing to read', () => {
    onKafka({}, (kafka, scheduler, { expectObservable }) => {
      const source = nothing().setBounded(OffsetsInitializer.latest()).build()
      expectObservable(source.records({ connect: kafka.connect, scheduler })).toBe('|')
    })
  })
})

const nothing = () =>
  KafkaSource.builder()
    .setBootstrapServers('localhost:9092')
    .setTopicPattern(/none/)
    .setValueOnlyDeserializer(new SimpleStringSchema())
