import { describe, expect, it } from '@jest/globals'
import {
  catchError,
  concat,
  concatMap,
  defer,
  endWith,
  finalize,
  identity,
  ignoreElements,
  map,
  mergeMap,
  NEVER,
  type Observable,
  of,
  retry,
  Subject,
  take,
  takeUntil,
  tap,
  throwError,
  timer,
} from 'rxjs'
import type { TestScheduler } from 'rxjs/testing'
import { CheckpointCoordinator } from '../../lib/checkpoint/CheckpointCoordinator.js'
import { MemoryCheckpointStore } from '../../lib/checkpoint/store/MemoryCheckpointStore.js'
import { JsonSchema } from '../../lib/client/schema/JsonSchema.js'
import { SimpleStringSchema } from '../../lib/client/schema/SimpleStringSchema.js'
import { combineWatermarks } from '../../lib/eventtime/combineWatermarks.js'
import { WatermarkStrategy } from '../../lib/eventtime/WatermarkStrategy.js'
import type { KafkaProperties } from '../../lib/config/KafkaProperties.js'
import type { MemoryKafka } from '../../lib/memory/MemoryKafka.js'
import { MemoryMetricGroup } from '../../lib/metrics/MemoryMetricGroup.js'
import { DeliveryGuarantee } from '../../lib/sink/DeliveryGuarantee.js'
import { KafkaSink } from '../../lib/sink/KafkaSink.js'
import { KafkaRecordSerializationSchema } from '../../lib/sink/serializer/KafkaRecordSerializationSchema.js'
import { sinkTo } from '../../lib/sink/sinkTo.js'
import { deadLetter } from '../../lib/source/deadletter/deadLetter.js'
import type { DeadLetterRecord } from '../../lib/source/deadletter/DeadLetterRecord.js'
import { divertSplitDeadLetters } from '../../lib/source/deadletter/divertDeadLetters.js'
import { KafkaSource } from '../../lib/source/KafkaSource.js'
import type { KafkaSplit } from '../../lib/source/KafkaSplit.js'
import { OffsetsInitializer } from '../../lib/source/offsets/OffsetsInitializer.js'
import type { TerminalPipeline } from '../../lib/stream/branch.js'
import { onRecords } from '../../lib/stream/onRecords.js'
import { recordsOnly } from '../../lib/stream/recordsOnly.js'
import type { StreamElement } from '../../lib/stream/StreamElement.js'
import { show } from '../support/elements.js'
import { all, onKafka } from './support/onKafka.js'
import { valuesFor } from './support/sourceOf.js'

/** Numbers as JSON; what is not JSON goes into the pipeline. */
const endless = (pipeline: TerminalPipeline<DeadLetterRecord, unknown>, properties: KafkaProperties = {}) =>
  KafkaSource.builder()
    .setBootstrapServers('memory:9092')
    .setTopics('t')
    .setProperties(properties)
    .setDeserializationErrorPolicy(deadLetter(pipeline))
    .setValueOnlyDeserializer(new JsonSchema<number>())

const numbers = (...settings: Parameters<typeof endless>): KafkaSource<number> =>
  endless(...settings)
    .setBounded(OffsetsInitializer.latest())
    .build()

const into =
  (letters: DeadLetterRecord[]): TerminalPipeline<DeadLetterRecord, unknown> =>
  (elements$) =>
    elements$.pipe(
      recordsOnly(),
      tap((letter) => letters.push(letter)),
    )

const exactlyOnce = (topic: string): KafkaSink<string> =>
  KafkaSink.builder<string>()
    .setBootstrapServers('memory:9092')
    .setDeliveryGuarantee(DeliveryGuarantee.EXACTLY_ONCE)
    .setTransactionalIdPrefix(topic)
    .setRecordSerializer(
      KafkaRecordSerializationSchema.builder<string>()
        .setTopic(topic)
        .setValueSerializationSchema(new SimpleStringSchema())
        .build(),
    )
    .build()

