import { describe, expect, it } from '@jest/globals'
import { concatMap, defer, EMPTY, map, merge, NEVER, type Observable, of, Subject, tap, timer } from 'rxjs'
import { SimpleStringSchema } from '../../lib/client/schema/SimpleStringSchema.js'
import { Fault } from '../../lib/memory/Fault.js'
import type { MemoryKafka } from '../../lib/memory/MemoryKafka.js'
import { DeliveryGuarantee } from '../../lib/sink/DeliveryGuarantee.js'
import type { KafkaSink } from '../../lib/sink/KafkaSink.js'
import { FixedPartitioner } from '../../lib/sink/serializer/FixedPartitioner.js'
import { KafkaRecordSerializationSchema } from '../../lib/sink/serializer/KafkaRecordSerializationSchema.js'
import { sinkTo } from '../../lib/sink/sinkTo.js'
import { recordOf } from '../../lib/stream/located.js'
import type { PipelinePart } from '../../lib/stream/PipelinePart.js'
import type { RecordPosition } from '../../lib/stream/RecordPosition.js'
import type { Restored } from '../../lib/stream/Restored.js'
import { record } from '../../lib/testing/marbleElements.js'
import { runMarbles } from '../../lib/testing/runMarbles.js'
import { restored, sinkOf, topics } from './support/copying.js'

const { NONE } = DeliveryGuarantee

describe('what a sink says that it waits for', () => {
  const toMissing = sinkOf({
    guarantee: NONE,
    serializer: KafkaRecordSerializationSchema.builder<string>()
      .setTopic('missing')
      .setValueSerializationSchema(new SimpleStringSchema())
      .setPartitioner(new FixedPartitioner())
      .build(),
  })

  it.each<[string, number, (kafka: MemoryKafka) => KafkaSink<string>, string | undefined]>([
    ['its clients connect', 0, () => sinkOf(), 'connects to the brokers'],
    [
      'the transactions of a former attempt are looked at',
      100,
      (kafka) => {
        kafka.inject({ api: 'DescribeTransactions' }, Fault.hold(NEVER))
        return sinkOf()
      },
      'commits or aborts the transactions of a former attempt',
    ],
    [
      'the partitions of a topic are not known yet',
      100,
      (kafka) => {
        kafka.inject({ api: 'Metadata', topic: 'missing', times: Infinity }, Fault.hold(NEVER))
        return toMissing
      },
      'asks for the partitions of topic missing',
    ],
    [
      'no record fits into its buffer',
      100,
      (kafka) => {
        kafka.inject({ api: 'Produce' }, Fault.hold(NEVER))
        return sinkOf({ guarantee: NONE, properties: { 'buffer.memory': 1000, 'batch.size': 500 } })
      },
      'waits for the brokers: buffer.memory is full, or its next transaction is not initialised; 1 elements queue up',
    ],
    ['nothing is to be waited for', 100, () => sinkOf(), undefined],
  ])('should be right when %s', (_, at, sinkFor, expected) => {
    runMarbles({ topics, until: 200 }, ({ kafka, coldElements, upstream, options, run, expectObservable }) => {
      const parts: PipelinePart[] = []
      const R: Restored = { ...restored(upstream), present: (part) => void parts.push(part) }
      // Right behind `Restored`, before anything else can happen.
      const begun = new Subject<void>()
      const elements$ = coldElements('R 49ms (by)', { R, b: record('x'.repeat(1200), 0) }).pipe(
        concatMap((one) =>
          merge(
            of(one),
            defer(() => (one === R ? EMPTY.pipe(tap({ complete: () => begun.next() })) : EMPTY)),
          ),
        ),
      )
      const asked$: Observable<unknown> = at === 0 ? begun : timer(at)
      const said$ = asked$.pipe(map(() => parts.map(({ name, waiting }) => [name, waiting?.()])))
      expectObservable(said$).toBe(at === 0 ? 's' : '100ms (s|)', { s: [['sinkTo', expected]] })
      run(
        timer(0).pipe(
          concatMap(() => elements$),
          sinkTo(sinkFor(kafka), options),
        ),
      )
    })
  })
})

describe('a record that had to wait, and cannot be serialized', () => {
  it('should be the one that the error names, not the one that comes in meanwhile', () => {
    runMarbles({ topics, until: 200 }, ({ coldElements, upstream, options, expectObservable }) => {
      let at: RecordPosition | undefined
      let offset = 0
      const sink = sinkOf({
        guarantee: NONE,
        serializer: {
          serialize: (value) => {
            if (value === 'b') throw new Error('no text')
            return { topic: 'out', value }
          },
        },
      })
      const elements$ = coldElements('(Rabc)', { R: { ...upstream.restored(), emitting: () => at } }).pipe(
        tap(({ kind }) => {
          if (kind === 'record') at = { topic: 'in', partition: 0, offset: offset++ }
        }),
      )
      const errors: unknown[] = []
      const told$ = elements$.pipe(sinkTo(sink, options), tap({ error: (error: unknown) => errors.push(error) }))
      expectObservable(told$).toBe('#', {}, expect.objectContaining({ message: expect.stringContaining('no text') }))
      timer(100).subscribe(() => expect(errors.map(recordOf)).toEqual([{ topic: 'in', partition: 0, offset: 1 }]))
    })
  })
})
