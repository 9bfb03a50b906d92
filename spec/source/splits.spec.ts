import { describe, expect, it } from '@jest/globals'
import { delay, map, merge, mergeMap, type Observable, of, Subject, switchMap, take, takeUntil, tap } from 'rxjs'
import type { TestScheduler } from 'rxjs/testing'
import { CheckpointCoordinator } from '../../lib/checkpoint/CheckpointCoordinator.js'
import { MemoryCheckpointStore } from '../../lib/checkpoint/store/MemoryCheckpointStore.js'
import { combineWatermarks } from '../../lib/eventtime/combineWatermarks.js'
import { unionElements } from '../../lib/eventtime/unionElements.js'
import type { KafkaSource } from '../../lib/source/KafkaSource.js'
import type { KafkaSplitsOptions } from '../../lib/source/KafkaSourceOptions.js'
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

/** Subtask 0 owns the only partition of `t`. */
const withoutSplit = { parallelism: 2, subtaskIndex: 1 }

describe('KafkaSource.splits in a subtask without a split', () => {
  type Form = (source: KafkaSource<string>, options: KafkaSplitsOptions) => Observable<StreamElement<string>>

  const elements: Form = (source, options) => source.elements(options)
  const forms: readonly (readonly [string, Form])[] = [
    ['combineWatermarks()', (source, options) => source.splits(options).pipe(combineWatermarks())],
    [
      'operators between',
      (source, options) =>
        of(0).pipe(
          switchMap(() => source.splits(options)),
          map(({ id, elements }) => ({ id, elements: elements.pipe(tap()) })),
          combineWatermarks(),
        ),
    ],
  ]
  const every = (interval: number, scheduler: TestScheduler, store = new MemoryCheckpointStore()) =>
    CheckpointCoordinator.create({ interval, store, scheduler, logger: { warn: () => undefined } })

  const sources: readonly (readonly [string, KafkaSource<string>])[] = [
    ['a bounded source', builderOf().setBounded(OffsetsInitializer.latest()).build()],
    ['an unbounded source', builderOf().build()],
    ['a source that stops', builderOf().setUnbounded(OffsetsInitializer.latest()).build()],
    ['a source that discovers', builderOf().setProperty('partition.discovery.interval.ms', 9).build()],
  ]
  const cases = forms.flatMap(([name, form]) => sources.map(([what, source]) => ({ name, form, what, source })))

  it.each(cases)('should say with $name what elements() say, of $what', ({ form, source }) => {
    for (const interval of [undefined, 0, 7]) {
      const words = (way: Form): string[] => {
        const seen: string[] = []
        onKafka({ t: 1 }, (kafka, scheduler, { flush }) => {
          kafka.produce('t', valuesFor(0, 'a'))
          const checkpoints = interval === undefined ? {} : { checkpoints: every(interval, scheduler) }
          const running = way(source, { connect: kafka.connect, scheduler, ...withoutSplit, ...checkpoints })
            .pipe(acknowledged, map(show))
            .subscribe({
              next: (word) => seen.push(`${scheduler.now()} ${word}`),
              complete: () => seen.push(`${scheduler.now()} done`),
            })
          scheduler.schedule(() => running.unsubscribe(), 40)
          flush()
        })
        return seen
      }
      const expected = words(elements)
      expect(expected.slice(0, 2)).toEqual(['0 R', '0 idle'])
      expect(words(form)).toEqual(expected)
    }
  })

  it('should hold back no checkpoint of another source beside it', () => {
    onKafka({ t: 1, u: 2 }, (kafka, scheduler, { expectObservable }) => {
      const checkpoints = every(5, scheduler)
      const options = { connect: kafka.connect, scheduler, checkpoints, ...withoutSplit }
      const of = (topic: string) =>
        builderOf(topic)
          .build()
          .splits({ ...options, uid: topic })
          .pipe(combineWatermarks())
      const shown$ = unionElements(of('t'), of('u')).pipe(acknowledged, map(show))
      expectObservable(shown$, '^ 11ms !').toBe('(RB) - C 4ms D', { R: 'R', B: 'B1', C: 'B2', D: 'B3' })
    })
  })

  it('should tell both of two sources whose splits are merged', () => {
    onKafka({ t: 1, v: 1 }, (kafka, scheduler, { expectObservable }) => {
      const options = { connect: kafka.connect, scheduler, ...withoutSplit }
      const splits = (topic: string) => builderOf(topic).setBounded(OffsetsInitializer.latest()).build().splits(options)
      const shown$ = merge(splits('t'), splits('v')).pipe(combineWatermarks(), acknowledged, map(show))
      expectObservable(all(shown$)).toBe('(x|)', { x: ['R', 'idle', 'active', 'WInfinity'] })
    })
  })
})

