import { describe, expect, it } from '@jest/globals'
import * as t from 'io-ts'
import {
  concatMap,
  delay,
  filter,
  map,
  mergeMap,
  type Observable,
  of,
  type OperatorFunction,
  pipe,
  type SchedulerLike,
  tap,
  throwError,
  timer,
  toArray,
} from 'rxjs'
import { SimpleStringSchema } from '../../lib/client/schema/SimpleStringSchema.js'
import { assignTimestampsAndWatermarks } from '../../lib/eventtime/assignTimestampsAndWatermarks.js'
import { combineWatermarks } from '../../lib/eventtime/combineWatermarks.js'
import { keyedScan } from '../../lib/keyed/keyedScan.js'
import { unionElements } from '../../lib/eventtime/unionElements.js'
import { WatermarkStrategy } from '../../lib/eventtime/WatermarkStrategy.js'
import { TumblingEventTimeWindows } from '../../lib/keyed/windows/TumblingEventTimeWindows.js'
import { windowByEventTime } from '../../lib/keyed/windows/windowByEventTime.js'
import type { MemoryKafka } from '../../lib/memory/MemoryKafka.js'
import { KafkaSink } from '../../lib/sink/KafkaSink.js'
import { KafkaRecordSerializationSchema } from '../../lib/sink/serializer/KafkaRecordSerializationSchema.js'
import { sinkTo } from '../../lib/sink/sinkTo.js'
import { branch } from '../../lib/stream/branch.js'
import { recordOf } from '../../lib/stream/located.js'
import { mapAsync } from '../../lib/stream/mapAsync.js'
import { onRecords } from '../../lib/stream/onRecords.js'
import { processBatches } from '../../lib/stream/processBatches.js'
import { recordsOnly } from '../../lib/stream/recordsOnly.js'
import type { StreamElement } from '../../lib/stream/StreamElement.js'
import { onKafka } from './support/onKafka.js'
import { builderOf, silent, valuesFor } from './support/sourceOf.js'

type Elements<T = string> = Observable<StreamElement<T>>

/** A user's own class of errors. */
class OrderError extends Error {
  readonly code = 'E_ORDER'
}

/** What a user's function does with the record `bad`. */
const refuse = (value: string): string => {
  if (value === 'bad') throw new OrderError('no such order')
  return value
}

/** Splits t-0 and t-1; `bad` is at offset 2 of t-1. */
const topic = (kafka: MemoryKafka): void => {
  kafka.produce('t', valuesFor(0, 'a', 'b', 'c', 'd'))
  kafka.produce('t', valuesFor(1, 'e', 'f', 'bad', 'g', 'h'))
}

/** The error with which a pipeline over these splits ends. */
const errorOf = (
  pipeline: (elements$: Elements, scheduler: SchedulerLike, kafka: MemoryKafka) => Observable<unknown>,
  watermarks?: WatermarkStrategy<string>,
): unknown => {
  const errors: unknown[] = []
  onKafka({ t: 2, out: 1 }, (kafka, scheduler, { flush }) => {
    topic(kafka)
    const source = silent(builderOf().setProperty('max.poll.records', 4).build())
    const elements$ = source.elements({ connect: kafka.connect, scheduler, watermarks })
    const running = pipeline(elements$, scheduler, kafka).subscribe({ error: (error) => errors.push(error) })
    scheduler.schedule(() => running.unsubscribe(), 5000)
    flush()
  })
  expect(errors).toHaveLength(1)
  return errors[0]
}

const scan = (change: { keyBy?: (value: string) => string; accumulate?: (sum: number, value: string) => number }) =>
  keyedScan({
    uid: 'sums',
    keyBy: (value: string) => value,
    seed: () => 0,
    accumulate: (sum) => sum,
    state: t.number,
    ...change,
  })

const windows = (change: { keyBy?: (value: string) => string; accumulate?: (sum: number, value: string) => number }) =>
  windowByEventTime({
    uid: 'windows',
    keyBy: (value: string) => value,
    windows: TumblingEventTimeWindows.of(10),
    seed: () => 0,
    accumulate: (sum) => sum,
    state: t.number,
    ...change,
  })

const numbered = (sum: number, value: string): number => sum + refuse(value).length

