import { describe, it } from '@jest/globals'
import { filter, map, tap } from 'rxjs'
import { WatermarkStrategy } from '../../lib/eventtime/WatermarkStrategy.js'
import { show } from '../support/elements.js'
import { onKafka } from './support/onKafka.js'
import { builderOf } from './support/sourceOf.js'

describe('the watermarks of KafkaSource.elements', () => {
  it('should be the least of all splits, at each tick', () => {
    onKafka({ t: 2 }, (kafka, scheduler, { expectObservable }) => {
      kafka.produce('t', [
        { partition: 0, value: 'a', timestamp: 100 },
        { partition: 1, value: 'b', timestamp: 50 },
      ])
      scheduler.schedule(() => kafka.produce('t', [{ partition: 1, value: 'c', timestamp: 90 }]), 250)
      const elements$ = builderOf()
        .build()
        .elements({ connect: kafka.connect, scheduler, watermarks: WatermarkStrategy.forMonotonousTimestamps() })
        .pipe(
          tap((element) => {
            if (element.kind === 'batchEnd') element.acknowledge()
          }),
          filter(({ kind }) => kind !== 'batchEnd' && kind !== 'restored'),
          map(show),
        )
      expectObservable(elements$, '^ 450ms !').toBe('(ab) 196ms w 49ms c 149ms x', {
        a: 'a@100',
        b: 'b@50',
        w: 'W49',
        c: 'c@90',
        x: 'W89',
      })
    })
  })

  it('should not call a split idle that may not send, because nobody asks for more of it', () => {
    onKafka({ t: 1 }, (kafka, scheduler, { expectObservable }) => {
      kafka.produce('t', [{ value: 'a' }, { value: 'b' }, { value: 'c' }])
      const watermarks = WatermarkStrategy.forMonotonousTimestamps<string>().withIdleness(300)
      const statuses$ = builderOf()
        .setProperty('max.poll.records', 1)
        .build()
        .elements({ connect: kafka.connect, scheduler, watermarks })
        .pipe(filter(({ kind }) => kind === 'watermarkStatus'))
      // Its two batches are never acknowledged; the third record waits.
      expectObservable(statuses$, '^ 5s !').toBe('-')
    })
  })

  it('should go by timestamps that are taken from the values', () => {
    onKafka({ t: 1 }, (kafka, scheduler, { expectObservable }) => {
      kafka.produce('t', [{ value: '7', timestamp: 100 }])
      const watermarks = WatermarkStrategy.forBoundedOutOfOrderness<string>(2).withTimestampAssigner(Number)
      const elements$ = builderOf()
        .build()
        .elements({ connect: kafka.connect, scheduler, watermarks })
        .pipe(
          filter(({ kind }) => kind === 'record' || kind === 'watermark'),
          map(show),
        )
      expectObservable(elements$, '^ 250ms !').toBe('a 199ms w', { a: '7@7', w: 'W4' })
    })
  })

  it('should not be held back by a subtask without splits', () => {
    onKafka({ t: 1 }, (kafka, scheduler, { expectObservable }) => {
      const watermarks = WatermarkStrategy.forMonotonousTimestamps<string>()
      const elements$ = builderOf()
        .build()
        .elements({ connect: kafka.connect, scheduler, watermarks, parallelism: 2, subtaskIndex: 1 })
        .pipe(map(show))
      expectObservable(elements$, '^ 250ms !').toBe('(Ri)', { R: 'R', i: 'idle' })
    })
  })
})
