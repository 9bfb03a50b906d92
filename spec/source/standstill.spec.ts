import { describe, expect, it } from '@jest/globals'
import { delay, NEVER, of, timer } from 'rxjs'
import type { TestScheduler } from 'rxjs/testing'
import { CheckpointCoordinator } from '../../lib/checkpoint/CheckpointCoordinator.js'
import { MemoryCheckpointStore } from '../../lib/checkpoint/store/MemoryCheckpointStore.js'
import type { Logger } from '../../lib/client/KafkaConfig.js'
import { combineWatermarks } from '../../lib/eventtime/combineWatermarks.js'
import { unionElements } from '../../lib/eventtime/unionElements.js'
import type { MemoryKafka } from '../../lib/memory/MemoryKafka.js'
import { MemoryMetricGroup } from '../../lib/metrics/MemoryMetricGroup.js'
import { mapAsync } from '../../lib/stream/mapAsync.js'
import { processBatches } from '../../lib/stream/processBatches.js'
import { recordsOnly } from '../../lib/stream/recordsOnly.js'
import { onKafka } from './support/onKafka.js'
import { builderOf, valuesFor } from './support/sourceOf.js'

/** A source in virtual time, until then, and its warnings with the times when they came. */
const play = (
  topics: Readonly<Record<string, number>>,
  untilMs: number,
  script: (kafka: MemoryKafka, scheduler: TestScheduler, logger: Logger) => void,
): readonly (readonly [number, string])[] => {
  const said: (readonly [number, string])[] = []
  onKafka(topics, (kafka, scheduler, { flush }) => {
    const silent = () => undefined
    const logger = {
      ...{ debug: silent, info: silent, error: silent },
      warn: (message: string) => void said.push([scheduler.now(), message]),
    }
    scheduler.maxFrames = untilMs
    script(kafka, scheduler, logger)
    flush()
  })
  return said
}

const many = (count: number) => valuesFor(0, ...Array.from({ length: count }, (_, n) => String(n)))

