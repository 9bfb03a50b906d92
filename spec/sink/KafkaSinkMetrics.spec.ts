import { describe, expect, it } from '@jest/globals'
import { interval, map, take, takeUntil, timer } from 'rxjs'
import { KafkaError } from '../../lib/client/KafkaError.js'
import { Fault } from '../../lib/memory/Fault.js'
import { MemoryMetricGroup } from '../../lib/metrics/MemoryMetricGroup.js'
import { sinkTo } from '../../lib/sink/sinkTo.js'
import { runMarbles } from '../../lib/testing/runMarbles.js'
import { type Copying, elementsOf, sinkOf, topics } from './support/copying.js'
import type { SceneHelpers } from '../../lib/testing/KafkaScene.js'

const copyMeasured = (helpers: SceneHelpers, settings: Copying = {}) => {
  const metrics = new MemoryMetricGroup()
  const events$ = elementsOf(helpers, settings).pipe(
    sinkTo(sinkOf(settings), { ...helpers.options, metrics, uid: 'sink' }),
  )
  const read = (name: string) => metrics.read(`operator.sink.${name}`)
  /** What a gauge says, so many times, each 20 ms. */
  const drawn = (name: string, times: number) =>
    interval(20).pipe(
      take(times),
      map(() => read(name)),
    )
  return { events$, metrics, read, drawn }
}

describe('the metrics of a sink', () => {
  it('should tell how many transactions are open and prepared, and how old the oldest is', () => {
    runMarbles({ topics, until: 250 }, (helpers) => {
      const { kafka, produce, run, expectObservable } = helpers
      produce('in', '15ms a 119ms b')
      // A commit that takes long.
      kafka.inject({ api: 'EndTxn', nth: 1 }, Fault.delay(60))
      const { events$, drawn } = copyMeasured(helpers)
      run(events$)
      const states = { a: 0, b: 1 }
      expectObservable(drawn('openTransactions', 8)).toBe(
        '20ms b 19ms b 19ms b 19ms b 19ms b 19ms a 19ms b 19ms (b|)',
        states,
      )
      expectObservable(drawn('pendingCommittables', 9)).toBe(
        '20ms a 19ms a 19ms a 19ms a 19ms a 19ms b 19ms b 19ms b 19ms (a|)',
        states,
      )
      const ages = { a: 5, b: 25, c: 45, d: 65, e: 85, f: 105, g: 125, h: 145, i: 45 }
      expectObservable(drawn('oldestTransactionAge', 9)).toBe(
        '20ms a 19ms b 19ms c 19ms d 19ms e 19ms f 19ms g 19ms h 19ms (i|)',
        ages,
      )
    })
  })

  it("should tell of no transaction once it is stopped: what it leaves is the next attempt's", () => {
    runMarbles({ topics, until: 250 }, (helpers) => {
      const { kafka, produce, run, expectObservable } = helpers
      produce('in', '15ms a 89ms b')
      kafka.inject({ api: 'EndTxn', nth: 1 }, Fault.delay(60))
      const { events$, read } = copyMeasured(helpers)
      run(events$.pipe(takeUntil(timer(130))))
      const all = () => ['openTransactions', 'pendingCommittables', 'oldestTransactionAge'].map(read)
      expectObservable(timer(129, 2).pipe(take(2), map(all))).toBe('129ms r-(s|)', { r: [1, 1, 114], s: [0, 0, 0] })
    })
  })

  it('should count what leaves, and what is committed', () => {
    runMarbles({ topics, until: 500 }, (helpers) => {
      const { kafka, produce, run, flush } = helpers
      produce('in', '10ms a 99ms b')
      kafka.inject({ api: 'EndTxn', nth: 1 }, Fault.fail())
      const { events$, read } = copyMeasured(helpers, { count: 2 })
      run(events$)
      flush()
      expect([read('numRecordsOut'), read('numRecordsSend'), read('KafkaProducer.record-send-total')]).toEqual([
        2, 2, 2,
      ])
      expect(read('numBytesOut')).toBe(read('KafkaProducer.byte-total'))
      expect(read('numBytesSend')).toBeGreaterThan(2 * 61)
      expect([read('totalCommittables'), read('successfulCommittables'), read('failedCommittables')]).toEqual([2, 2, 0])
      expect(read('currentSendTime')).toBeGreaterThanOrEqual(0)
      expect([read('KafkaProducer.requests-in-flight'), read('KafkaProducer.compression-rate-avg')]).toEqual([0, 1])
    })
  })

  it('should count an attempt that ends because the producer failed, once', () => {
    runMarbles({ topics, until: 500 }, (helpers) => {
      const { kafka, produce, expectObservable, flush } = helpers
      produce('in', '10ms a')
      const refused = new KafkaError({ _tag: 'Authorization', message: 'not allowed', retriable: false })
      kafka.inject({ api: 'Produce', nth: 1 }, Fault.fail(refused))
      const { events$, read } = copyMeasured(helpers)
      expectObservable(events$).toBe('15ms #', {}, expect.objectContaining({ _tag: 'Authorization' }))
      flush()
      expect([read('numRecordsOutErrors'), read('numRecordsSendErrors')]).toEqual([1, 1])
      expect(read('KafkaProducer.record-error-total')).toBeGreaterThan(0)
    })
  })

  it('should leave the metrics of Kafka out when they are not wanted, and still know its own', () => {
    runMarbles({ topics, until: 500 }, (helpers) => {
      const { produce, run, flush } = helpers
      produce('in', '10ms a')
      const { events$, metrics, read } = copyMeasured(helpers, {
        count: 1,
        properties: { 'register.producer.metrics': false },
      })
      run(events$)
      flush()
      expect(metrics.names().filter((name) => name.includes('KafkaProducer'))).toEqual([])
      expect(read('numBytesOut')).toBeGreaterThan(61)
    })
  })

  it('should be of everything but transactions where there is none', () => {
    runMarbles({ topics, until: 500 }, (helpers) => {
      const { produce, run, flush } = helpers
      produce('in', '10ms a')
      const { events$, read } = copyMeasured(helpers, { guarantee: 'none', count: 1 })
      run(events$)
      flush()
      expect([read('numRecordsOut'), read('openTransactions'), read('oldestTransactionAge')]).toEqual([1, 0, 0])
    })
  })
})
