import { describe, expect, it } from '@jest/globals'
import { concat, EMPTY, map, NEVER, type Observable, observeOn, of, Subject, takeUntil, tap, throwError } from 'rxjs'
import type { TestScheduler } from 'rxjs/testing'
import { CheckpointCoordinator } from '../../lib/checkpoint/CheckpointCoordinator.js'
import { MemoryCheckpointStore } from '../../lib/checkpoint/store/MemoryCheckpointStore.js'
import { OffsetsInitializer } from '../../lib/source/offsets/OffsetsInitializer.js'
import { recordsOnly } from '../../lib/stream/recordsOnly.js'
import type { StreamElement } from '../../lib/stream/StreamElement.js'
import type { CheckpointedSource, CheckpointRequest, SourceAttempt } from '../../lib/checkpoint/SourceAttempt.js'
import { show, Upstream } from '../support/elements.js'
import { all, onKafka } from './support/onKafka.js'
import { builderOf, silent, valuesFor } from './support/sourceOf.js'

const coordinator = (scheduler: TestScheduler, store = new MemoryCheckpointStore(), interval = 10) =>
  CheckpointCoordinator.create({ interval, store, scheduler, logger: { warn: () => undefined } })

/** Shows every element, and acknowledges as an end of a pipeline does. */
const shown = (elements$: Observable<StreamElement<string>>): Observable<string> =>
  elements$.pipe(
    tap((element) => {
      if (element.kind === 'batchEnd' || element.kind === 'barrier') element.acknowledge()
    }),
    map(show),
  )

/** Asks at once, as the coordinator never would: from within `next()`. */
class AskedCoordinator {
  readonly states: unknown[] = []
  private source: CheckpointedSource | undefined
  private readonly requests: CheckpointRequest[] = []

  constructor(private readonly scheduler: TestScheduler) {}

  join(source: CheckpointedSource): Observable<SourceAttempt> {
    this.source = source
    return of({
      restored: new Upstream().restored(),
      active: true,
      ready: () => undefined,
      pending: () => this.requests[0],
      barrier: () => {
        throw new Error('not asked for')
      },
      barriers: (request: CheckpointRequest, state: unknown) => {
        this.requests.shift()
        this.states.push(state)
        return [new Upstream().barrier(request.checkpointId)]
      },
      heldSince: undefined,
      requestFinalCheckpoint: () => undefined,
      failed$: NEVER,
      leave: () => undefined,
    }).pipe(observeOn(this.scheduler))
  }

  ask(checkpointId: number): void {
    this.requests.push({ checkpointId })
    this.source?.wake()
  }
}