describe('a pipeline that acknowledges nothing', () => {
  it('should be told once, with the way out, when it has no end', () => {
    const seen: unknown[] = []
    const said = play({ t: 1 }, 3_600_000, (kafka, scheduler, logger) => {
      kafka.produce('t', many(2000))
      const source = builderOf().setLogger(logger).build()
      source.elements({ connect: kafka.connect, scheduler }).subscribe((element) => {
        if (element.kind === 'record') seen.push(element.value)
      })
    })
    expect(seen).toHaveLength(1000)
    expect(said).toEqual([
      [
        10_000,
        'The pipeline has acknowledged nothing for 10 s, so its source reads no further: 2 batches wait (t-0 offsets 0 to 999). The ' +
          'pipeline has no end that acknowledges: add sinkTo(sink) or recordsOnly(), or subscribe to records(). An end of your own ' +
          'calls acknowledge() of each batch end and barrier.',
      ],
    ])
  })

  it('should be told with the operator that waits, and since which record', () => {
    const said = play({ t: 1 }, 60_000, (kafka, scheduler, logger) => {
      kafka.produce('t', many(100))
      const source = builderOf().setLogger(logger).build()
      const enrich = (value: string) => (value === '41' ? NEVER : of(value))
      source.elements({ connect: kafka.connect, scheduler }).pipe(mapAsync(enrich), recordsOnly()).subscribe()
    })
    expect(said).toEqual([
      [
        10_000,
        'The pipeline has acknowledged nothing for 10 s, so its source reads no further: 1 batch waits (t-0 offsets 0 to 99). ' +
          'mapAsync(enrich) has 1 of at most 100 projections under way since the record at offset 41 of t-0, of event time 1970-01-01T00:00:00.041Z. Give ' +
          'project a time-out, if it may never settle.',
      ],
    ])
  })

  it('should be told with the span that does not complete', () => {
    const said = play({ t: 1 }, 60_000, (kafka, scheduler, logger) => {
      kafka.produce('t', many(3))
      const source = builderOf().setLogger(logger).build()
      source
        .elements({ connect: kafka.connect, scheduler })
        .pipe(
          processBatches(() => NEVER),
          recordsOnly(),
        )
        .subscribe()
    })
    expect(said.map(([, message]) => message)).toEqual([
      expect.stringMatching(
        /t-0 offsets 0 to 2\)\. processBatches processes a span of 3 records whose Observable has not completed\./,
      ),
    ])
  })

  it('should be told with an own operator that holds batch ends back', () => {
    const said = play({ t: 1 }, 60_000, (kafka, scheduler, logger) => {
      kafka.produce('t', many(3))
      const source = builderOf().setLogger(logger).build()
      source.elements({ connect: kafka.connect, scheduler }).pipe(delay(100_000, scheduler), recordsOnly()).subscribe()
    })
    // What waits is not even Restored.
    expect(said.map(([, message]) => message)).toEqual([expect.stringContaining('no end that acknowledges')])
  })

  it('should be told as over when it goes on, and be given more time from then on', () => {
    const said = play({ t: 1 }, 300_000, (kafka, scheduler, logger) => {
      const source = builderOf().setLogger(logger).setProperty('max.poll.records', 1).build()
      // Slow, but not stuck: 15 s for each of three records, then 40 s for one.
      kafka.produce('t', valuesFor(0, 'a', 'b', 'c'))
      timer(100_000, scheduler).subscribe(() => kafka.produce('t', valuesFor(0, 'd')))
      source
        .elements({ connect: kafka.connect, scheduler })
        .pipe(
          mapAsync((value) => of(value).pipe(delay(value === 'd' ? 40_000 : 15_000, scheduler)), { concurrency: 1 }),
          recordsOnly(),
        )
        .subscribe()
    })
    expect(said.map(([at, message]) => [at, message.slice(0, 43)])).toEqual([
      [10_000, 'The pipeline has acknowledged nothing for 1'],
      [expect.any(Number), 'The pipeline acknowledges batches again, an'],
      [130_000, 'The pipeline has acknowledged nothing for 3'],
      [expect.any(Number), 'The pipeline acknowledges batches again, an'],
    ])
  })

  it('should not be told of one that moves, however much there is', () => {
    const said = play({ t: 2 }, 120_000, (kafka, scheduler, logger) => {
      kafka.produce('t', many(5000))
      const source = builderOf().setLogger(logger).build()
      timer(0, 7000, scheduler).subscribe(() => kafka.produce('t', valuesFor(1, 'x')))
      source
        .elements({ connect: kafka.connect, scheduler })
        .pipe(
          mapAsync((value) => of(value).pipe(delay(1500, scheduler))),
          recordsOnly(),
        )
        .subscribe()
    })
    expect(said).toEqual([])
  })

  it.each([
    ['split by split', true],
    ['behind a union', false],
  ])('should be told with the operator that waits %s', (_, bySplit) => {
    const said = play({ t: 2 }, 60_000, (kafka, scheduler, logger) => {
      kafka.produce('t', many(3))
      const source = () => builderOf().setLogger(logger).build()
      const options = { connect: kafka.connect, scheduler }
      const merged$ = bySplit
        ? source().splits(options).pipe(combineWatermarks({ scheduler }))
        : unionElements(source().elements(options), source().elements(options))
      merged$
        .pipe(
          mapAsync(() => NEVER),
          recordsOnly(),
        )
        .subscribe()
    })
    const lines = said.map(([, message]) => message)
    expect(lines).toEqual(
      Array.from({ length: bySplit ? 1 : 2 }, () =>
        expect.stringMatching(
          /t-0 offsets 0 to 2\)\. mapAsync has \d of at most 100 projections under way[^.]*\d\d\.\d{3}Z\. Give/,
        ),
      ),
    )
  })

  it('should be told by the checkpoint that it holds up', () => {
    const errors: string[] = []
    play({ t: 1 }, 60_000, (kafka, scheduler, logger) => {
      kafka.produce('t', many(3))
      const checkpoints = CheckpointCoordinator.create({
        ...{ interval: 1000, timeout: 5000, store: new MemoryCheckpointStore(), scheduler, logger },
      })
      const stuck = () => NEVER
      builderOf()
        .setLogger(logger)
        .build()
        .elements({ connect: kafka.connect, scheduler, checkpoints })
        .pipe(mapAsync(stuck), recordsOnly())
        .subscribe({ error: (error: Error) => errors.push(error.message) })
    })
    expect(errors).toEqual([
      expect.stringMatching(
        /^Checkpoint \d took longer than 5000 ms: .*mapAsync\(stuck\) has 3 of at most 100 projections/,
      ),
    ])
  })

  it('should be a gauge too', () => {
    const metrics = new MemoryMetricGroup()
    const read: unknown[] = []
    play({ t: 2 }, 20_000, (kafka, scheduler, logger) => {
      timer(1000, scheduler).subscribe(() => kafka.produce('t', many(30)))
      builderOf()
        .setLogger(logger)
        .build()
        .elements({ connect: kafka.connect, scheduler, metrics })
        .pipe(
          mapAsync((value) => of(value).pipe(delay(5000, scheduler)), { concurrency: 20 }),
          recordsOnly(),
        )
        .subscribe()
      for (const at of [500, 3000, 7000, 12_000])
        scheduler.schedule(
          () =>
            read.push([
              at,
              metrics.read('operator.source.unacknowledgedRecords'),
              metrics.read('operator.source.unacknowledgedTime'),
            ]),
          at,
        )
    })
    expect(read).toEqual([
      [500, 0, 0],
      [3000, 30, 2000],
      [7000, 30, 6000],
      [12_000, 0, 0],
    ])
  })
})
