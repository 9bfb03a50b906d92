import { describe, expect, it } from '@jest/globals'
import * as t from 'io-ts'
import { type Observable, take, tap, timer } from 'rxjs'
import type { Logger } from '../../lib/client/KafkaConfig.js'
import { unionElements } from '../../lib/eventtime/unionElements.js'
import { WatermarkStrategy } from '../../lib/eventtime/WatermarkStrategy.js'
import { TumblingEventTimeWindows } from '../../lib/keyed/windows/TumblingEventTimeWindows.js'
import { windowByEventTime } from '../../lib/keyed/windows/windowByEventTime.js'
import type { KafkaSource } from '../../lib/source/KafkaSource.js'
import { OffsetsInitializer } from '../../lib/source/offsets/OffsetsInitializer.js'
import { recordsOnly } from '../../lib/stream/recordsOnly.js'
import type { StreamElement } from '../../lib/stream/StreamElement.js'
import { type MarbleHelpers, runMarbles } from '../../lib/testing/runMarbles.js'
import { type EventTimeForm, eventTimeForms } from './support/eventTimeForms.js'
import { builderOf } from './support/sourceOf.js'

const ascending = WatermarkStrategy.forMonotonousTimestamps<string>()

interface Scene extends MarbleHelpers {
  readonly logger: Logger
  /** A record each second, with its time, to a partition; as many as said. */
  readonly flow: (topic: string, partition: number, records?: number) => void
  readonly source: (topic: string) => KafkaSource<string>
  readonly read: (form: EventTimeForm, topic: string, watermarks: WatermarkStrategy<string>) => Stream
}

type Stream = Observable<StreamElement<string>>

/** Two minutes of virtual time, and what is said in it: the second, and the warning. */
const warnings = (topics: Readonly<Record<string, number>>, pipeline: (scene: Scene) => Observable<unknown>) => {
  const said: (readonly [number, string])[] = []
  runMarbles({ topics, until: 120_000 }, (helpers) => {
    const { kafka, scheduler, options, run } = helpers
    const silent = () => undefined
    const warn = (message: string) => void said.push([scheduler.now() / 1000, message])
    const logger = { debug: silent, info: silent, error: silent, warn }
    const source = (topic: string) => builderOf(topic).setLogger(logger).build()
    const flow = (topic: string, partition: number, records = Infinity): void => {
      const write = (n: number) => kafka.produce(topic, [{ partition, value: topic, timestamp: 1000 * n }])
      run(timer(0, 1_000, scheduler).pipe(take(records), tap(write)))
    }
    const read: Scene['read'] = (form, topic, watermarks) => form(source(topic), { ...options, watermarks })
    run(pipeline({ ...helpers, logger, flow, source, read }))
  })
  return said
}

const tumbling = windowByEventTime({
  uid: 'counts',
  keyBy: (value: string) => value,
  windows: TumblingEventTimeWindows.of(5_000),
  seed: () => 0,
  accumulate: (count) => count + 1,
  state: t.number,
})