/** Good records to `good`, the others to `bad`, in one checkpoint. */
const sorting = (
  kafka: MemoryKafka,
  scheduler: TestScheduler,
  checkpoints: CheckpointCoordinator,
  sourceOf: (pipeline: TerminalPipeline<DeadLetterRecord, unknown>) => KafkaSource<number> = numbers,
) => {
  const options = { connect: kafka.connect, scheduler }
  const bad = (letters$: Observable<StreamElement<DeadLetterRecord>>) =>
    letters$.pipe(onRecords(map(({ value }) => String(value))), sinkTo(exactlyOnce('bad'), options))
  return { source: sourceOf(bad), good: sinkTo(exactlyOnce('good'), options), options: { ...options, checkpoints } }
}

const committed = (kafka: MemoryKafka, topic: string) => kafka.records(topic).map(({ value }) => value)

describe('deadLetter', () => {
  it('should take the record with its bytes, its coordinates and the error, and let the others pass', () => {
    onKafka({ t: 2 }, (kafka, scheduler, { expectObservable, flush }) => {
      kafka.produce('t', valuesFor(0, '1', '2'))
      kafka.produce('t', [{ partition: 0, key: 'k', value: '{', timestamp: 7, headers: [{ key: 'h', value: null }] }])
      kafka.produce('t', valuesFor(0, '3'))
      const letters: DeadLetterRecord[] = []
      const metrics = new MemoryMetricGroup()
      const source = numbers(into(letters))
      expectObservable(source.records({ connect: kafka.connect, scheduler, metrics })).toBe('(abc|)', {
        a: 1,
        b: 2,
        c: 3,
      })
      flush()
      expect(letters).toMatchObject([
        { topic: 't', partition: 0, offset: 2, timestamp: 7, timestampType: 'CreateTime', headers: [{ key: 'h' }] },
      ])
      expect([letters[0]?.key?.toString(), letters[0]?.value?.toString()]).toEqual(['k', '{'])
      expect(letters[0]?.error).toBeInstanceOf(SyntaxError)
      expect(letters[0]?.reason).toBe((letters[0]?.error as Error).message)
      expect(metrics.read('operator.source.numRecordsInErrors')).toBe(1)
      expect(metrics.read('operator.source.numRecordsIn')).toBe(4)
    })
  })

  it('should leave watermarks alone, and give its pipeline what flows beside the records', () => {
    onKafka({ t: 1 }, (kafka, scheduler, { expectObservable, flush }) => {
      kafka.produce('t', [{ partition: 0, value: '1', timestamp: 5 }])
      kafka.produce('t', [{ partition: 0, value: 'x', timestamp: 99 }])
      const seen: string[] = []
      const source = numbers((letters$) =>
        letters$.pipe(
          tap((element) =>
            seen.push(element.kind === 'record' ? `${element.value.offset}@${element.timestamp}` : show(element)),
          ),
          tap((element) => {
            if (element.kind === 'batchEnd') element.acknowledge()
          }),
        ),
      )
      const watermarks = WatermarkStrategy.forMonotonousTimestamps<number>().withTimestampAssigner(
        (value, timestamp) => value + timestamp,
      )
      const shown$ = source.elements({ connect: kafka.connect, scheduler, watermarks }).pipe(
        tap((element) => {
          if (element.kind === 'batchEnd') element.acknowledge()
        }),
        map(show),
      )
      expectObservable(all(shown$)).toBe('(x|)', { x: ['R', '1@6', 'end', 'WInfinity'] })
      flush()
      expect(seen).toEqual(['R', '1@99', 'end', 'WInfinity'])
    })
  })

  it('should be acknowledged with the others: what its pipeline has not taken over holds the split back', () => {
    onKafka({ t: 1 }, (kafka, scheduler, { expectObservable }) => {
      kafka.produce('t', valuesFor(0, '1', 'x', '2', 'y', '3'))
      const slow: TerminalPipeline<DeadLetterRecord, unknown> = (letters$) =>
        letters$.pipe(
          tap((element) => {
            if (element.kind === 'batchEnd') scheduler.schedule(() => element.acknowledge(), 10)
          }),
        )
      const source = numbers(slow, { 'max.poll.records': 1 })
      // Two batches may be on their way: a record each, a letter too.
      expectObservable(source.records({ connect: kafka.connect, scheduler })).toBe('a 9ms b 9ms (c|)', {
        a: 1,
        b: 2,
        c: 3,
      })
    })
  })

  for (const kill of [95, 145, 150, 155, 260]) {
    it(`should be part of the same checkpoint: each record once, in one place, when it crashes after ${kill} ms`, () => {
      onKafka({ t: 1, good: 1, bad: 1 }, (kafka, scheduler, { flush }) => {
        const store = new MemoryCheckpointStore()
        const records = Array.from({ length: 40 }, (_, n) => (n % 3 === 1 ? `bad ${n}` : String(n)))
        records.forEach((value, n) => scheduler.schedule(() => kafka.produce('t', [{ partition: 0, value }]), 10 * n))
        const attempt = () => {
          const checkpoints = CheckpointCoordinator.create({ interval: 50, store, scheduler })
          const { source, good, options } = sorting(kafka, scheduler, checkpoints, (bad) => endless(bad).build())
          const running = source
            .elements(options)
            .pipe(onRecords(map(String)), good, retry({ count: 3, delay: 1 }))
            .subscribe()
          return { running, checkpoints }
        }
        const first = attempt()
        scheduler.schedule(() => {
          kafka.cut()
          const second = attempt()
          first.running.unsubscribe()
          scheduler.schedule(() => second.checkpoints.stopWithSavepoint({ drain: true }), 900)
        }, kill)
        flush()
        expect(committed(kafka, 'good')).toEqual(records.filter((value) => !value.startsWith('bad')))
        expect(committed(kafka, 'bad')).toEqual(records.filter((value) => value.startsWith('bad')))
      })
    })
  }

  it('should be waited for when a bounded source ends', () => {
    onKafka({ t: 1, good: 1, bad: 1 }, (kafka, scheduler, { expectObservable, flush }) => {
      kafka.produce('t', valuesFor(0, '1', 'x', '2'))
      const checkpoints = CheckpointCoordinator.create({ interval: 0, store: new MemoryCheckpointStore(), scheduler })
      const { source, good, options } = sorting(kafka, scheduler, checkpoints)
      expectObservable(source.elements(options).pipe(onRecords(map(String)), good, ignoreElements())).toBe('|')
      flush()
      expect([committed(kafka, 'good'), committed(kafka, 'bad')]).toEqual([['1', '2'], ['x']])
    })
  })

  it('should fail the source when its pipeline fails', () => {
    onKafka({ t: 1 }, (kafka, scheduler, { expectObservable }) => {
      kafka.produce('t', valuesFor(0, '1', 'x', '2'))
      const source = numbers((letters$) =>
        letters$.pipe(
          recordsOnly(),
          mergeMap(({ reason }) => throwError(() => new Error(`no room for: ${reason.slice(0, 16)}`))),
        ),
      )
      const error = new Error('no room for: Unexpected token (record at offset 1 of t-0)')
      expectObservable(source.records({ connect: kafka.connect, scheduler })).toBe('(a#)', { a: 1 }, error)
    })
  })
})

