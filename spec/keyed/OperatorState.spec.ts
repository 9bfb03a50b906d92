import { describe, expect, it } from '@jest/globals'
import * as t from 'io-ts'
import { map, type OperatorFunction, Subject } from 'rxjs'
import { SimpleStringSchema } from '../../lib/client/schema/SimpleStringSchema.js'
import { keyedScan } from '../../lib/keyed/keyedScan.js'
import { TumblingEventTimeWindows } from '../../lib/keyed/windows/TumblingEventTimeWindows.js'
import { windowByEventTime } from '../../lib/keyed/windows/windowByEventTime.js'
import { WatermarkStrategy } from '../../lib/eventtime/WatermarkStrategy.js'
import { DeliveryGuarantee } from '../../lib/sink/DeliveryGuarantee.js'
import { KafkaSink } from '../../lib/sink/KafkaSink.js'
import { KafkaRecordSerializationSchema } from '../../lib/sink/serializer/KafkaRecordSerializationSchema.js'
import { sinkTo } from '../../lib/sink/sinkTo.js'
import { onRecords } from '../../lib/stream/onRecords.js'
import type { StreamElement } from '../../lib/stream/StreamElement.js'
import { crashEverywhere } from '../../lib/testing/crashEverywhere.js'
import { builderOf } from '../source/support/sourceOf.js'
import { record, watermark } from '../support/elements.js'
import { Checkpointed } from '../eventtime/support/Checkpointed.js'

type Gathering = <A>(
  state: t.Type<A, unknown>,
  seed: () => A,
  accumulate: (state: A, value: string) => A,
) => OperatorFunction<StreamElement<string>, StreamElement<{ readonly key: string; readonly value: unknown }>>

/** The operators with keyed state; the key is what stands before the space. */
const gatherings: readonly (readonly [string, Gathering])[] = [
  ['keyedScan', (state, seed, accumulate) => keyedScan({ uid: 'sums', keyBy: firstWord, seed, accumulate, state })],
  [
    'windowByEventTime',
    (state, seed, accumulate) =>
      windowByEventTime({
        uid: 'sums',
        keyBy: firstWord,
        windows: TumblingEventTimeWindows.of(1000),
        seed,
        accumulate,
        state,
      }),
  ],
]

const firstWord = (value: string): string => value.split(' ')[0]!
const number = (value: string): number => Number(value.split(' ')[1])

/** One attempt: the values that come out, and the errors. */
const attempt = <R>(
  operator: OperatorFunction<StreamElement<string>, StreamElement<R>>,
  ...elements: readonly StreamElement<string>[]
) => {
  const source = new Subject<StreamElement<string>>()
  const values: R[] = []
  const errors: unknown[] = []
  source.pipe(operator).subscribe({
    next: (element) => element.kind === 'record' && values.push(element.value),
    error: (error) => errors.push(error),
  })
  for (const element of elements) source.next(element)
  return { values, errors }
}