describe('KafkaSource with checkpoints', () => {
  it('should end a bounded source with the final watermark, the final barrier and completion', () => {
    onKafka({ t: 1 }, (kafka, scheduler, { expectObservable }) => {
      kafka.produce('t', valuesFor(0, 'a', 'b'))
      const source = builderOf().setBounded(OffsetsInitializer.latest()).build()
      const checkpoints = coordinator(scheduler, undefined, 0)
      const elements$ = shown(source.elements({ connect: kafka.connect, scheduler, checkpoints }))
      expectObservable(all(elements$)).toBe('(x|)', { x: ['R', 'a@0', 'b@1', 'end', 'WInfinity', 'B1 finished'] })
    })
  })

  it('should take the first checkpoint as soon as starting offsets are resolved', () => {
    onKafka({ t: 1 }, (kafka, scheduler, { expectObservable }) => {
      const checkpoints = coordinator(scheduler)
      const running = builderOf().build().elements({ connect: kafka.connect, scheduler, checkpoints }).pipe(shown)
      expectObservable(running, '^ 15ms !').toBe('(RB) 6ms C', { R: 'R', B: 'B1', C: 'B2' })
    })
  })

  it('should go on after a crash where the last checkpoint was', () => {
    onKafka({ t: 1 }, (kafka, scheduler, { expectObservable, cold }) => {
      const store = new MemoryCheckpointStore()
      const source = builderOf().build()
      const attempt = (): Observable<string> =>
        source
          .elements({ connect: kafka.connect, scheduler, checkpoints: coordinator(scheduler, store) })
          .pipe(recordsOnly())
      cold('a--b-----------c--d').subscribe((value) => kafka.produce('t', [{ value }]))
      expectObservable(attempt(), '^ 16ms !').toBe('a--b-----------c')
      // The checkpoint of 10 ms holds a and b.
      expectObservable(attempt(), '------------------------^ 5ms !').toBe('------------------------(cd)')
    })
  })

  it('should commit positions to the group when a checkpoint completes', () => {
    onKafka({ t: 2 }, (kafka, scheduler) => {
      kafka.produce('t', [...valuesFor(0, 'a', 'b'), ...valuesFor(1, 'c')])
      const checkpoints = coordinator(scheduler)
      const running = builderOf().build().records({ connect: kafka.connect, scheduler, checkpoints }).subscribe()
      scheduler.schedule(() => {
        expect(Object.fromEntries(kafka.committedOffsets('g'))).toEqual({ 't-0': 2, 't-1': 1 })
        running.unsubscribe()
      }, 15)
      scheduler.flush()
    })
  })

  it('should commit the end of a bounded source before it completes', () => {
    onKafka({ t: 1 }, (kafka, scheduler) => {
      kafka.produce('t', valuesFor(0, 'a', 'b'))
      const source = builderOf().setBounded(OffsetsInitializer.latest()).build()
      let committed: unknown
      source
        .records({ connect: kafka.connect, scheduler, checkpoints: coordinator(scheduler, undefined, 0) })
        .subscribe({
          complete: () => (committed = kafka.committedOffsets('g').get('t-0')),
        })
      scheduler.flush()
      expect(committed).toBe(2)
    })
  })

  it('should go on when offsets cannot be committed', () => {
    onKafka({ t: 1 }, (kafka, scheduler, { expectObservable }) => {
      kafka.produce('t', valuesFor(0, 'a'))
      const source = silent(builderOf().setBounded(OffsetsInitializer.latest()).build())
      const connect: typeof kafka.connect = (config) =>
        kafka.connect(config).pipe(
          tap((client) => {
            client.admin.commitOffsets = () => throwError(() => new Error('no coordinator'))
          }),
        )
      const checkpoints = coordinator(scheduler, undefined, 0)
      expectObservable(source.records({ connect, scheduler, checkpoints })).toBe('(a|)')
    })
  })

  it('should answer a request that is made within next() when that has returned, before the next record', () => {
    onKafka({ t: 1 }, (kafka, scheduler, { expectObservable }) => {
      kafka.produce('t', valuesFor(0, 'a', 'b'))
      const checkpoints = new AskedCoordinator(scheduler)
      const elements$ = builderOf()
        .build()
        .elements({ connect: kafka.connect, scheduler, checkpoints: checkpoints as never })
        .pipe(
          tap((element) => {
            if (element.kind === 'record' && element.value === 'a') checkpoints.ask(7)
          }),
        )
      expectObservable(shown(elements$), '^ 5ms !').toBe('(Rasbe)', { R: 'R', a: 'a@0', s: 'B7', b: 'b@1', e: 'end' })
      scheduler.flush()
      expect(checkpoints.states).toEqual([
        {
          version: 3,
          state: {
            ...{ subtaskIndex: 0, parallelism: 1, topics: { t: 1 } },
            splits: [{ topic: 't', partition: 0, offset: 1, topicId: 'AAAAAAAAAAAAAAAAAAAAAQ', leaderEpoch: 0 }],
            initialDiscoveryFinished: true,
          },
        },
      ])
    })
  })

  it('should stop with a savepoint, without a final watermark, and go on from it', () => {
    onKafka({ t: 1 }, (kafka, scheduler, { expectObservable }) => {
      kafka.produce('t', valuesFor(0, 'a'))
      const store = new MemoryCheckpointStore()
      const source = builderOf().build()
      const first = coordinator(scheduler, store)
      scheduler.schedule(() => {
        first.stopWithSavepoint({ drain: false })
        kafka.produce('t', valuesFor(0, 'b'))
      }, 5)
      const after = new Subject<void>()
      const elements$ = concat(
        all(shown(source.elements({ connect: kafka.connect, scheduler, checkpoints: first }))),
        of(['then']),
        all(
          shown(
            source.elements({ connect: kafka.connect, scheduler, checkpoints: coordinator(scheduler, store) }),
          ).pipe(takeUntil(after)),
        ),
      )
      scheduler.schedule(() => after.next(), 9)
      expectObservable(elements$).toBe('-----(xy)(z|)', {
        x: ['R', 'B1', 'a@0', 'end', 'B2 suspend'],
        y: ['then'],
        z: ['R', 'B17', 'b@0', 'end'],
      })
    })
  })

  it('should drain with the final watermark', () => {
    onKafka({ t: 1 }, (kafka, scheduler, { expectObservable }) => {
      const checkpoints = coordinator(scheduler)
      scheduler.schedule(() => checkpoints.stopWithSavepoint({ drain: true }), 5)
      const elements$ = shown(builderOf().build().elements({ connect: kafka.connect, scheduler, checkpoints }))
      expectObservable(all(elements$)).toBe('-----(x|)', { x: ['R', 'B1', 'WInfinity', 'B2 drain'] })
    })
  })

  it('should end in order when the pipeline asks for it', () => {
    onKafka({ t: 1 }, (kafka, scheduler, { expectObservable }) => {
      kafka.produce('t', valuesFor(0, 'a', 'b', 'c'))
      const checkpoints = coordinator(scheduler)
      const asked: { now: () => void } = { now: () => undefined }
      const elements$ = builderOf()
        .build()
        .elements({ connect: kafka.connect, scheduler, checkpoints })
        .pipe(
          tap((element) => {
            if (element.kind === 'restored') asked.now = () => element.requestEnd()
            if (element.kind === 'record' && element.value === 'b') asked.now()
          }),
        )
      expectObservable(all(shown(elements$))).toBe('(x|)', {
        x: ['R', 'B1', 'a@0', 'b@1', 'WInfinity', 'B2 finished'],
      })
    })
  })

  it('should give an error of the coordinator to the stream', () => {
    onKafka({ t: 1 }, (kafka, scheduler, { expectObservable }) => {
      const checkpoints = coordinator(scheduler, { begin: () => throwError(() => new Error('disk full')) } as never)
      const values$ = builderOf().build().records({ connect: kafka.connect, scheduler, checkpoints })
      expectObservable(values$.pipe(map(() => EMPTY))).toBe(
        '#',
        undefined,
        expect.objectContaining({ _tag: 'StoreFailed' }),
      )
    })
  })
})