describe('deadLetter with splits()', () => {
  it('should gather the letters of all splits in one pipeline, in the same checkpoint, and wait for it', () => {
    onKafka({ t: 3, good: 1, bad: 1 }, (kafka, scheduler, { expectObservable, flush }) => {
      for (const partition of [0, 1, 2]) kafka.produce('t', valuesFor(partition, `${partition}`, `x${partition}`))
      const checkpoints = CheckpointCoordinator.create({ interval: 0, store: new MemoryCheckpointStore(), scheduler })
      const { source, good, options } = sorting(kafka, scheduler, checkpoints)
      const done$ = source.splits(options).pipe(combineWatermarks(), onRecords(map(String)), good, ignoreElements())
      expectObservable(done$).toBe('|')
      flush()
      expect([...committed(kafka, 'good')].sort()).toEqual(['0', '1', '2'])
      expect([...committed(kafka, 'bad')].sort()).toEqual(['x0', 'x1', 'x2'])
    })
  })

  it.each<[string, (splits$: Observable<KafkaSplit<number>>) => Observable<StreamElement<number>>, readonly string[]]>([
    ['that are merged', combineWatermarks(), ['R', 'idle', 'active', 'WInfinity', 'B1 finished', 'done']],
    ['that are read one by one', mergeMap(({ elements }) => elements), ['done']],
  ])('should take part in the checkpoints of a subtask without splits %s', (_, read, others) => {
    onKafka({ t: 1 }, (kafka, scheduler, { flush }) => {
      const checkpoints = CheckpointCoordinator.create({ interval: 0, store: new MemoryCheckpointStore(), scheduler })
      const letters: string[] = []
      const seen: string[] = []
      const acknowledging = tap<StreamElement<unknown>>((element) => {
        if (element.kind === 'barrier') element.acknowledge()
      })
      const source = numbers((letters$) =>
        letters$.pipe(
          acknowledging,
          map((element) => show(element)),
          endWith('done'),
          tap((word) => letters.push(word)),
        ),
      )
      const done: number[] = []
      checkpoints.completed$.subscribe(({ checkpointId }) => done.push(checkpointId))
      read(source.splits({ connect: kafka.connect, scheduler, checkpoints, parallelism: 2, subtaskIndex: 1 }))
        .pipe(acknowledging, map(show))
        .subscribe({ next: (word) => seen.push(word), complete: () => seen.push('done') })
      flush()
      expect(letters).toEqual(['R', 'idle', 'active', 'WInfinity', 'B1 finished', 'done'])
      expect(seen).toEqual(others)
      expect(done).toEqual([1])
    })
  })

  it('should not wait at barriers for a split that was given up', () => {
    onKafka({ t: 2 }, (kafka, scheduler, { flush }) => {
      for (const partition of [0, 1]) kafka.produce('t', valuesFor(partition, '1', '2', '3'))
      const store = new MemoryCheckpointStore()
      const checkpoints = CheckpointCoordinator.create({
        interval: 100,
        timeout: 1000,
        tolerableFailures: 3,
        store,
        scheduler,
      })
      const done: number[] = []
      checkpoints.completed$.subscribe(({ checkpointId }) => done.push(checkpointId))
      const letters: DeadLetterRecord[] = []
      const running = endless(into(letters))
        .build()
        .splits({ connect: kafka.connect, scheduler, checkpoints })
        .pipe(
          mergeMap(({ topicPartition: { partition }, elements }) =>
            elements.pipe(recordsOnly(), takeUntil(partition === 0 ? timer(250, scheduler) : NEVER)),
          ),
        )
        .subscribe()
      scheduler.schedule(() => kafka.produce('t', valuesFor(1, 'x', '4')), 500)
      scheduler.schedule(() => {
        running.unsubscribe()
      }, 700)
      flush()
      expect(done).toEqual([1, 2, 3, 4, 5, 6, 7])
      expect(letters).toMatchObject([{ partition: 1, offset: 3 }])
    })
  })

  /** What a job sees: numbers, what the pipeline of the letters says, and how it ends. */
  const protocolOf = (
    job: (splits$: Observable<KafkaSplit<number>>) => Observable<unknown>,
    behind: (letters$: Observable<unknown>) => Observable<unknown> = identity,
  ): string => {
    const seen: unknown[] = []
    onKafka({ t: 1 }, (kafka, scheduler, { flush }) => {
      kafka.produce('t', valuesFor(0, '1', 'x', '2', 'y', '3', 'z', '4', 'w', '5', 'v', '6'))
      const source = numbers(
        (letters$) =>
          letters$.pipe(
            recordsOnly(),
            map(({ offset }) => `L${offset}`),
            behind,
            tap((word) => seen.push(word)),
          ),
        { 'max.poll.records': 2, 'partition.discovery.interval.ms': -1 },
      )
      job(source.splits({ connect: kafka.connect, scheduler })).subscribe({
        next: (value) => seen.push(value),
        error: ({ message }: Error) => seen.push(message),
        complete: () => seen.push('done'),
      })
      flush()
    })
    return seen.join(' ')
  }

  const one = (splits$: Observable<KafkaSplit<number>>) =>
    splits$.pipe(
      take(1),
      mergeMap(({ elements }) => elements),
      recordsOnly(),
    )
  const combined = (splits$: Observable<KafkaSplit<number>>) => splits$.pipe(combineWatermarks(), recordsOnly())

  it('should take the letters of a split that goes on when the stream of splits is left', () => {
    expect(protocolOf(one)).toBe('1 L1 2 L3 3 L5 4 L7 5 L9 6 done')
  })

  it('should close its pipeline when nobody listens any more', () => {
    let open = 0
    const counted = (letters$: Observable<unknown>) =>
      defer(() => {
        open += 1
        return letters$.pipe(finalize(() => (open -= 1)))
      })
    expect(
      protocolOf(
        (splits$) =>
          one(splits$).pipe(
            tap(() => expect(open).toBe(1)),
            take(3),
          ),
        counted,
      ),
    ).toBe('1 L1 2 L3 3 done')
    expect(open).toBe(0)
  })

  it('should be waited for by the split that ends last, when the stream of splits is left', () => {
    const slow = (letters$: Observable<unknown>) => concat(letters$, timer(10).pipe(map(() => 'closed')))
    expect(protocolOf(one, slow)).toBe('1 L1 2 L3 3 L5 4 L7 5 L9 6 closed done')
  })

  it('should end the source when its pipeline completes early', () => {
    expect(protocolOf(combined, take(1))).toBe('1 L1 done')
    expect(protocolOf(one, take(1))).toBe('1 L1 done')
    expect(protocolOf(combined, () => of('closed'))).toBe('closed done')
  })

  it('should fail the source when its pipeline fails', () => {
    const failing = mergeMap(() => throwError(() => new Error('no room')))
    const where = '(record at offset 1 of t-0)'
    expect(protocolOf(combined, failing)).toBe(`1 no room ${where}`)
    expect(protocolOf(one, failing)).toBe(`1 no room ${where}`)
  })

  /** Splits by hand, the stream of which is left as soon as they are there. */
  const left = (splits: readonly Observable<never>[], pipeline: TerminalPipeline<DeadLetterRecord, unknown>) =>
    concat(
      splits.map((elements, partition) => ({
        id: `t-${partition}`,
        topicPartition: { topic: 't', partition },
        elements,
      })),
      NEVER,
    ).pipe(divertSplitDeadLetters(deadLetter(pipeline)), take(splits.length))

  it('should be waited for by no split but the last', () => {
    const [ended, givenUp, last, closed] = [
      new Subject<never>(),
      new Subject<never>(),
      new Subject<never>(),
      new Subject<never>(),
    ]
    const seen: string[] = []
    const gone = new Subject<void>()
    left([ended, givenUp, last], (letters$) => concat(letters$, closed))
      .pipe(
        mergeMap(({ id, elements }) =>
          elements.pipe(id === 't-1' ? takeUntil(gone) : identity, ignoreElements(), endWith(id)),
        ),
        endWith('done'),
      )
      .subscribe((word) => seen.push(word))
    ended.complete()
    expect(seen).toEqual(['t-0'])
    gone.next()
    last.complete()
    expect(seen).toEqual(['t-0', 't-1'])
    closed.complete()
    expect(seen).toEqual(['t-0', 't-1', 't-2', 'done'])
  })

  it('should not begin again for a split that comes after its failure', () => {
    const failure = new Subject<never>()
    const seen: string[] = []
    left([NEVER, NEVER], () =>
      defer(() => {
        seen.push('begun')
        return failure
      }),
    )
      .pipe(
        concatMap(({ id, elements }) =>
          elements.pipe(
            ignoreElements(),
            catchError((error) => of(`${id} ${String(error)}`)),
          ),
        ),
      )
      .subscribe((word) => seen.push(word))
    failure.error('failed')
    expect(seen).toEqual(['begun', 't-0 failed', 't-1 failed'])
  })
})
