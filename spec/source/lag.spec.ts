import { describe, it } from '@jest/globals'
import { concat, concatMap, delay, map, of, take, takeUntil, timer } from 'rxjs'
import { KafkaError } from '../../lib/client/KafkaError.js'
import { Fault } from '../../lib/memory/Fault.js'
import { OffsetsInitializer } from '../../lib/source/offsets/OffsetsInitializer.js'
import { mapAsync } from '../../lib/stream/mapAsync.js'
import { recordsOnly } from '../../lib/stream/recordsOnly.js'
import { clientOf } from '../golden/replay/onMemory.js'
import { Transactions } from '../golden/replay/Transactions.js'
import { onKafka } from './support/onKafka.js'
import { builderOf, valuesFor } from './support/sourceOf.js'

const recordsOf = (...values: readonly string[]) => values.map((value) => ({ topic: 't', partition: 0, value }))

const caughtUp = { n: false, y: true }

describe('KafkaSource.lag$', () => {
  it('should say nothing while nothing runs', () => {
    onKafka({ t: 1 }, (_, __, { expectObservable }) => {
      const source = builderOf().build()
      expectObservable(source.lag$, '^ 5s !').toBe('-')
      expectObservable(source.caughtUp$, '^ 5s !').toBe('n', caughtUp)
    })
  })

  it('should be 0 at once for partitions without a record', () => {
    onKafka({ t: 2 }, (kafka, scheduler, { expectObservable }) => {
      const source = builderOf().build()
      expectObservable(source.records({ connect: kafka.connect, scheduler }), '^ 5s !').toBe('-')
      expectObservable(source.lag$, '^ 5s !').toBe('0', { 0: 0 })
      expectObservable(source.caughtUp$, '^ 4s !').toBe('(ny)', caughtUp)
    })
  })

  it('should count what the pipeline has not taken over, and follow it each second', () => {
    onKafka({ t: 1 }, (kafka, scheduler, { expectObservable }) => {
      kafka.produce('t', valuesFor(0, 'a', 'b', 'c', 'd'))
      const source = builderOf().setProperty('max.poll.records', 1).build()
      const slow$ = source.elements({ connect: kafka.connect, scheduler }).pipe(
        mapAsync((value) => of(value).pipe(delay(900, scheduler)), { concurrency: 1 }),
        recordsOnly(),
      )
      expectObservable(slow$, '^ 6s !').toBe('900ms a 899ms b 899ms c 899ms d')
      expectObservable(source.lag$, '^ 6s !').toBe('4 999ms 3 999ms 2 999ms 1 999ms 0', {
        4: 4,
        3: 3,
        2: 2,
        1: 1,
        0: 0,
      })
      expectObservable(source.caughtUp$, '^ 5s !').toBe('n 3999ms y', caughtUp)
    })
  })

  it('should fall behind again, and catch up again', () => {
    onKafka({ t: 1 }, (kafka, scheduler, { expectObservable }) => {
      const source = builderOf().build()
      const stalled$ = source.elements({ connect: kafka.connect, scheduler }).pipe(
        concatMap((element) => (element.kind === 'batchEnd' ? of(element).pipe(delay(9500, scheduler)) : of(element))),
        recordsOnly(),
      )
      timer(500, scheduler).subscribe(() => kafka.produce('t', valuesFor(0, 'a', 'b', 'c')))
      expectObservable(stalled$, '^ 15s !').toBe('500ms (abc)')
      expectObservable(source.lag$, '^ 15s !').toBe('0 999ms 3 8999ms 0', { 3: 3, 0: 0 })
      expectObservable(source.caughtUp$, '^ 14s !').toBe('(ny) 5996ms n 3999ms y', caughtUp)
    })
  })

  it('should have caught up, and stay so, while records keep coming and some are always under way', () => {
    onKafka({ t: 1 }, (kafka, scheduler, { expectObservable }) => {
      const source = builderOf().build()
      timer(0, 100, scheduler)
        .pipe(take(600))
        .subscribe(() => kafka.produce('t', valuesFor(0, 'a')))
      source
        .elements({ connect: kafka.connect, scheduler })
        .pipe(
          mapAsync((value) => of(value).pipe(delay(1500, scheduler))),
          recordsOnly(),
        )
        .subscribe()
      expectObservable(source.caughtUp$, '^ 50s !').toBe('n 1999ms y', caughtUp)
    })
  })

  it('should not call a partition caught up that was found later and is full', () => {
    onKafka({ t: 1 }, (kafka, scheduler, { expectObservable }) => {
      const source = builderOf().setProperty('partition.discovery.interval.ms', 10_000).build()
      timer(9500, scheduler).subscribe(() => {
        kafka.createPartitions('t', 2)
        kafka.produce('t', valuesFor(1, 'a', 'b', 'c'))
      })
      source
        .elements({ connect: kafka.connect, scheduler })
        .pipe(
          mapAsync((value) => of(value).pipe(delay(1500, scheduler)), { concurrency: 1 }),
          recordsOnly(),
          takeUntil(timer(30_000, scheduler)),
        )
        .subscribe()
      expectObservable(source.caughtUp$, '^ 20s !').toBe('(ny) 10996ms n 3999ms y', caughtUp)
    })
  })

  it.each([
    ['read_uncommitted', 3],
    ['read_committed', 0],
  ])('should end where a reader does that is %s', (level, behind) => {
    onKafka({ t: 1 }, (kafka, scheduler, { expectObservable }) => {
      new Transactions(clientOf(kafka)).write('open', recordsOf('a', 'b', 'c'), 'open').subscribe()
      const source = builderOf().setProperty('isolation.level', level).build()
      timer(100, scheduler).subscribe(() => {
        // Nobody acknowledges what it reads.
        source.elements({ connect: kafka.connect, scheduler }).subscribe()
      })
      expectObservable(source.lag$, '^ 3s !').toBe('100ms x', { x: behind })
    })
  })

  it('should reach 0 past the markers of transactions and past aborted records', () => {
    onKafka({ t: 1 }, (kafka, scheduler, { expectObservable }) => {
      const transactions = new Transactions(clientOf(kafka))
      const source = builderOf().setProperty('isolation.level', 'read_committed').build()
      concat(
        transactions.write('x', recordsOf('a', 'b'), 'commit'),
        timer(100, scheduler),
        transactions.write('y', recordsOf('c'), 'abort'),
      ).subscribe()
      const slow$ = source.elements({ connect: kafka.connect, scheduler }).pipe(
        mapAsync((value) => of(value).pipe(delay(100, scheduler)), { concurrency: 1 }),
        recordsOnly(),
      )
      expectObservable(slow$, '^ 3s !').toBe('100ms a 99ms b')
      expectObservable(source.lag$, '500ms ^ 3s !').toBe('500ms 0', { 0: 0 })
    })
  })

  it('should not call a source caught up that runs no more', () => {
    onKafka({ t: 1 }, (kafka, scheduler, { expectObservable }) => {
      const source = builderOf().build()
      expectObservable(source.records({ connect: kafka.connect, scheduler }), '^ 2s !').toBe('-')
      expectObservable(source.caughtUp$, '^ 5s !').toBe('(ny) 1997ms n', caughtUp)
    })
  })

  it('should sum up the subtasks that run in this process', () => {
    onKafka({ t: 4 }, (kafka, scheduler, { expectObservable }) => {
      for (let p = 0; p < 4; p++) kafka.produce('t', valuesFor(p, 'a'))
      const source = builderOf().build()
      for (const subtaskIndex of [0, 1])
        source.elements({ connect: kafka.connect, scheduler, parallelism: 2, subtaskIndex }).subscribe()
      expectObservable(source.lag$, '^ 3s !').toBe('x', { x: 4 })
    })
  })

  it('should keep the last number while the brokers cannot be asked, and never fail', () => {
    onKafka({ t: 1 }, (kafka, scheduler, { expectObservable }) => {
      const source = builderOf().build()
      source.elements({ connect: kafka.connect, scheduler }).subscribe()
      const refused = new KafkaError({ _tag: 'Authorization', message: 'no' })
      kafka.inject({ api: 'ListOffsets', nth: 3, times: 2 }, Fault.fail(refused))
      timer(1500, scheduler).subscribe(() => kafka.produce('t', valuesFor(0, 'a')))
      expectObservable(source.lag$, '^ 5s !').toBe('0 2999ms 1', { 0: 0, 1: 1 })
    })
  })

  it('should not know how far it is behind when the brokers have not answered for ten seconds, and not call that caught up', () => {
    onKafka({ t: 1 }, (kafka, scheduler, { expectObservable }) => {
      const source = builderOf().build()
      source.records({ connect: kafka.connect, scheduler }).subscribe()
      const gone = new KafkaError({ _tag: 'Connection', message: 'gone', retriable: true })
      timer(3500, scheduler).subscribe(() => kafka.inject({ api: 'ListOffsets', times: 20 }, Fault.fail(gone)))
      expectObservable(source.lag$, '^ 60s !').toBe('0 12999ms x 8499ms 0', { 0: 0, x: NaN })
      expectObservable(source.caughtUp$, '^ 60s !').toBe('(ny) 12996ms n 8499ms y', caughtUp)
    })
  })

  it('should count to where a source with an end stops reading', () => {
    onKafka({ t: 1 }, (kafka, scheduler, { expectObservable }) => {
      kafka.produce('t', valuesFor(0, 'a', 'b', 'c', 'd'))
      const source = builderOf()
        .setUnbounded(OffsetsInitializer.offsets({ 't-0': 3 }))
        .build()
      // It does not come to its end while the lag is looked at.
      kafka.inject({ api: 'Fetch', times: Infinity }, Fault.delay(5_000))
      source.elements({ connect: kafka.connect, scheduler }).subscribe()
      expectObservable(source.lag$, '^ 3s !').toBe('x', { x: 3 })
    })
  })

  it('should ask only while somebody listens', () => {
    onKafka({ t: 1 }, (kafka, scheduler, { expectObservable }) => {
      let asked = 0
      kafka.calls$.subscribe(({ api, moment }) => {
        if (api === 'ListOffsets' && moment === 'before') asked += 1
      })
      const source = builderOf().build()
      source.records({ connect: kafka.connect, scheduler }).subscribe()
      const counts$ = timer(0, 2500, scheduler).pipe(map(() => asked))
      expectObservable(source.lag$, '2600ms ^ 1800ms !')
      expectObservable(counts$, '^ 5100ms !').toBe('a 2499ms b 2499ms c', { a: 0, b: 1, c: 3 })
    })
  })
})
