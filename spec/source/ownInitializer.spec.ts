import { describe, expect, it } from '@jest/globals'
import { EMPTY, NEVER, of, throwError } from 'rxjs'
import { OffsetResetStrategy } from '../../lib/client/OffsetResetStrategy.js'
import { SimpleStringSchema } from '../../lib/client/schema/SimpleStringSchema.js'
import { TopicPartition } from '../../lib/client/TopicPartition.js'
import { KafkaSource } from '../../lib/source/KafkaSource.js'
import { OffsetsInitializer } from '../../lib/source/offsets/OffsetsInitializer.js'
import type { KafkaSubscriber } from '../../lib/source/subscriber/KafkaSubscriber.js'
import { onKafka } from './support/onKafka.js'
import { builderOf, valuesFor } from './support/sourceOf.js'

const t0 = new TopicPartition('t', 0)

/** An initializer of a user's own, whatever its type says. */
const answering = (answer: unknown, reset: OffsetResetStrategy = OffsetResetStrategy.NONE): OffsetsInitializer => ({
  autoOffsetResetStrategy: reset,
  getPartitionOffsets: () => answer as never,
})

const giving = (offset: unknown, reset?: OffsetResetStrategy): OffsetsInitializer =>
  answering(of(new Map([['t-0', offset]])), reset)

/** What a source reads of five records of which the group has committed the first two. */
const reading = (starting: OffsetsInitializer, stopping: OffsetsInitializer, picture: string, error?: object): void => {
  onKafka({ t: 1 }, (kafka, scheduler, { expectObservable }) => {
    kafka.produce('t', valuesFor(0, 'a', 'b', 'c', 'd', 'e'))
    kafka.commitOffsets('g', [[t0, 2]])
    const source = builderOf().setStartingOffsets(starting).setBounded(stopping).build()
    const values$ = source.records({ connect: kafka.connect, scheduler })
    expectObservable(values$, '^ 99ms !').toBe(
      picture,
      undefined,
      error === undefined ? undefined : expect.objectContaining(error),
    )
  })
}

const { earliest, latest } = OffsetsInitializer

