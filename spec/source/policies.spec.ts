import { describe, expect, it } from '@jest/globals'
import { map, mergeMap, Observable, takeUntil, tap } from 'rxjs'
import { CheckpointCoordinator } from '../../lib/checkpoint/CheckpointCoordinator.js'
import { MemoryCheckpointStore } from '../../lib/checkpoint/store/MemoryCheckpointStore.js'
import { JsonSchema } from '../../lib/client/schema/JsonSchema.js'
import { KafkaError } from '../../lib/client/KafkaError.js'
import { WatermarkStrategy } from '../../lib/eventtime/WatermarkStrategy.js'
import { Fault } from '../../lib/memory/Fault.js'
import { MemoryMetricGroup } from '../../lib/metrics/MemoryMetricGroup.js'
import { deadLetter } from '../../lib/source/deadletter/deadLetter.js'
import { KafkaRecordDeserializationSchema } from '../../lib/source/deserializer/KafkaRecordDeserializationSchema.js'
import { KafkaSource } from '../../lib/source/KafkaSource.js'
import { OffsetsInitializer } from '../../lib/source/offsets/OffsetsInitializer.js'
import { recordsOnly } from '../../lib/stream/recordsOnly.js'
import { show } from '../support/elements.js'
import { onKafka } from './support/onKafka.js'
import { builderOf, silent, valuesFor } from './support/sourceOf.js'
import { withAdmin } from './support/withAdmin.js'

const json = () =>
  builderOf().setBounded(OffsetsInitializer.latest()) as unknown as ReturnType<typeof KafkaSource.builder<unknown>>

describe('a record that cannot be deserialized', () => {
  it('should end the stream with an error that names it', () => {
    onKafka({ t: 1 }, (kafka, scheduler, { expectObservable }) => {
      kafka.produce('t', valuesFor(0, '1', '{', '3'))
      const source = json().setValueOnlyDeserializer(new JsonSchema<number>()).build()
      const error = expect.objectContaining({
        _tag: 'Deserialization',
        retriable: false,
        message: expect.stringContaining('Failed to deserialize consumer record at offset 1 of t-0 due to'),
      })
      expectObservable(source.records({ connect: kafka.connect, scheduler })).toBe('(a#)', { a: 1 }, error)
    })
  })

  it('should be skipped and counted when the policy says so', () => {
    onKafka({ t: 1 }, (kafka, scheduler, { expectObservable, flush }) => {
      kafka.produce('t', valuesFor(0, '1', '{', '3'))
      const builder = json().setValueOnlyDeserializer(new JsonSchema<number>()).setDeserializationErrorPolicy('skip')
      const metrics = new MemoryMetricGroup()
      expectObservable(silent(builder.build()).records({ connect: kafka.connect, scheduler, metrics })).toBe('(ab|)', {
        a: 1,
        b: 3,
      })
      flush()
      expect(metrics.read('operator.source.numRecordsInErrors')).toBe(1)
      expect(metrics.read('operator.source.numRecordsIn')).toBe(3)
      expect(metrics.read('operator.source.KafkaSourceReader.topic.t.partition.0.currentOffset')).toBe(2)
    })
  })

  it('should not be one that gives no value, or several', () => {
    onKafka({ t: 1 }, (kafka, scheduler, { expectObservable }) => {
      kafka.produce('t', [...valuesFor(0, 'a', '', 'bc'), { partition: 0, value: null }])
      const schema: KafkaRecordDeserializationSchema<string> = {
        deserialize: ({ value }, emit) => {
          for (const letter of value?.toString() ?? 'n') emit(letter)
        },
      }
      const source = builderOf().setDeserializer(schema).setBounded(OffsetsInitializer.latest()).build()
      expectObservable(source.records({ connect: kafka.connect, scheduler })).toBe('(abcn|)')
    })
  })
})

