import { describe, expect, it } from '@jest/globals'
import { map, type Observable, takeUntil, tap, timer } from 'rxjs'
import type { TestScheduler } from 'rxjs/testing'
import { CheckpointCoordinator } from '../../lib/checkpoint/CheckpointCoordinator.js'
import { MemoryCheckpointStore } from '../../lib/checkpoint/store/MemoryCheckpointStore.js'
import type { ConnectKafka } from '../../lib/client/KafkaClient.js'
import { assignTimestampsAndWatermarks } from '../../lib/eventtime/assignTimestampsAndWatermarks.js'
import { combineWatermarks } from '../../lib/eventtime/combineWatermarks.js'
import { WatermarkStrategy } from '../../lib/eventtime/WatermarkStrategy.js'
import type { MemoryKafka } from '../../lib/memory/MemoryKafka.js'
import { MemoryMetricGroup } from '../../lib/metrics/MemoryMetricGroup.js'
import type { KafkaSource } from '../../lib/source/KafkaSource.js'
import { OffsetsInitializer } from '../../lib/source/offsets/OffsetsInitializer.js'
import type { StreamElement } from '../../lib/stream/StreamElement.js'
import { show } from '../support/elements.js'
import { onKafka } from './support/onKafka.js'
import { builderOf, silent, valuesFor } from './support/sourceOf.js'
import { writeTransaction } from './support/writeTransaction.js'

const monotonous = WatermarkStrategy.forMonotonousTimestamps<string>()

/** What is to be acknowledged is; of batches only where that is wanted. */
const acknowledging =
  (scheduler: TestScheduler, batches = true) =>
  (elements$: Observable<StreamElement<string>>) =>
    elements$.pipe(
      tap((element) => {
        if (element.kind === 'barrier') scheduler.schedule(() => element.acknowledge(), 5)
        if (element.kind === 'batchEnd' && batches) element.acknowledge()
      }),
    )

interface Place {
  readonly kafka: MemoryKafka
  readonly scheduler: TestScheduler
}

type Elements = (
  source: KafkaSource<string>,
  place: Place,
  checkpoints: CheckpointCoordinator,
) => Observable<StreamElement<string>>

const ways: readonly [string, Elements][] = [
  [
    'elements()',
    (source, { kafka, scheduler }, checkpoints) =>
      source.elements({ connect: kafka.connect, scheduler, checkpoints, watermarks: monotonous }),
  ],
  [
    'splits() and combineWatermarks()',
    (source, { kafka, scheduler }, checkpoints) =>
      source.splits({ connect: kafka.connect, scheduler, checkpoints }).pipe(
        map(({ id, elements }) => ({
          id,
          elements: elements.pipe(assignTimestampsAndWatermarks(monotonous, { scheduler })),
        })),
        combineWatermarks(),
      ),
  ],
]

describe.each(ways)('%s', (_, elementsOf) => {
  it.each([0, 1])(
    'should say no final watermark behind a suspension when partition %s has been read to its end',
    (empty) => {
      const out: string[] = []
      onKafka({ t: 2 }, (kafka, scheduler, { flush }) => {
        kafka.produce('t', valuesFor(1 - empty, ...Array.from({ length: 50 }, (__, n) => String(n))))
        const checkpoints = CheckpointCoordinator.create({ interval: 0, store: new MemoryCheckpointStore(), scheduler })
        scheduler.schedule(() => checkpoints.stopWithSavepoint({ drain: false }).subscribe(), 50)
        const source = silent(
          builderOf().setProperty('max.poll.records', 1).setBounded(OffsetsInitializer.latest()).build(),
        )
        elementsOf(source, { kafka, scheduler }, checkpoints)
          .pipe(acknowledging(scheduler, false), map(show))
          .subscribe({ next: (text) => out.push(text), complete: () => out.push('|') })
        flush()
      })
      expect(out.slice(-2)).toEqual(['B1 suspend', '|'])
      expect(out).not.toContain('WInfinity')
    },
  )
})

describe('the event time of elements()', () => {
  it('should be unknown to the metrics where none is assigned, and no NaN', () => {
    const metrics = new MemoryMetricGroup()
    onKafka({ t: 1 }, (kafka, scheduler, { flush }) => {
      kafka.produce('t', valuesFor(0, 'a', 'b'))
      silent(builderOf().setBounded(OffsetsInitializer.latest()).build())
        .elements({ connect: kafka.connect, scheduler, metrics })
        .pipe(acknowledging(scheduler))
        .subscribe()
      flush()
    })
    const lags = metrics.names().filter((name) => name.endsWith('EventTimeLag'))
    expect(lags).toHaveLength(2)
    for (const name of lags) expect(metrics.read(name)).not.toBeNaN()
  })

  it('should leave nothing open when who observes its holder throws', () => {
    let open = 0
    const errors: unknown[] = []
    onKafka({ t: 2 }, (kafka, scheduler, { flush }) => {
      kafka.produce('t', valuesFor(0, 'a', 'b'))
      const connect: ConnectKafka = (config) =>
        kafka.connect(config).pipe(
          tap((client) => {
            open++
            const close = client.close.bind(client)
            client.close = () => {
              open--
              return close()
            }
          }),
        )
      const watermarkHolder$ = {
        next: () => {
          throw new Error('of the user')
        },
      }
      silent(builderOf().build())
        .elements({ connect, scheduler, watermarks: monotonous, watermarkHolder$ })
        .pipe(acknowledging(scheduler), takeUntil(timer(5_000, scheduler)))
        .subscribe({ error: (error: unknown) => errors.push(error) })
      flush()
    })
    expect(errors).toHaveLength(1)
    expect(open).toBe(0)
  })

  it('should stay idle when an idle split comes to its end', () => {
    const out: string[] = []
    onKafka({ t: 2 }, (kafka, scheduler, { flush }) => {
      kafka.produce('t', valuesFor(0, 'a', 'b'))
      kafka.produce('t', valuesFor(1, 'c'))
      const stops = OffsetsInitializer.offsets({ 't-0': 100, 't-1': 3 })
      silent(builderOf().setProperty('isolation.level', 'read_committed').setBounded(stops).build())
        .elements({ connect: kafka.connect, scheduler, watermarks: monotonous.withIdleness(300) })
        .pipe(acknowledging(scheduler), map(show), takeUntil(timer(5_000, scheduler)))
        .subscribe((text) => out.push(text))
      // The split moves over the aborted record and the marker, to where it stops.
      scheduler.schedule(() => {
        writeTransaction(kafka, 'x', [{ topic: 't', partition: 1, value: Buffer.from('z') }], 'abort').subscribe()
      }, 2_050)
      flush()
    })
    expect(out.filter((text) => text === 'idle' || text === 'active')).toEqual(['idle'])
  })
})
