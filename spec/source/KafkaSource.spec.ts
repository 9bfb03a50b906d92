import { describe, expect, it } from '@jest/globals'
import { map, take } from 'rxjs'
import { SimpleStringSchema } from '../../lib/client/schema/SimpleStringSchema.js'
import { OffsetsInitializer } from '../../lib/source/offsets/OffsetsInitializer.js'
import { KafkaSource } from '../../lib/source/KafkaSource.js'
import { recordsOnly } from '../../lib/stream/recordsOnly.js'
import { show } from '../support/elements.js'
import { all, onKafka } from './support/onKafka.js'
import { builderOf, valuesFor } from './support/sourceOf.js'

describe('KafkaSource', () => {
  it('should emit the values of a bounded source and complete', () => {
    onKafka({ t: 1 }, (kafka, scheduler, { expectObservable }) => {
      kafka.produce('t', valuesFor(0, 'a', 'b', 'c'))
      const source = builderOf().setBounded(OffsetsInitializer.latest()).build()
      expectObservable(source.records({ connect: kafka.connect, scheduler })).toBe('(abc|)')
    })
  })

  it('should emit Restored first, end a batch after its records, and send the final watermark before completion', () => {
    onKafka({ t: 1 }, (kafka, scheduler, { expectObservable }) => {
      kafka.produce('t', valuesFor(0, 'a', 'b', 'c'))
      const source = builderOf().setProperty('max.poll.records', 2).setBounded(OffsetsInitializer.latest()).build()
      const shown$ = all(source.elements({ connect: kafka.connect, scheduler }).pipe(map(show)))
      expectObservable(shown$).toBe('(x|)', { x: ['R', 'a@0', 'b@1', 'end', 'c@2', 'end', 'WInfinity'] })
    })
  })

  it('should have a client id of its own without a group, in all its attempts and subtasks', () => {
    onKafka({ t: 2 }, (kafka, scheduler) => {
      const bounded = () =>
        KafkaSource.builder()
          .setBootstrapServers('b:9092')
          .setTopics('t')
          .setBounded(OffsetsInitializer.latest())
          .setValueOnlyDeserializer(new SimpleStringSchema())
          .build()
      const [source, other] = [bounded(), bounded()]
      const seen: string[] = []
      kafka.calls$.subscribe(({ api, moment, clientId }) => {
        if (api === 'Metadata' && moment === 'before') seen.push(clientId)
      })
      for (const [read, subtaskIndex] of [
        [source, 0],
        [source, 0],
        [source, 1],
        [other, 0],
      ] as const)
        read.records({ connect: kafka.connect, scheduler, parallelism: 2, subtaskIndex }).subscribe()
      scheduler.flush()
      const id = /^(KafkaSource--?\d+)-0$/.exec(seen[0]!)![1]!
      expect(seen.slice(0, 3)).toEqual([`${id}-0`, `${id}-0`, `${id}-1`])
      expect(seen[3]).not.toContain(id)
    })
  })

  it('should complete though nothing is in the topic', () => {
    onKafka({ t: 3 }, (kafka, scheduler, { expectObservable }) => {
      const source = builderOf().setBounded(OffsetsInitializer.latest()).build()
      const shown$ = all(source.elements({ connect: kafka.connect, scheduler }).pipe(map(show)))
      expectObservable(shown$).toBe('(x|)', { x: ['R', 'WInfinity'] })
    })
  })

  it('should never end when it is unbounded, and emit what comes', () => {
    onKafka({ t: 1 }, (kafka, scheduler, { expectObservable, cold }) => {
      const source = builderOf().build()
      cold('---a--b', { a: 'a', b: 'b' }).subscribe((value) => kafka.produce('t', [{ value }]))
      expectObservable(source.records({ connect: kafka.connect, scheduler }), '^ 100ms !').toBe('---a--b')
    })
  })

  it('should stop in the middle of a batch when it is unsubscribed', () => {
    onKafka({ t: 1 }, (kafka, scheduler, { expectObservable }) => {
      kafka.produce('t', valuesFor(0, 'a', 'b', 'c'))
      expectObservable(builderOf().build().records({ connect: kafka.connect, scheduler }).pipe(take(2))).toBe('(ab|)')
    })
  })

  it('should not emit while it is being subscribed to', () => {
    onKafka({ t: 1 }, (kafka, scheduler) => {
      kafka.produce('t', valuesFor(0, 'a'))
      const emitted: string[] = []
      const running = builderOf()
        .build()
        .elements({ connect: kafka.connect, scheduler })
        .subscribe((element) => emitted.push(show(element)))
      expect(emitted).toEqual([])
      scheduler.schedule(() => running.unsubscribe(), 10)
    })
  })

  it('should send at most two unacknowledged batches of a split', () => {
    onKafka({ t: 1 }, (kafka, scheduler, { expectObservable, flush }) => {
      kafka.produce('t', valuesFor(0, 'a', 'b', 'c', 'd', 'e', 'f'))
      const source = builderOf().setProperty('max.poll.records', 2).build()
      const shown$ = source.elements({ connect: kafka.connect, scheduler }).pipe(map(show))
      const seen: string[] = []
      const running = shown$.subscribe((element) => seen.push(element))
      scheduler.schedule(() => running.unsubscribe(), 9)
      expectObservable(recordsOnly<string>()(source.elements({ connect: kafka.connect, scheduler })), '^ 9ms !').toBe(
        '(abcdef)',
      )
      flush()
      expect(seen).toEqual(['R', 'a@0', 'b@1', 'end', 'c@2', 'd@3', 'end'])
    })
  })
})