describe.each(gatherings)('the state of %s', (_, gathering) => {
  it.each([
    ['JFK late', NaN],
    ['JFK Infinity', Infinity],
    ['JFK -Infinity', -Infinity],
    ['JFK -0', -0],
  ])('should come back from a checkpoint after %s', (late, sum) => {
    const checkpoint = new Checkpointed()
    const sums = gathering(
      t.number,
      () => -0,
      (total, value) => total + number(value),
    )
    attempt(sums, record('AMS 1'), record(late), checkpoint.barrier())
    const { values, errors } = attempt(sums, checkpoint.restored, record('JFK -0'), watermark(Infinity))
    expect(errors).toEqual([])
    expect(values).toContainEqual(expect.objectContaining({ key: 'JFK', value: sum }))
  })

  it('should fail the checkpoint when its codec could not read it again, and name the key', () => {
    const checkpoint = new Checkpointed()
    const texts = gathering(
      t.number,
      () => 0,
      (_, value) => value.split(' ')[1] as unknown as number,
    )
    const { errors } = attempt(texts, record('AMS 1'), checkpoint.barrier())
    expect(errors).toEqual([
      expect.objectContaining({
        _tag: 'InvalidState',
        retriable: false,
        message: expect.stringMatching(/The state "sums" .* for the key "AMS", at .*: that is no number\./),
      }),
    ])
    expect(checkpoint.stateOf('sums')).toBeUndefined()
  })

  it('should fail the checkpoint when JSON would change it, and name the key', () => {
    const checkpoint = new Checkpointed()
    const maps = gathering(
      t.any as t.Type<{ readonly by: unknown }>,
      () => ({ by: 1 }),
      (state, value) => (value === 'JFK 2' ? { by: new Map() } : state),
    )
    const { errors } = attempt(maps, record('AMS 1'), record('JFK 2'), checkpoint.barrier())
    expect(errors).toEqual([
      expect.objectContaining({
        _tag: 'InvalidState',
        message: expect.stringMatching(/"sums" .* a value of the class Map for the key "JFK", at .*by/),
      }),
    ])
    expect(checkpoint.stateOf('sums')).toBeUndefined()
  })

  it('should fail the checkpoint when its codec throws', () => {
    const isoDate = new t.Type<Date, string>(
      'Date',
      (value): value is Date => value instanceof Date,
      (value, context) => (typeof value === 'string' ? t.success(new Date(value)) : t.failure(value, context)),
      (date) => date.toISOString(),
    )
    const dates = gathering(
      isoDate,
      () => new Date(0),
      () => new Date(NaN),
    )
    const { errors } = attempt(dates, record('AMS 1'), new Checkpointed().barrier())
    expect(errors).toEqual([
      expect.objectContaining({
        _tag: 'InvalidState',
        message: expect.stringContaining('"sums"'),
        cause: expect.any(RangeError),
      }),
    ])
  })

  it('should be what its codec makes of it', () => {
    const checkpoint = new Checkpointed()
    const set = new t.Type<Set<string>, string[]>(
      'Set',
      (value): value is Set<string> => value instanceof Set,
      (value, context) => (Array.isArray(value) ? t.success(new Set(value as string[])) : t.failure(value, context)),
      (values) => [...values],
    )
    const sets = gathering(
      set,
      () => new Set<string>(),
      (values, value) => values.add(value),
    )
    attempt(sets, record('A 1'), checkpoint.barrier(), record('A 2'))
    const { values } = attempt(sets, checkpoint.restored, record('A 3'), watermark(Infinity))
    expect(values).toContainEqual(expect.objectContaining({ value: new Set(['A 1', 'A 3']) }))
  })
})

describe('a job whose state is no number', () => {
  const sink = KafkaSink.builder<string>()
    .setBootstrapServers('memory:9092')
    .setDeliveryGuarantee(DeliveryGuarantee.EXACTLY_ONCE)
    .setTransactionalIdPrefix('delays')
    .setRecordSerializer(
      KafkaRecordSerializationSchema.builder<string>()
        .setTopic('delays')
        .setValueSerializationSchema(new SimpleStringSchema())
        .build(),
    )
    .build()

  const source = builderOf('flights').build()

  it('should end in the same way wherever it crashes', () => {
    const scene = { topics: { flights: 1, delays: 1 }, until: 3000 }
    const points = crashEverywhere(scene, ({ produce, coordinator, options }) => {
      produce('flights', 'a 199ms b 199ms c 299ms d 999ms d', {
        a: { value: 'AMS 10', timestamp: 10_000 },
        b: { value: 'JFK late', timestamp: 11_000 },
        c: { value: 'JFK 20', timestamp: 12_000 },
        d: { value: 'AMS 50', timestamp: 70_000 },
      })
      return () =>
        source
          .elements({
            ...options,
            checkpoints: coordinator({ interval: 250 }),
            watermarks: WatermarkStrategy.forBoundedOutOfOrderness(1000),
          })
          .pipe(
            windowByEventTime({
              uid: 'delays',
              keyBy: firstWord,
              windows: TumblingEventTimeWindows.of(60_000),
              seed: () => 0,
              accumulate: (highest, flight) => Math.max(highest, number(flight)),
              state: t.number,
            }),
            onRecords(map(({ key, value }) => `${key} ${value}`)),
            sinkTo(sink, options),
          )
    })
    expect(points).toContain('after storing the checkpoint')
  })
})