describe("a user's own offsets initializer", () => {
  it.each([
    ['an offset', 3, '(de|)'],
    ['-2, the earliest', -2, '(abcde|)'],
    ['-1, the latest', -1, '|'],
    ['-3, the committed', -3, '(cde|)'],
  ])('should start at %s', (_, offset, picture) => reading(giving(offset), latest(), picture))

  it.each([
    ['an offset', 3, '(abc|)'],
    ['-1, the latest', -1, '(abcde|)'],
    ['-3, the committed', -3, '(ab|)'],
    ['-(2 ** 63), at none', -(2 ** 63), '(abcde)'],
  ])('should stop at %s', (_, offset, picture) => reading(earliest(), giving(offset), picture))

  it('should give offsets to some partitions, and say where others start', () => {
    onKafka({ t: 2 }, (kafka, scheduler, { expectObservable }) => {
      kafka.produce('t', [...valuesFor(0, 'a', 'b', 'c'), ...valuesFor(1, 'x', 'y', 'z')])
      kafka.commitOffsets('g', [
        [t0, 0],
        [new TopicPartition('t', 1), 2],
      ])
      const mixed = answering(
        of(
          new Map([
            ['t-0', 1],
            ['t-1', -3],
          ]),
        ),
      )
      const source = builderOf().setStartingOffsets(mixed).setBounded(latest()).build()
      expectObservable(source.records({ connect: kafka.connect, scheduler })).toBe('(bcz|)')
    })
  })

  it.each([
    [OffsetResetStrategy.EARLIEST, '(abcde|)'],
    [OffsetResetStrategy.LATEST, '|'],
    [OffsetResetStrategy.NONE, '#'],
  ])('should start by its reset strategy %s where nothing is committed', (reset, picture) => {
    onKafka({ t: 1 }, (kafka, scheduler, { expectObservable }) => {
      kafka.produce('t', valuesFor(0, 'a', 'b', 'c', 'd', 'e'))
      const source = builderOf().setStartingOffsets(giving(-3, reset)).setBounded(latest()).build()
      const error = expect.objectContaining({ _tag: 'NoOffset' })
      expectObservable(source.records({ connect: kafka.connect, scheduler })).toBe(picture, undefined, error)
    })
  })

  it.each([[-4], [-7], [1.5], [NaN], [Infinity], [2 ** 53], [5n], ['3'], [{}], [-(2 ** 63)]])(
    'should not start at %p',
    (offset) => {
      reading(giving(offset), latest(), '#', {
        _tag: 'InvalidOffset',
        retriable: false,
        message: expect.stringMatching(
          /^Invalid starting offset .* is specified for partition t-0\. It should either be non-negative or be one of the \[-2\(earliest\), -1\(latest\), -3\(committed\)\]\.$/,
        ),
      })
    },
  )

  it.each([[-2], [-4], [1.5], [NaN], [Infinity], [2 ** 53], [5n], ['3']])('should not stop at %p', (offset) => {
    reading(earliest(), giving(offset), '#', {
      _tag: 'InvalidOffset',
      retriable: false,
      message: expect.stringMatching(/^Illegal stopping offset .* is specified for partition t-0\./),
    })
  })

  it.each([
    ['starting', 'no offset', of(new Map()), 'NoOffset'],
    ['starting', 'undefined for it', of(new Map([['t-0', undefined]])), 'NoOffset'],
    ['starting', 'another partition', of(new Map([['t-1', 3]])), 'NoOffset'],
    ['starting', 'an object', of({ 't-0': 3 }), 'InvalidOffset'],
    ['starting', 'nothing', EMPTY, 'InvalidOffset'],
    ['stopping', 'no offset', of(new Map()), 'NoStoppingOffset'],
    ['stopping', 'an array', of([3]), 'InvalidOffset'],
    ['stopping', 'nothing', EMPTY, 'InvalidOffset'],
  ] as const)('should fail as %s offsets when it answers %s', (role, _, answer, _tag) => {
    const own = answering(answer)
    const [starting, stopping] = role === 'starting' ? [own, latest()] : [earliest(), own]
    reading(starting, stopping, '#', { _tag, retriable: false })
  })

  it('should be asked once, whatever it says after', () => {
    reading(answering(of(new Map([['t-0', 3]]), new Map([['t-0', 0]]))), latest(), '(de|)')
  })

  it('should fail with its own error', () => {
    reading(answering(throwError(() => new Error('my own'))), latest(), '#', { message: 'my own' })
    const thrown = answering(undefined)
    reading(
      {
        ...thrown,
        getPartitionOffsets: () => {
          throw new Error('my own')
        },
      },
      latest(),
      '#',
      { message: 'my own' },
    )
  })
})

describe("a user's own subscriber", () => {
  const found = (answer: unknown, picture: string, error?: object): void => {
    onKafka({ t: 1 }, (kafka, scheduler, { expectObservable }) => {
      kafka.produce('t', valuesFor(0, 'a'))
      const subscriber: KafkaSubscriber = { name: 'Mine', partitions: () => answer as never }
      const source = KafkaSource.builder()
        .setBootstrapServers('memory:9092')
        .setKafkaSubscriber(subscriber)
        .setValueOnlyDeserializer(new SimpleStringSchema())
        .setBounded(latest())
        .build()
      const values$ = source.records({ connect: kafka.connect, scheduler })
      expectObservable(values$, '^ 99ms !').toBe(
        picture,
        undefined,
        error === undefined ? undefined : expect.objectContaining(error),
      )
    })
  }

  it('should answer partitions, of the class or not', () => {
    found(of([t0]), '(a|)')
    found(of([{ topic: 't', partition: 0 }]), '(a|)')
    found(of([]), '|')
    found(NEVER, '-')
  })

  it.each([
    ['nothing', EMPTY],
    ['no array', of(new Set([t0]))],
    ['undefined', of(undefined)],
    ['a text', of(['t-0'])],
    ['null', of([null])],
    ['a partition below 0', of([{ topic: 't', partition: -1 }])],
    ['a partition as text', of([{ topic: 't', partition: '0' }])],
    ['no topic', of([{ partition: 0 }])],
  ])('should fail when it answers %s', (_, answer) => {
    found(answer, '#', {
      _tag: 'InvalidPartition',
      retriable: false,
      message: expect.stringMatching(/^The subscriber Mine (answered|completed) /),
    })
  })
})
