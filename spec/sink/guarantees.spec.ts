import { describe, expect, it } from '@jest/globals'
import { EMPTY, NEVER, takeWhile, throwError } from 'rxjs'
import { SimpleStringSchema } from '../../lib/client/schema/SimpleStringSchema.js'
import { Fault } from '../../lib/memory/Fault.js'
import { DeliveryGuarantee } from '../../lib/sink/DeliveryGuarantee.js'
import { KafkaRecordSerializationSchema } from '../../lib/sink/serializer/KafkaRecordSerializationSchema.js'
import { sinkTo } from '../../lib/sink/sinkTo.js'
import { record } from '../../lib/testing/marbleElements.js'
import { runMarbles } from '../../lib/testing/runMarbles.js'
import { copying, elementsOf, sinkOf, topics, words } from './support/copying.js'

const { NONE, AT_LEAST_ONCE, EXACTLY_ONCE } = DeliveryGuarantee

describe('sinkTo with NONE', () => {
  it('should write without checkpoints, and complete when all is written', () => {
    runMarbles({ topics }, ({ coldElements, options, expectObservable, expectCommits }) => {
      const written$ = coldElements('Rab|').pipe(sinkTo(sinkOf({ guarantee: NONE }), options))
      expectObservable(written$).toBe('---|')
      expectCommits('out').toBe('---x', { x: ['a', 'b'] })
    })
  })

  it('should acknowledge batch ends and barriers', () => {
    runMarbles({ topics }, ({ coldElements, options, upstream, run, flush }) => {
      run(coldElements('RaEBE').pipe(sinkTo(sinkOf({ guarantee: NONE }), options)))
      flush()
      expect([...upstream.calls].sort()).toEqual(['ack B1', 'ack end', 'ack end'])
    })
  })
})

describe('sinkTo with AT_LEAST_ONCE', () => {
  it('should acknowledge a barrier only when the records before it are acknowledged by the brokers', () => {
    runMarbles({ topics, until: 5_000 }, (helpers) => {
      const { kafka, produce, expectObservable, expectCommits } = helpers
      produce('in', '10ms a 99ms b')
      kafka.inject({ api: 'Produce', nth: 1 }, Fault.delay(500))
      expectObservable(words(copying(helpers)({ guarantee: AT_LEAST_ONCE, count: 2 }))).toBe('f 514ms (gh|)', {
        f: 'flushed 1',
        g: 'flushed 2',
        h: 'flushed 3',
      })
      expectCommits('out').toBe('515ms (ab)')
    })
  })

  it('should lose nothing when it dies, though records may come twice', () => {
    runMarbles({ topics, until: 1_000 }, (helpers) => {
      const { produce, run, crashAndRestore, expectCommits } = helpers
      produce('in', '10ms a 99ms b 99ms c')
      run(crashAndRestore(() => copying(helpers)({ guarantee: AT_LEAST_ONCE }), '155ms x'))
      expectCommits('out').toBe('15ms a 99ms b 44ms b 54ms c')
    })
  })
})