/** An exactly-typed sink without checkpoints, with a partitioner that has to ask for the partitions first. */
const sinkOf = (serialize: (value: string) => string) =>
  KafkaSink.builder<string>()
    .setBootstrapServers('memory:9092')
    .setRecordSerializer(
      KafkaRecordSerializationSchema.builder<string>()
        .setTopic('out')
        .setPartitioner({ partition: (_element, _key, _value, _topic, partitions) => partitions[0]! })
        .setValueSerializationSchema({ serialize })
        .build(),
    )
    .build()

/** Late for each record but the bad one, which waits until the others are done. */
const slow = (scheduler: SchedulerLike) => (value: string) =>
  timer(value === 'bad' ? 50 : 10, scheduler).pipe(map(() => refuse(value)))

const generator = WatermarkStrategy.forGenerator<string>(() => ({
  onEvent: (value) => void refuse(value),
  onPeriodicEmit: () => undefined,
}))

const pipelines: readonly (readonly [
  string,
  (elements$: Elements, scheduler: SchedulerLike, kafka: MemoryKafka) => Observable<unknown>,
  WatermarkStrategy<string>?,
])[] = [
  ['map in onRecords', (elements$) => elements$.pipe(onRecords(map(refuse)), recordsOnly())],
  [
    'filter in onRecords',
    (elements$) => elements$.pipe(onRecords(filter((value) => refuse(value) !== '')), recordsOnly()),
  ],
  [
    'an Observable in onRecords',
    (elements$) =>
      elements$.pipe(
        onRecords(
          concatMap((value) => (value === 'bad' ? throwError(() => new OrderError('no such order')) : of(value))),
        ),
        recordsOnly(),
      ),
  ],
  [
    'onRecords behind onRecords',
    (elements$) => elements$.pipe(onRecords(map((value) => value)), onRecords(tap(refuse)), recordsOnly()),
  ],
  [
    'mapAsync that throws',
    (elements$) =>
      elements$.pipe(
        mapAsync((value) => of(refuse(value))),
        recordsOnly(),
      ),
  ],
  [
    'mapAsync that throws when its turn comes',
    (elements$, scheduler) =>
      elements$.pipe(
        mapAsync((value) => of(refuse(value)).pipe(delay(7, scheduler)), { concurrency: 1 }),
        recordsOnly(),
      ),
  ],
  ['mapAsync that fails later', (elements$, scheduler) => elements$.pipe(mapAsync(slow(scheduler)), recordsOnly())],
  [
    'mapAsync that fails later, unordered',
    (elements$, scheduler) =>
      elements$.pipe(mapAsync(slow(scheduler), { order: 'unordered', concurrency: 2 }), recordsOnly()),
  ],
  [
    'map behind mapAsync',
    (elements$, scheduler) =>
      elements$.pipe(
        mapAsync((value) => timer(10, scheduler).pipe(map(() => value))),
        onRecords(map(refuse)),
        recordsOnly(),
      ),
  ],
  [
    'mapAsync behind mapAsync, unordered',
    (elements$, scheduler) =>
      elements$.pipe(
        mapAsync((value) => timer(value === 'a' ? 30 : 10, scheduler).pipe(map(() => value)), { order: 'unordered' }),
        mapAsync(slow(scheduler)),
        recordsOnly(),
      ),
  ],
  ['keyBy of keyedScan', (elements$) => elements$.pipe(scan({ keyBy: refuse }), recordsOnly())],
  ['accumulate of keyedScan', (elements$) => elements$.pipe(scan({ accumulate: numbered }), recordsOnly())],
  ['keyBy of windows', (elements$) => elements$.pipe(windows({ keyBy: refuse }), recordsOnly())],
  ['accumulate of windows', (elements$) => elements$.pipe(windows({ accumulate: numbered }), recordsOnly())],
  [
    'a serializer',
    (elements$, scheduler, kafka) => elements$.pipe(sinkTo(sinkOf(refuse), { connect: kafka.connect, scheduler })),
  ],
  [
    'a serializer behind mapAsync',
    (elements$, scheduler, kafka) =>
      elements$.pipe(
        mapAsync((value) => timer(10, scheduler).pipe(map(() => value))),
        sinkTo(sinkOf(refuse), { connect: kafka.connect, scheduler }),
      ),
  ],
  ['a branch', (elements$) => elements$.pipe(branch(recordsOnly(), pipe(onRecords(map(refuse)), recordsOnly())))],
  [
    'an operator of RxJS on the elements',
    (elements$) =>
      elements$.pipe(
        tap((element) => element.kind === 'record' && refuse(element.value)),
        recordsOnly(),
      ),
  ],
  [
    'a timestamp assigner',
    (elements$) => elements$.pipe(recordsOnly()),
    WatermarkStrategy.forMonotonousTimestamps<string>().withTimestampAssigner(
      (value, timestamp) => (refuse(value), timestamp),
    ),
  ],
  ['a watermark generator', (elements$) => elements$, generator],
]