describe('the policy for records that cannot be read', () => {
  const bug = new TypeError('a bug in my strategy')
  const failing = (value: string): void => {
    if (value === 'two') throw bug
  }
  const strategies: readonly (readonly [string, WatermarkStrategy<string>])[] = [
    [
      'the timestamp assigner',
      WatermarkStrategy.forMonotonousTimestamps<string>().withTimestampAssigner((value, timestamp) => {
        failing(value)
        return timestamp
      }),
    ],
    [
      'the watermark generator',
      WatermarkStrategy.forGenerator<string>(() => ({ onEvent: failing, onPeriodicEmit: () => undefined })),
    ],
  ]
  const policies = ['fail', 'skip', 'deadLetter'] as const

  it.each(strategies.flatMap(([name, strategy]) => policies.map((policy) => [name, policy, strategy] as const)))(
    'should not be for errors of %s: %s',
    (name, policy, watermarks) => {
      const letters: unknown[] = []
      const metrics = new MemoryMetricGroup()
      onKafka({ t: 1 }, (kafka, scheduler, { expectObservable }) => {
        kafka.produce('t', valuesFor(0, 'one', 'two', 'three'))
        const noted = deadLetter((letters$) =>
          letters$.pipe(
            tap((letter) => letters.push(letter)),
            recordsOnly(),
          ),
        )
        const source = builderOf()
          .setDeserializationErrorPolicy(policy === 'deadLetter' ? noted : policy)
          .build()
        const values$ = source.records({ connect: kafka.connect, scheduler, watermarks, metrics })
        // A record leaves before its watermark is made.
        const before = name === 'the timestamp assigner' ? '(a#)' : '(ab#)'
        expectObservable(values$).toBe(before, { a: 'one', b: 'two' }, bug)
      })
      expect(letters.filter((letter) => (letter as { kind: string }).kind === 'record')).toEqual([])
      expect(metrics.read('operator.source.numRecordsInErrors')).toBe(0)
    },
  )

  it.each(policies)('should let a record go one way only, however much was emitted of it: %s', (policy) => {
    const letters: string[] = []
    onKafka({ t: 1 }, (kafka, scheduler, { expectObservable }) => {
      kafka.produce('t', valuesFor(0, 'ab', 'c!', 'd'))
      const schema: KafkaRecordDeserializationSchema<string> = {
        deserialize: ({ value }, emit) => {
          for (const letter of value!.toString()) {
            if (letter === '!') throw new Error('no letter')
            emit(letter)
          }
        },
      }
      const noted = deadLetter((letters$) =>
        letters$.pipe(
          recordsOnly(),
          tap(({ value }) => letters.push(String(value))),
        ),
      )
      const source = silent(
        builderOf()
          .setBounded(OffsetsInitializer.latest())
          .setDeserializer(schema)
          .setDeserializationErrorPolicy(policy === 'deadLetter' ? noted : policy)
          .build(),
      )
      const error = expect.objectContaining({ _tag: 'Deserialization' })
      expectObservable(source.records({ connect: kafka.connect, scheduler })).toBe(
        policy === 'fail' ? '(ab#)' : '(abd|)',
        undefined,
        error,
      )
    })
    expect(letters).toEqual(policy === 'deadLetter' ? ['c!'] : [])
  })
})

describe('a deserializer that answers late', () => {
  it.each<readonly [string, KafkaRecordDeserializationSchema<unknown>, RegExp]>([
    [
      'of',
      KafkaRecordDeserializationSchema.of(({ value }) => Promise.resolve(value)),
      /gave a value that is a promise/,
    ],
    [
      'an async deserialize',
      // eslint-disable-next-line @typescript-eslint/no-misused-promises -- what is to be refused
      { deserialize: async (_, emit) => Promise.resolve().then(() => emit('late')) },
      /gave a promise/,
    ],
    [
      'an async deserialize that fails',
      // eslint-disable-next-line @typescript-eslint/no-misused-promises -- what is to be refused
      { deserialize: () => Promise.reject(new Error('unheard')) },
      /gave a promise/,
    ],
  ])('should end the stream, whatever the policy: %s', (_, schema, message) => {
    onKafka({ t: 1 }, (kafka, scheduler, { expectObservable }) => {
      kafka.produce('t', valuesFor(0, 'a', 'b'))
      const builder = builderOf() as unknown as ReturnType<typeof KafkaSource.builder<unknown>>
      const source = silent(builder.setDeserializer(schema).setDeserializationErrorPolicy('skip').build())
      const error = expect.objectContaining({
        _tag: 'Deserialization',
        message: expect.stringMatching(message),
        recordPosition: { topic: 't', partition: 0, offset: 0 },
      })
      expectObservable(source.records({ connect: kafka.connect, scheduler })).toBe('#', undefined, error)
    })
  })
})

