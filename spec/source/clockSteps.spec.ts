import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import { NEVER, type Observable } from 'rxjs'
import type { Logger } from '../../lib/client/KafkaConfig.js'
import type { WatermarkHolder } from '../../lib/eventtime/WatermarkHolder.js'
import { WatermarkStrategy } from '../../lib/eventtime/WatermarkStrategy.js'
import { MemoryKafka } from '../../lib/memory/MemoryKafka.js'
import { MemoryMetricGroup } from '../../lib/metrics/MemoryMetricGroup.js'
import { mapAsync } from '../../lib/stream/mapAsync.js'
import { recordsOnly } from '../../lib/stream/recordsOnly.js'
import { clientOf } from '../golden/replay/onMemory.js'
import { Transactions } from '../golden/replay/Transactions.js'
import { builderOf, valuesFor } from './support/sourceOf.js'

const HOUR = 3_600_000

/** Real schedulers on a machine whose wall clock is set while its monotonic clock runs on. */
describe.each([
  ['back', -HOUR],
  ['forth', HOUR],
])('while the wall clock is set %s by an hour', (_, step) => {
  let kafka: MemoryKafka
  let said: (readonly [number, string])[]
  let logger: Logger
  let begun: number

  beforeEach(() => {
    jest.useFakeTimers()
    kafka = new MemoryKafka({ topics: { t: 2 } })
    said = []
    begun = performance.now()
    const silent = () => undefined
    const warn = (message: string) => void said.push([Math.round((performance.now() - begun) / 1000), message])
    logger = { debug: silent, info: silent, error: silent, warn }
  })
  afterEach(() => {
    jest.useRealTimers()
  })

  const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms)
  const stepClock = (): void => {
    jest.setSystemTime(Date.now() + step)
  }

  const running = async (pipeline$: Observable<unknown>, script: () => Promise<void>): Promise<void> => {
    const subscription = pipeline$.subscribe()
    try {
      await script()
    } finally {
      subscription.unsubscribe()
    }
  }

  it('should be told on time that nothing is acknowledged, and how long it was', async () => {
    const metrics = new MemoryMetricGroup()
    kafka.produce('t', valuesFor(0, 'a'))
    const source = builderOf().setLogger(logger).build()
    const elements$ = source.elements({ connect: kafka.connect, metrics }).pipe(
      mapAsync(() => NEVER),
      recordsOnly(),
    )
    await running(elements$, async () => {
      await pass(5_000)
      stepClock()
      await pass(4_000)
      expect(said).toEqual([])
      expect(Number(metrics.read('operator.source.unacknowledgedTime'))).toBeCloseTo(9_000, -3)
      await pass(3_000)
      expect(said).toEqual([[10, expect.stringMatching(/^The pipeline has acknowledged nothing for 10 s/)]])
    })
  })

  it('should be told on time that records lie behind an open transaction', async () => {
    new Transactions(clientOf(kafka))
      .write('payments-0-7', [{ topic: 't', partition: 0, value: 'a' }], 'open')
      .subscribe()
    const source = builderOf().setLogger(logger).setProperty('isolation.level', 'read_committed').build()
    await running(source.records({ connect: kafka.connect }), async () => {
      await pass(15_000)
      stepClock()
      await pass(14_000)
      expect(said).toEqual([])
      await pass(3_000)
      expect(said).toEqual([[30, expect.stringMatching(/^Records lie behind an open transaction for 30 s/)]])
    })
  })

  it('should be told on time which partition event time waits for, since when, and for how long', async () => {
    const metrics = new MemoryMetricGroup()
    const holders: (WatermarkHolder | undefined)[] = []
    const source = builderOf().setLogger(logger).build()
    const watermarks = WatermarkStrategy.forMonotonousTimestamps<string>()
    const watermarkHolder$ = { next: (holder: WatermarkHolder | undefined) => void holders.push(holder) }
    const records$ = source.records({ connect: kafka.connect, metrics, watermarks, watermarkHolder$ })
    await running(records$, async () => {
      const startedAt = Date.now()
      for (let second = 0; second < 22; second++) {
        if (second === 5) stepClock()
        kafka.produce('t', [{ partition: 0, value: 'a', timestamp: 1_000 * second }])
        await pass(1_000)
        // Looked at each ten seconds, so it is known after 10 to 20.
        if (second < 9) expect(said).toEqual([])
      }
      expect(said).toHaveLength(1)
      expect(said[0]![0]).toBeLessThanOrEqual(20)
      expect(said[0]![1]).toMatch(/^The watermark of the source waits for t-1, which has had none for 1\d s/)
      const held = holders.at(-1)!
      expect(held.id).toBe('t-1')
      // For people: the time of day, as it was then.
      expect(held.since - startedAt).toBeLessThan(2_000)
      const holdTime = Number(metrics.read('operator.source.KafkaSourceReader.topic.t.partition.1.watermarkHoldTime'))
      expect(Math.abs(holdTime - 22_000)).toBeLessThan(2_000)
      expect(Number(metrics.read('operator.source.sourceIdleTime'))).toBeLessThan(2_000)
    })
  })

  it('should be measured since when a source is idle, and how fast it reads', async () => {
    const metrics = new MemoryMetricGroup()
    kafka.produce('t', valuesFor(0, 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'))
    await running(builderOf().setLogger(logger).build().records({ connect: kafka.connect, metrics }), async () => {
      await pass(3_000)
      stepClock()
      await pass(6_000)
      expect(Number(metrics.read('operator.source.sourceIdleTime'))).toBeCloseTo(9_000, -3)
      // Ten records in a window of 30 s and a half that has passed.
      const rate = Number(metrics.read('operator.source.KafkaSourceReader.KafkaConsumer.records-consumed-rate'))
      expect(rate).toBeGreaterThan(0.2)
      expect(rate).toBeLessThan(0.4)
    })
  })
})