const position = { topic: 't', partition: 1, offset: 2 }
const where = '(record at offset 2 of t-1)'

describe("an error of a user's function", () => {
  it.each(pipelines.map(([name, pipeline, watermarks]) => [name, { pipeline, watermarks }] as const))(
    'should say at which record it was, and stay what it is: %s',
    (_, { pipeline, watermarks }) => {
      const error = errorOf(pipeline, watermarks)
      expect(error).toBeInstanceOf(OrderError)
      expect(error).toMatchObject({ code: 'E_ORDER', message: `no such order ${where}` })
      expect(recordOf(error)).toEqual(position)
    },
  )

  it('should say so of splits that are merged, where it is known which one it was', () => {
    const errors: unknown[] = []
    onKafka({ t: 2 }, (kafka, scheduler, { flush }) => {
      topic(kafka)
      const strategy = WatermarkStrategy.forMonotonousTimestamps<string>()
      silent(builderOf().build())
        .splits({ connect: kafka.connect, scheduler })
        .pipe(
          map(({ id, elements }) => ({
            id,
            elements: elements.pipe(
              onRecords(map(refuse)),
              assignTimestampsAndWatermarks(strategy, { autoWatermarkInterval: 0, scheduler }),
            ),
          })),
          combineWatermarks(),
          recordsOnly(),
        )
        .subscribe({ error: (error) => errors.push(error) })
      flush()
    })
    expect(errors.map(recordOf)).toEqual([position])
  })

  it('should say so of one of several sources', () => {
    const error = errorOf((elements$, scheduler, kafka) => {
      const other$ = builderOf('out').build().elements({ connect: kafka.connect, scheduler, uid: 'other' })
      return unionElements(other$, elements$).pipe(onRecords(map(refuse)), recordsOnly())
    })
    expect(recordOf(error)).toEqual(position)
  })

  it.each<readonly [string, OperatorFunction<string, string>]>([
    ['fails', mergeMap((value) => of(refuse(value)))],
    [
      'gathers and fails',
      pipe(
        toArray(),
        mergeMap((values) => values.map(refuse)),
      ),
    ],
  ])('should say among which records it was when they are worked on together: %s', (_, operator) => {
    const error = errorOf((elements$) =>
      elements$.pipe(
        processBatches((records$) => records$.pipe(operator)),
        recordsOnly(),
      ),
    )
    expect(error).toMatchObject({
      code: 'E_ORDER',
      message: 'no such order (among the records at offsets 2 to 3 of t-1)',
      recordRanges: [{ topic: 't', partition: 1, firstOffset: 2, lastOffset: 3 }],
    })
    expect(recordOf(error)).toBeUndefined()
  })

  it('should name all splits of a span of records', () => {
    const error = errorOf((elements$, scheduler) =>
      elements$.pipe(
        processBatches((records$) =>
          timer(10, scheduler).pipe(
            mergeMap(() => records$),
            map(refuse),
          ),
        ),
        recordsOnly(),
      ),
    )
    expect(error).toMatchObject({
      message: 'no such order (among the records at offsets 2 to 3 of t-0, 0 to 1 of t-1, 2 to 3 of t-1)',
    })
  })

  it('should say nothing of what windows fire, which is of many records', () => {
    const punctuated = WatermarkStrategy.forGenerator<string>(() => ({
      onEvent: (value, timestamp, output) => {
        if (value === 'h' || value === 'd') output.emitWatermark(timestamp + 100)
      },
      onPeriodicEmit: () => undefined,
    }))
    const error = errorOf(
      (elements$) => elements$.pipe(windows({}), onRecords(map(({ key }) => refuse(key))), recordsOnly()),
      punctuated,
    )
    expect(error).toMatchObject({ code: 'E_ORDER', message: 'no such order' })
    expect(recordOf(error)).toBeUndefined()
  })

  it('should say at which record it was behind windows that pass late records on', () => {
    const hasty = WatermarkStrategy.forGenerator<string>(() => ({
      onEvent: (_, timestamp, output) => output.emitWatermark(timestamp + 100),
      onPeriodicEmit: () => undefined,
    }))
    const late = windowByEventTime({
      ...{ uid: 'windows', keyBy: (value: string) => value, windows: TumblingEventTimeWindows.of(10) },
      ...{ seed: () => 0, accumulate: (sum: number) => sum, state: t.number },
      sideOutputLateData: (value: string) => value,
    })
    const error = errorOf(
      (elements$) =>
        elements$.pipe(late, onRecords(map((it) => (typeof it === 'string' ? refuse(it) : it))), recordsOnly()),
      hasty,
    )
    expect(error).toMatchObject({ code: 'E_ORDER', message: `no such order ${where}` })
    expect(recordOf(error)).toEqual(position)
  })

  it('should be told anew when the same error is thrown again', () => {
    const always = new OrderError('always the same')
    const failing = (bad: string) =>
      onRecords(
        map((value: string) => {
          if (value === bad) throw always
          return value
        }),
      )
    for (const [bad, message] of [
      ['bad', 'always the same (record at offset 2 of t-1)'],
      ['c', 'always the same (record at offset 2 of t-0)'],
    ] as const) {
      const error = errorOf((elements$) => elements$.pipe(failing(bad), recordsOnly()))
      expect(error).toBe(always)
      expect(error).toMatchObject({ message })
    }
  })

  it.each<readonly [string, unknown, string]>([
    ['a text', 'just a text', `just a text ${where}`],
    ['nothing', undefined, `undefined ${where}`],
    ['a frozen error', Object.freeze(new OrderError('frozen')), `frozen ${where}`],
  ])('should be the cause of one that says where it was, when it cannot say so itself: %s', (_, thrown, message) => {
    const error = errorOf((elements$) =>
      elements$.pipe(
        onRecords(mergeMap((value) => (value === 'bad' ? throwError(() => thrown) : of(value)))),
        recordsOnly(),
      ),
    )
    expect(error).toBeInstanceOf(Error)
    expect(error).toMatchObject({ message })
    expect((error as Error).cause).toBe(thrown)
  })

  it('should be told also when its message is of its class', () => {
    const error = errorOf((elements$) =>
      elements$.pipe(
        onRecords(
          map((value) => {
            if (value === 'bad') throw new DOMException('timed out', 'TimeoutError')
            return value
          }),
        ),
        recordsOnly(),
      ),
    )
    expect(error).toMatchObject({ name: 'TimeoutError', message: `timed out ${where}` })
    expect(recordOf(error)).toEqual(position)
  })

  it('should be of the record that a sink has refused', () => {
    const value = (given: unknown) => sinkOf((text) => (text === 'bad' ? given : text) as string)
    const error = errorOf((elements$, scheduler, kafka) =>
      elements$.pipe(sinkTo(value(5), { connect: kafka.connect, scheduler })),
    )
    expect(error).toMatchObject({ _tag: 'InvalidRecord', topic: 'out', recordPosition: position })
  })

  it('should be where a record could not be read', () => {
    const errors: unknown[] = []
    onKafka({ t: 2 }, (kafka, scheduler, { flush }) => {
      topic(kafka)
      const text = new SimpleStringSchema()
      const source = builderOf()
        .setValueOnlyDeserializer({ deserialize: (bytes) => refuse(text.deserialize(bytes)) })
        .build()
      source.records({ connect: kafka.connect, scheduler }).subscribe({ error: (error) => errors.push(error) })
      flush()
    })
    expect(errors).toEqual([expect.objectContaining({ _tag: 'Deserialization', recordPosition: position })])
    expect((errors[0] as Error).message.match(/offset 2 of t-1/g)).toHaveLength(1)
  })
})