describe('an emit that is kept for later', () => {
  it('should throw where it is called, and send nothing', () => {
    onKafka({ t: 1 }, (kafka, scheduler, { expectObservable, flush }) => {
      kafka.produce('t', valuesFor(0, 'a', 'b'))
      const thrown: unknown[] = []
      const schema: KafkaRecordDeserializationSchema<string> = {
        deserialize: ({ value }, emit) => {
          emit(String(value))
          scheduler.schedule(() => {
            try {
              emit('late')
            } catch (error) {
              thrown.push(error)
            }
          }, 1)
        },
      }
      const source = builderOf().setDeserializer(schema).build()
      expectObservable(source.records({ connect: kafka.connect, scheduler }), '^ 9ms !').toBe('(ab)')
      flush()
      expect(thrown).toHaveLength(2)
      expect(thrown[0]).toMatchObject({ message: expect.stringMatching(/a value after its call, for t-0\..*mapAsync/) })
    })
  })
})

describe('a position that is not in the log', () => {
  const outOfRange = (policy: 'fail' | 'earliest' | 'latest' | undefined, picture: string): void => {
    onKafka({ t: 1 }, (kafka, scheduler, { expectObservable }) => {
      kafka.produce('t', valuesFor(0, 'a', 'b', 'c'))
      kafka.deleteRecords('t', 0, 1)
      const builder = builderOf().setStartingOffsets(OffsetsInitializer.offsets({ 't-0': 0 }))
      const source = silent((policy === undefined ? builder : builder.setOffsetOutOfRangePolicy(policy)).build())
      scheduler.schedule(() => kafka.produce('t', valuesFor(0, 'd')), 5)
      expectObservable(source.records({ connect: kafka.connect, scheduler }), '^ 9ms !').toBe(
        picture,
        undefined,
        expect.objectContaining({
          ...{ _tag: 'OffsetOutOfRange', retriable: false },
          message: expect.stringMatching(
            /^Offset 0 of t-0 is not in the log, which has offsets 1 to 3: its records were deleted .*retention\.ms/,
          ),
        }),
      )
    })
  }

  it('should end the stream', () => outOfRange('fail', '#'))

  it.each([
    [
      'with where the log ends, when that is before it',
      false,
      /^Offset 9 of t-0 is not in the log, which has offsets 0 to 3: the log ends before it, so the topic was created anew/,
    ],
    ['without that, when the leader does not give it', true, /^Offset 9 of t-0 is not in the log: its records were/],
  ])('should end the stream %s', (_, refused, message) => {
    onKafka({ t: 1 }, (kafka, scheduler, { expectObservable }) => {
      kafka.produce('t', valuesFor(0, 'a', 'b', 'c'))
      const no = Fault.fail(new KafkaError({ _tag: 'Authorization', message: 'no' }))
      if (refused) kafka.inject({ api: 'ListOffsets', times: 9 }, no)
      const builder = builderOf().setStartingOffsets(OffsetsInitializer.offsets({ 't-0': 9 }))
      const source = silent(builder.setOffsetOutOfRangePolicy('fail').build())
      expectObservable(source.records({ connect: kafka.connect, scheduler })).toBe(
        '#',
        undefined,
        expect.objectContaining({ _tag: 'OffsetOutOfRange', message: expect.stringMatching(message) }),
      )
    })
  })

  it('should be replaced by the earliest one', () => outOfRange('earliest', '(bc) -d'))
  it('should be replaced by the latest one', () => outOfRange('latest', '-----d'))
  it('should be treated as the initializer says by default where reading begins', () =>
    outOfRange(undefined, '(bc) -d'))

  const lostOnTheWay = (policy: 'earliest' | undefined, picture: string): void => {
    onKafka({ t: 1 }, (kafka, scheduler, { expectObservable }) => {
      kafka.produce('t', valuesFor(0, 'a'))
      const builder = builderOf()
      const source = silent((policy === undefined ? builder : builder.setOffsetOutOfRangePolicy(policy)).build())
      scheduler.schedule(() => {
        // Retention overtakes a reader that cannot fetch for a while.
        const leader = Fault.fail(new KafkaError({ _tag: 'Connection', retriable: true, message: 'gone' }))
        kafka.inject({ api: 'Fetch', times: 1 }, leader)
        kafka.produce('t', valuesFor(0, 'b', 'c'))
        kafka.deleteRecords('t', 0, 2)
      }, 5)
      expectObservable(source.records({ connect: kafka.connect, scheduler }), '^ 999ms !').toBe(
        picture,
        undefined,
        expect.objectContaining({ _tag: 'OffsetOutOfRange', message: expect.stringContaining('Records are lost') }),
      )
    })
  }

  it('should end the stream by default when it was read from before', () => lostOnTheWay(undefined, 'a 104ms #'))
  it('should be replaced on the way when the policy says so', () => lostOnTheWay('earliest', 'a 104ms c'))

  it('should end the stream by default when a checkpoint knew it', () => {
    onKafka({ t: 1 }, (kafka, scheduler, { expectObservable, hot }) => {
      kafka.produce('t', valuesFor(0, 'a', 'b'))
      const store = new MemoryCheckpointStore()
      const attempt = () => {
        const checkpoints = CheckpointCoordinator.create({ interval: 2, store, scheduler })
        return builderOf().build().records({ connect: kafka.connect, scheduler, checkpoints })
      }
      expectObservable(attempt().pipe(takeUntil(hot('9ms x')))).toBe('(ab) 5ms |')
      scheduler.schedule(() => {
        kafka.produce('t', valuesFor(0, 'c', 'd'))
        kafka.deleteRecords('t', 0, 3)
      }, 15)
      const error = expect.objectContaining({ _tag: 'OffsetOutOfRange' })
      expectObservable(attempt(), '20ms ^').toBe('20ms #', undefined, error)
    })
  })

  describe('when what was read is truncated (KIP-320)', () => {
    /** "b" is read and gone, "x" has its place. */
    const truncated = (policy: 'earliest' | undefined, picture: string): void => {
      onKafka({ t: 1 }, (kafka, scheduler, { expectObservable }) => {
        kafka.produce('t', valuesFor(0, 'a'))
        kafka.produce('t', valuesFor(0, 'b'))
        const builder = builderOf()
        const source = silent((policy === undefined ? builder : builder.setOffsetOutOfRangePolicy(policy)).build())
        scheduler.schedule(() => {
          kafka.truncate('t', 0, 1)
          kafka.produce('t', valuesFor(0, 'x'))
        }, 105)
        expectObservable(source.records({ connect: kafka.connect, scheduler }), '^ 109ms !').toBe(
          picture,
          undefined,
          expect.objectContaining({ _tag: 'LogTruncated', message: expect.stringContaining('from offset 1 on') }),
        )
      })
    }

    it('should end the stream by default', () => truncated(undefined, '(ab) 101ms #'))
    it('should go on where the log parts from it when the policy says so', () => truncated('earliest', '(ab) 101ms x'))
  })

  it('should be replaced by one behind the end in a turn of the loop, not within the answer of the client', () => {
    onKafka({ t: 1 }, (kafka, scheduler) => {
      kafka.produce('t', valuesFor(0, 'a', 'b', 'c'))
      kafka.deleteRecords('t', 0, 3)
      let answering = false
      const connect = withAdmin(kafka, (admin) => ({
        listOffsets: (specs, isolationLevel) =>
          new Observable((subscriber) =>
            admin.listOffsets(specs, isolationLevel).subscribe((offsets) => {
              answering = true
              subscriber.next(offsets)
              answering = false
              subscriber.complete()
            }),
          ),
      }))
      const source = builderOf()
        .setStartingOffsets(OffsetsInitializer.offsets({ 't-0': 0 }))
        .setBounded(OffsetsInitializer.offsets({ 't-0': 2 }))
      const seen: string[] = []
      silent(source.build())
        .splits({ connect, scheduler })
        .pipe(mergeMap(({ elements }) => elements))
        .subscribe({
          next: (element) => seen.push(answering ? `${show(element)} within the answer` : show(element)),
          complete: () => seen.push('completed'),
        })
      scheduler.flush()
      expect(seen).toEqual(['R', 'WInfinity', 'completed'])
    })
  })
})