describe.each(eventTimeForms)('event time that stands still, by %s', (name, form) => {
  const [place, others] = name === 'elements()' ? ['the source', 19] : ['combineWatermarks', 19]

  it('should be told once, within 20 s, with the partitions that it waits for and the way out', () => {
    const said = warnings({ t: 3 }, ({ flow, read }) => {
      flow('t', 0)
      return read(form, 't', ascending).pipe(recordsOnly())
    })
    expect(said).toEqual([
      [
        20,
        `The watermark of ${place} waits for t-1, t-2, which have had none for 10 s, while others have come to ` +
          `${new Date(1000 * others - 1).toISOString()}. Windows and unions behind it wait too. If there may be no records for so ` +
          'long, set withIdleness(ms) of the WatermarkStrategy.',
      ],
    ])
  })

  it('should be told of a partition that has gone silent, with how far it has come', () => {
    const said = warnings({ t: 2 }, ({ flow, read }) => {
      flow('t', 0)
      flow('t', 1, 60)
      return read(form, 't', ascending).pipe(recordsOnly())
    })
    expect(said).toHaveLength(1)
    expect(said[0]![0]).toBeLessThanOrEqual(60 + 20)
    expect(said[0]![1]).toContain(`waits for t-1, which has stood at ${new Date(58_999).toISOString()} for`)
  })

  it('should be told of a union by the name of its input, once, whoever sees it', () => {
    const said = warnings({ flights: 1, weather: 1 }, ({ flow, read }) => {
      flow('flights', 0)
      const flights = read(form, 'flights', ascending)
      const weather = read(form, 'weather', ascending)
      return unionElements({ flights, weather }).pipe(tumbling, recordsOnly())
    })
    expect(said).toHaveLength(1)
    expect(said[0]![1]).toContain('The watermark of unionElements waits for weather, which has had none for')
  })

  it.each<[string, (scene: Scene) => Stream]>([
    ['records flow nowhere', ({ read }) => read(form, 't', ascending)],
    [
      'they flow everywhere',
      ({ flow, read }) => {
        for (const partition of [0, 1]) flow('t', partition)
        return read(form, 't', ascending)
      },
    ],
    [
      'a timeout ends the wait',
      ({ flow, read }) => {
        flow('t', 0)
        return read(form, 't', ascending.withIdleness(5_000))
      },
    ],
    [
      'there are to be no watermarks',
      ({ flow, read }) => {
        flow('t', 0)
        return read(form, 't', WatermarkStrategy.noWatermarks())
      },
    ],
  ])('should not be told when %s', (_, stream) => {
    expect(warnings({ t: 2 }, (scene) => stream(scene).pipe(recordsOnly()))).toEqual([])
  })
})

describe('windows without a watermark', () => {
  it('should be told once, with the ways to make some', () => {
    const said = warnings({ t: 1 }, ({ flow, source, options }) => {
      flow('t', 0)
      return source('t').elements(options).pipe(tumbling, recordsOnly())
    })
    expect(said).toEqual([
      [
        20,
        "windowByEventTime 'counts' has opened 4 windows in 10 s and has had no watermark, without which none fires. Give " +
          'source.elements({ watermarks }) a WatermarkStrategy, or put assignTimestampsAndWatermarks before it.',
      ],
    ])
  })

  it('should not be told of a bounded source, whose final watermark fires all', () => {
    const said = warnings({ t: 1 }, ({ kafka, logger, options }) => {
      kafka.produce(
        't',
        Array.from({ length: 60 }, (_, n) => ({ value: 'a', timestamp: 1000 * n })),
      )
      const bounded = builderOf()
        .setLogger(logger)
        .setProperty('max.poll.records', 1)
        .setBounded(OffsetsInitializer.latest())
        .build()
      const slowly = tap((element: StreamElement<unknown>) => {
        if (element.kind === 'batchEnd') timer(1_000).subscribe(() => element.acknowledge())
      })
      return bounded.elements(options).pipe(tumbling, slowly)
    })
    expect(said).toEqual([])
  })
})

describe('a source that is paused by its alignment group', () => {
  it('should be told once, with where the slowest of the group stands', () => {
    const said = warnings({ fast: 1, slow: 1 }, ({ kafka, read, options, source }) => {
      kafka.produce('slow', [{ value: 'slow', timestamp: 1_000 }])
      for (let n = 0; n < 100; n++) kafka.produce('fast', [{ value: 'fast', timestamp: 10_000 * n }])
      const [, elements] = eventTimeForms[0]!
      const fast = read(elements, 'fast', ascending.withWatermarkAlignment('told', 60_000))
      const slow = source('slow').elements({ ...options, watermarks: ascending.withWatermarkAlignment('told', 60_000) })
      return unionElements({ fast, slow }).pipe(recordsOnly())
    })
    expect(said.map(([, message]) => message)).toContainEqual(
      expect.stringContaining(
        "The source is paused by alignment group 'told': all its partitions are further ahead than the maximum drift of the slowest " +
          'source of the group, which has stood at 1970-01-01T00:00:00.999Z for',
      ),
    )
  })
})