describe('sinkTo', () => {
  for (const [guarantee, picture, table] of [
    [AT_LEAST_ONCE, 'f 99ms g 29ms #', { f: 'flushed 1', g: 'flushed 2' }],
    [EXACTLY_ONCE, '100ms (pc) 26ms #', { p: 'prepared 2', c: 'committed 2' }],
  ] as const) {
    it(`should refuse ${guarantee} on a stream without checkpoints`, () => {
      runMarbles({ topics }, ({ coldElements, options, expectObservable }) => {
        const refused = expect.objectContaining({
          ...{ _tag: 'Config', retriable: false },
          message: expect.stringContaining('rests on checkpoints'),
        })
        const written$ = coldElements('-Ra').pipe(sinkTo(sinkOf({ guarantee }), options))
        expectObservable(written$).toBe('-#', {}, refused)
      })
    })

    it(`should error when a stream completes without a final barrier, with ${guarantee}`, () => {
      runMarbles({ topics, until: 5_000 }, (helpers) => {
        const { produce, options, expectObservable } = helpers
        produce('in', '10ms a 99ms b 19ms c')
        // An operator over the elements, instead of within `onRecords`: it ends with the third record.
        const cutShort$ = elementsOf(helpers).pipe(takeWhile((one) => one.kind !== 'record' || one.value !== 'c', true))
        const unfinished = expect.objectContaining({ _tag: 'NoFinalBarrier', retriable: false })
        expectObservable(words(cutShort$.pipe(sinkTo(sinkOf({ guarantee }), options)))).toBe(picture, table, unfinished)
      })
    })
  }

  it('should do nothing, and complete, on an empty stream', () => {
    runMarbles({ topics }, ({ options, expectObservable, expectTransactions }) => {
      expectObservable(EMPTY.pipe(sinkTo(sinkOf(), options))).toBe('|')
      expectTransactions().toBe('-')
    })
  })

  it('should do nothing on a stream that never emits', () => {
    runMarbles({ topics }, ({ options, expectObservable, expectTransactions }) => {
      expectObservable(NEVER.pipe(sinkTo(sinkOf(), options))).toBe('-')
      expectTransactions().toBe('-')
    })
  })

  it('should pass an error of the stream on', () => {
    runMarbles({ topics }, ({ options, expectObservable }) => {
      const broken$ = throwError(() => new Error('broken'))
      expectObservable(broken$.pipe(sinkTo(sinkOf(), options))).toBe('#', {}, new Error('broken'))
    })
  })

  it('should fail with what the serializer throws', () => {
    runMarbles({ topics }, (helpers) => {
      const serialize = () => {
        throw new Error('no bytes for this')
      }
      helpers.produce('in', '10ms a')
      const message = expect.objectContaining({ message: expect.stringMatching(/^no bytes for this/) })
      helpers.expectObservable(copying(helpers)({ serializer: { serialize } })).toBe('----------#', {}, message)
    })
  })

  it('should hold batch ends while the buffer is full, and go on when there is room', () => {
    runMarbles({ topics, until: 5_000 }, (helpers) => {
      const { kafka, coldElements, upstream, options, run, expectCommits, expectObservable } = helpers
      const big = 'x'.repeat(600)
      kafka.inject({ api: 'Produce', nth: 1 }, Fault.delay(300))
      const sink = sinkOf({ guarantee: NONE, properties: { 'buffer.memory': 1000, 'batch.size': 500 } })
      const [A, B, C] = [upstream.end('A'), upstream.end('B'), upstream.end('C')]
      run(coldElements('(RbAbBbC)', { b: record(big, 0), A, B, C }).pipe(sinkTo(sink, options)))
      expectObservable(upstream.calls$).toBe('a 299ms (bc)', { a: 'ack A', b: 'ack B', c: 'ack C' })
      expectCommits('out').toBe('300ms (xx)-x', { x: [big] })
    })
  })

  it('should ask for partitions once, and hold elements meanwhile', () => {
    runMarbles({ topics: { in: 1, spread: 3 }, until: 1_000 }, (helpers) => {
      const { kafka, produce, run, flush, expectCommits } = helpers
      produce('in', '10ms 012345678')
      const serializer = KafkaRecordSerializationSchema.builder<string>()
        .setTopic('spread')
        .setPartitioner({ partition: (value, _key, _value, _topic, partitions) => Number(value) % partitions.length })
        .setValueSerializationSchema(new SimpleStringSchema())
        .build()
      run(copying(helpers)({ serializer, count: 9 }))
      expectCommits('spread').toBe('18ms x', { x: ['0', '3', '6', '1', '4', '7', '2', '5', '8'] })
      flush()
      const partitions = kafka.records('spread').map(({ partition, value }) => `${partition}:${value}`)
      expect(partitions).toEqual(['0:0', '0:3', '0:6', '1:1', '1:4', '1:7', '2:2', '2:5', '2:8'])
    })
  })
})