describe('discovery', () => {
  it('should read partitions that come later from their first record', () => {
    onKafka({ t: 1 }, (kafka, scheduler, { expectObservable }) => {
      const source = builderOf()
        .setStartingOffsets(OffsetsInitializer.latest())
        .setProperty('partition.discovery.interval.ms', 10)
        .build()
      scheduler.schedule(() => {
        kafka.createPartitions('t', 2)
        kafka.produce('t', valuesFor(1, 'a'))
      }, 5)
      expectObservable(source.records({ connect: kafka.connect, scheduler }), '^ 30ms !').toBe('10ms a')
    })
  })

  it('should fail on a topic that does not exist', () => {
    onKafka({}, (kafka, scheduler, { expectObservable }) => {
      const values$ = builderOf('none').build().records({ connect: kafka.connect, scheduler })
      const error = expect.objectContaining({ codeName: 'UNKNOWN_TOPIC_OR_PARTITION', retriable: true })
      expectObservable(values$).toBe('#', undefined, error)
    })
  })

  it('should survive a failed round, and read on', () => {
    onKafka({ t: 1 }, (kafka, scheduler, { expectObservable, cold }) => {
      let calls = 0
      const connect: typeof kafka.connect = (config) =>
        kafka.connect(config).pipe(
          tap((client) => {
            const describeTopics = client.admin.describeTopics.bind(client.admin)
            client.admin.describeTopics = (topics) =>
              describeTopics(topics).pipe(
                map((found) => {
                  if (++calls > 1) throw new Error('no metadata')
                  return found
                }),
              )
          }),
        )
      const source = silent(builderOf().setProperty('partition.discovery.interval.ms', 10).build())
      cold('25ms a').subscribe((value) => kafka.produce('t', [{ value }]))
      // The second, third and fourth round fail; the fifth is one too many.
      expectObservable(source.records({ connect, scheduler }), '^ 60ms !').toBe(
        '25ms a 14ms #',
        undefined,
        new Error('no metadata'),
      )
    })
  })

  it('should not wait for another round when no retry mends what is wrong, after a restore neither', () => {
    onKafka({ t: 1 }, (kafka, scheduler, { expectObservable, hot }) => {
      kafka.produce('t', valuesFor(0, 'a'))
      const store = new MemoryCheckpointStore()
      const source = silent(builderOf().setProperty('partition.discovery.interval.ms', 10).build())
      const values$ = () => {
        const checkpoints = CheckpointCoordinator.create({ interval: 2, store, scheduler })
        return source.records({ connect: kafka.connect, scheduler, checkpoints })
      }
      const refused = () => {
        kafka.inject({ api: 'Metadata' }, Fault.fail(new KafkaError({ _tag: 'Authorization', message: 'not for you' })))
      }
      const error = expect.objectContaining({ _tag: 'Authorization' })
      scheduler.schedule(refused, 15)
      expectObservable(values$()).toBe('a 19ms #', undefined, error)
      scheduler.schedule(refused, 30)
      expectObservable(values$().pipe(takeUntil(hot('100ms x'))), '40ms ^').toBe('40ms #', undefined, error)
    })
  })

  it('should match whole names by pattern, and topics that come later', () => {
    onKafka({ ab: 1, xab: 1 }, (kafka, scheduler, { expectObservable }) => {
      kafka.produce('ab', valuesFor(0, 'a'))
      kafka.produce('xab', valuesFor(0, 'x'))
      const source = KafkaSource.builder()
        .setBootstrapServers('localhost:9092')
        .setTopicPattern(/a./)
        .setProperty('partition.discovery.interval.ms', 10)
        .setDeserializer(KafkaRecordDeserializationSchema.of(({ value }) => value?.toString()))
        .build()
      scheduler.schedule(() => {
        kafka.createTopic('ac', 1)
        kafka.produce('ac', valuesFor(0, 'c'))
      }, 5)
      expectObservable(source.records({ connect: kafka.connect, scheduler }), '^ 15ms !').toBe('a---------c')
    })
  })
})
