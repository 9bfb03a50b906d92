import { describe, expect, it } from '@jest/globals'
import { map, mergeMap, of, take, tap } from 'rxjs'
import { CheckpointCoordinator } from '../../lib/checkpoint/CheckpointCoordinator.js'
import { MemoryCheckpointStore } from '../../lib/checkpoint/store/MemoryCheckpointStore.js'
import { combineWatermarks } from '../../lib/eventtime/combineWatermarks.js'
import { OffsetsInitializer } from '../../lib/source/offsets/OffsetsInitializer.js'
import { recordsOnly } from '../../lib/stream/recordsOnly.js'
import type { StreamElement } from '../../lib/stream/StreamElement.js'
import { show } from '../support/elements.js'
import { all, onKafka } from './support/onKafka.js'
import { builderOf, valuesFor } from './support/sourceOf.js'

const acknowledged = tap<StreamElement<string>>((element) => {
  if (element.kind === 'batchEnd' || element.kind === 'barrier') element.acknowledge()
})

describe('KafkaSource.splits', () => {
  it('should emit each split once, with its own elements', () => {
    onKafka({ t: 2 }, (kafka, scheduler, { expectObservable }) => {
      kafka.produce('t', [...valuesFor(0, 'a'), ...valuesFor(1, 'x')])
      const source = builderOf().setBounded(OffsetsInitializer.latest()).build()
      const shown$ = source.splits({ connect: kafka.connect, scheduler }).pipe(
        mergeMap(({ id, elements }) =>
          elements.pipe(
            acknowledged,
            map((element) => `${id} ${show(element)}`),
          ),
        ),
      )
      expectObservable(all(shown$).pipe(map((shown) => [...shown].sort()))).toBe('(x|)', {
        x: ['t-0 R', 't-0 WInfinity', 't-0 a@0', 't-0 end', 't-1 R', 't-1 WInfinity', 't-1 end', 't-1 x@0'],
      })
    })
  })

  it('should be the same as elements() when it is combined', () => {
    onKafka({ t: 3 }, (kafka, scheduler, { expectObservable }) => {
      kafka.produce('t', [...valuesFor(0, 'a', 'b'), ...valuesFor(1, 'x'), ...valuesFor(2, 'k')])
      const source = builderOf().setBounded(OffsetsInitializer.latest()).build()
      const checkpoints = () =>
        CheckpointCoordinator.create({ interval: 0, store: new MemoryCheckpointStore(), scheduler })
      const options = () => ({ connect: kafka.connect, scheduler, checkpoints: checkpoints() })
      const shown = map(show)
      const expected = ['R', 'WInfinity', 'a@0', 'b@1', 'B1 finished', 'end', 'end', 'end', 'k@0', 'x@0'].sort()
      const sorted = map((words: string[]) => [words[0], ...words.slice(-2), [...words].sort()])
      const picture = { x: ['R', 'WInfinity', 'B1 finished', expected] }
      expectObservable(all(source.splits(options()).pipe(combineWatermarks(), acknowledged, shown)).pipe(sorted)).toBe(
        '(x|)',
        picture,
      )
      expectObservable(all(source.elements(options()).pipe(acknowledged, shown)).pipe(sorted)).toBe('(x|)', picture)
    })
  })

  it('should refuse a second subscription to the elements of a split', () => {
    onKafka({ t: 1 }, (kafka, scheduler, { expectObservable }) => {
      const source = builderOf().build()
      const both$ = source
        .splits({ connect: kafka.connect, scheduler })
        .pipe(mergeMap(({ elements }) => of(elements, elements).pipe(mergeMap((one) => one))))
      expectObservable(both$).toBe('#', undefined, expect.objectContaining({ _tag: 'SubscribedTwice' }))
    })
  })

  it('should fetch nothing of a split that nobody has subscribed to', () => {
    onKafka({ t: 1 }, (kafka, scheduler) => {
      kafka.produce('t', valuesFor(0, 'a'))
      const fetched: string[] = []
      kafka.calls$.subscribe(({ api }) => fetched.push(api))
      const running = builderOf().build().splits({ connect: kafka.connect, scheduler }).subscribe()
      scheduler.schedule(() => running.unsubscribe(), 10)
      scheduler.flush()
      expect(fetched).toContain('ListOffsets')
      expect(fetched).not.toContain('Fetch')
    })
  })

  it('should go on with a split when the stream of splits is not listened to any more', () => {
    onKafka({ t: 2 }, (kafka, scheduler, { expectObservable }) => {
      kafka.produce('t', [...valuesFor(0, 'a', 'b'), ...valuesFor(1, 'x')])
      const values$ = builderOf()
        .build()
        .splits({ connect: kafka.connect, scheduler })
        .pipe(
          take(1),
          mergeMap(({ elements }) => elements.pipe(recordsOnly())),
        )
      expectObservable(values$, '^ 9ms !').toBe('(ab)')
    })
  })

  it('should complete when the only split that is read has ended', () => {
    onKafka({ t: 2 }, (kafka, scheduler, { expectObservable }) => {
      kafka.produce('t', [...valuesFor(0, 'a', 'b'), ...valuesFor(1, 'x')])
      const values$ = builderOf()
        .setBounded(OffsetsInitializer.latest())
        .build()
        .splits({ connect: kafka.connect, scheduler })
        .pipe(
          take(1),
          mergeMap(({ elements }) => elements.pipe(recordsOnly())),
        )
      expectObservable(values$).toBe('(ab|)')
    })
  })

  it('should keep in its state what a split that was given up has not read', () => {
    onKafka({ t: 1 }, (kafka, scheduler, { expectObservable }) => {
      kafka.produce('t', valuesFor(0, 'a', 'b', 'c'))
      const store = new MemoryCheckpointStore()
      const source = builderOf().build()
      const options = () => {
        const checkpoints = CheckpointCoordinator.create({
          interval: 5,
          store,
          scheduler,
          logger: { warn: () => undefined },
        })
        return { connect: kafka.connect, scheduler, checkpoints }
      }
      const first$ = source.splits(options()).pipe(mergeMap(({ elements }) => elements.pipe(recordsOnly(), take(1))))
      expectObservable(first$, '^ 20ms !').toBe('a')
      expectObservable(source.records(options()), '---------------------------^ 20ms !').toBe(
        '---------------------------(bc)',
      )
    })
  })

  it('should give a split to the subtask that owns it', () => {
    onKafka({ t: 5 }, (kafka, scheduler, { expectObservable }) => {
      const source = builderOf().build()
      const ids = (subtaskIndex: number) =>
        source.splits({ connect: kafka.connect, scheduler, parallelism: 2, subtaskIndex }).pipe(map(({ id }) => id))
      // 't'.hashCode() * 31 is even, so subtask 0 is the first.
      expectObservable(ids(0), '^ 9ms !').toBe('(abc)', { a: 't-0', b: 't-2', c: 't-4' })
      expectObservable(ids(1), '^ 9ms !').toBe('(ab)', { a: 't-1', b: 't-3' })
    })
  })
})
