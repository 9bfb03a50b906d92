import { describe, expect, it } from '@jest/globals'
import { merge, timer } from 'rxjs'
import { EventTimeSessionWindows } from '../../lib/keyed/windows/EventTimeSessionWindows.js'
import { SlidingEventTimeWindows } from '../../lib/keyed/windows/SlidingEventTimeWindows.js'
import { TumblingEventTimeWindows } from '../../lib/keyed/windows/TumblingEventTimeWindows.js'
import type { MemoryKafka } from '../../lib/memory/MemoryKafka.js'
import { crashAndRestore } from '../../lib/testing/crashAndRestore.js'
import { crashEverywhere } from '../../lib/testing/crashEverywhere.js'
import { KafkaScene } from '../../lib/testing/KafkaScene.js'
import type { SceneHelpers } from '../../lib/testing/KafkaScene.js'
import { randomBySeed } from './randomBySeed.js'
import { sessionSpans } from './sessionSpans.js'
import { eventsOf, expectedWindows } from './windowsOfEvents.js'
import { windowsJob } from './windowsJob.js'

const SEEDS = Number(process.env['CHAOS_SEEDS'] ?? 60)
const EVENTS = 15
const PARTITIONS = 2

/** Spans of one size from every multiple of `slide`, as far as there are timestamps. */
const everyMultiple =
  (slide: number, size: number) =>
  (timestamps: readonly number[]): (readonly [number, number])[] =>
    Array.from({ length: 400 }, (_, n) => (n - 100) * slide)
      .filter((start) => timestamps.some((timestamp) => start <= timestamp && timestamp < start + size))
      .map((start) => [start, start + size] as const)

const kinds = {
  tumbling: [TumblingEventTimeWindows.of(10), everyMultiple(10, 10)],
  sliding: [SlidingEventTimeWindows.of(15, 10), everyMultiple(10, 15)],
  session: [EventTimeSessionWindows.withGap(12), sessionSpans(12)],
} as const

const written = (kafka: MemoryKafka): readonly string[] =>
  kafka
    .records('windows-out', 'read_committed')
    .map(({ value }) => String(value))
    .sort()

describe('windows in an exactly-once job on the in-memory Kafka', () => {
  const topics = { 'windows-in': PARTITIONS, 'windows-out': 1 }

  const eventsBySeed = (seed: number) => {
    const random = randomBySeed(seed)
    return Array.from({ length: PARTITIONS }, (_, partition) => eventsOf(partition, EVENTS, random)).flat()
  }

  /** In batches of three, so that crashes fall between them. */
  const produce = (kafka: MemoryKafka, seed: number): void => {
    const events = eventsBySeed(seed)
    for (let n = 0; n < events.length; n += 3) kafka.produce('windows-in', events.slice(n, n + 3))
  }

  describe.each(Object.entries(kinds))('%s', (_, [windows, spansOf]) => {
    it('should fire the same, each once, wherever the job dies', () => {
      const expected = [...expectedWindows(eventsBySeed(7), spansOf)].sort()
      const start = ({ kafka, coordinator, options }: SceneHelpers) => {
        produce(kafka, 7)
        return () => windowsJob(windows, coordinator({ interval: 3 }), options)
      }
      const outcome = (kafka: MemoryKafka): readonly string[] => {
        expect(written(kafka)).toEqual(expected)
        return expected
      }
      const points = crashEverywhere({ topics, latencyMs: 1, until: 20_000, outcome }, start)
      expect(points).toEqual(expect.arrayContaining(['after storing the checkpoint', 'before EndTxn', 'after Produce']))
    })

    it(`should fire the same, each once, when the job dies again and again (${SEEDS} seeds)`, () => {
      for (let seed = 1; seed <= SEEDS; seed++) {
        const random = randomBySeed(seed)
        const scene = new KafkaScene({ topics, latencyMs: 1, until: 20_000 })
        const ends: string[] = []
        scene.play(({ kafka, coordinator, options, scheduler }) => {
          produce(kafka, seed)
          const deaths = Array.from({ length: 1 + random(5) }, () => timer(1 + random(120), scheduler))
          const job = (): ReturnType<typeof windowsJob> =>
            windowsJob(windows, coordinator({ interval: 2 + random(20) }), options)
          scene.untilTheEnd(
            crashAndRestore(scene, job, merge(...deaths)).subscribe({
              error: (error: unknown) => ends.push(String(error)),
              complete: () => ends.push('completed'),
            }),
          )
        })
        expect({ seed, written: written(scene.kafka), end: ends[0] }).toEqual({
          seed,
          written: [...expectedWindows(eventsBySeed(seed), spansOf)].sort(),
          end: 'completed',
        })
      }
    })
  })
})