describe('KafkaSource.splits, subscribed to late or left', () => {
  it('should refuse a split that is subscribed to when the attempt has ended', () => {
    onKafka({ t: 1 }, (kafka, scheduler, { expectObservable }) => {
      const values$ = builderOf()
        .build()
        .splits({ connect: kafka.connect, scheduler })
        .pipe(
          take(1),
          delay(3, scheduler),
          mergeMap(({ elements }) => elements.pipe(recordsOnly())),
        )
      expectObservable(values$).toBe('---#', undefined, expect.objectContaining({ _tag: 'SubscribedTooLate' }))
    })
  })

  it('should read a split that is subscribed to late while another one is read', () => {
    onKafka({ t: 2 }, (kafka, scheduler, { expectObservable }) => {
      kafka.produce('t', [...valuesFor(0, 'a'), ...valuesFor(1, 'x')])
      const values$ = builderOf()
        .build()
        .splits({ connect: kafka.connect, scheduler })
        .pipe(
          take(2),
          mergeMap(({ id, elements }) => (id === 't-0' ? of(elements) : of(elements).pipe(delay(3, scheduler)))),
          mergeMap((elements) => elements.pipe(recordsOnly())),
        )
      expectObservable(values$, '^ 9ms !').toBe('a--x')
    })
  })

  it('should refuse a split that nothing has read when the source has ended without it', () => {
    onKafka({ t: 2 }, (kafka, scheduler, { expectObservable }) => {
      kafka.produce('t', [...valuesFor(0, 'a'), ...valuesFor(1, 'x')])
      const values$ = builderOf()
        .setBounded(OffsetsInitializer.latest())
        .build()
        .splits({ connect: kafka.connect, scheduler })
        .pipe(
          take(2),
          mergeMap(({ id, elements }) => (id === 't-0' ? of(elements) : of(elements).pipe(delay(3, scheduler)))),
          mergeMap((elements) => elements.pipe(recordsOnly())),
        )
      expectObservable(values$).toBe('a--#', undefined, expect.objectContaining({ _tag: 'SubscribedTooLate' }))
    })
  })

  it('should end a split without records that is subscribed to when the source has ended', () => {
    onKafka({ t: 2 }, (kafka, scheduler, { expectObservable }) => {
      kafka.produce('t', valuesFor(0, 'a'))
      const values$ = builderOf()
        .setBounded(OffsetsInitializer.latest())
        .build()
        .splits({ connect: kafka.connect, scheduler })
        .pipe(
          mergeMap(({ id, elements }) => (id === 't-0' ? of(elements) : of(elements).pipe(delay(3, scheduler)))),
          mergeMap((elements) => elements.pipe(recordsOnly())),
        )
      expectObservable(values$).toBe('a--|')
    })
  })

  it('should complete a checkpoint in the midst of whose barriers a split is left', () => {
    onKafka({ t: 2 }, (kafka, scheduler) => {
      const store = new MemoryCheckpointStore()
      const checkpoints = CheckpointCoordinator.create({ interval: 10, timeout: 1_000, store, scheduler })
      const completed: string[] = []
      checkpoints.completed$.subscribe(({ checkpointId }) => completed.push(`${scheduler.now()} B${checkpointId}`))
      /** The first has the barrier, the second has not yet. */
      const between = new Subject<void>()
      const running = builderOf()
        .build()
        .splits({ connect: kafka.connect, scheduler, checkpoints })
        .pipe(
          mergeMap(({ id, elements }) =>
            id === 't-0'
              ? elements.pipe(tap((element) => (element.kind === 'barrier' ? between.next() : undefined)))
              : elements.pipe(takeUntil(between)),
          ),
          acknowledged,
        )
        .subscribe()
      scheduler.schedule(() => running.unsubscribe(), 25)
      scheduler.flush()
      expect(completed).toEqual(['0 B1', '10 B2', '20 B3'])
    })
  })
})
