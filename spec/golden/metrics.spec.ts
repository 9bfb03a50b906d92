import { describe, expect, it } from '@jest/globals'
import { timer } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import { MemoryKafka } from '../../lib/memory/MemoryKafka.js'
import { ConnectionMetrics } from '../../lib/metrics/ConnectionMetrics.js'
import { FetchMetrics } from '../../lib/metrics/FetchMetrics.js'
import { metricDepartures } from './departures.js'
import {
  expectRecordedNames,
  expectRecordedValues,
  METRICS_TOPIC,
  metricsRecords,
  recordedMetrics,
  runMetricsJob,
} from './replay/metricsJob.js'
import { type RegisteredMetric, RegisteredMetrics } from './replay/RecordedMetric.js'

const replay = (): ReadonlyMap<string, RegisteredMetric> => {
  const scheduler = new TestScheduler(() => undefined)
  return scheduler.run(({ flush }) => {
    const kafka = new MemoryKafka({ scheduler, topics: { [METRICS_TOPIC]: 2 } })
    for (const partition of [0, 1]) kafka.produce(METRICS_TOPIC, metricsRecords(partition))
    const { metrics, stop } = runMetricsJob('memory:9092', kafka.connect, scheduler)
    timer(5000, scheduler).subscribe(stop)
    flush()
    return metrics
  })
}

/** What is measured of connections. The in-memory Kafka has none: see recordedOnKafka.spec.ts. */
const ofConnections = ((): ReadonlySet<string> => {
  const metrics = new RegisteredMetrics(new Map(), 'KafkaSourceReader.KafkaConsumer.')
  new ConnectionMetrics(metrics, () => 0)
  new FetchMetrics(metrics, () => 0)
  return new Set(metrics.all.keys())
})()

describe('the metrics of a source, as recorded from Flink', () => {
  it('should be a recording of all that a source and its consumer measure', () => {
    expect(recordedMetrics.size).toBeGreaterThan(120)
  })

  it('should have the recorded names, types and variables', () => {
    expectRecordedNames(replay(), (name) => !ofConnections.has(name))
  })

  it('should have the recorded values', () => {
    expectRecordedValues(replay())
  })

  it.each(metricDepartures.map(({ because, names }) => [because, names] as const))(
    'should still depart: %s',
    (_, names) => {
      const metrics = replay()
      const departed = [...recordedMetrics.keys()].filter((name) => names.test(name))
      expect(departed.length).toBeGreaterThan(0)
      expect(departed.filter((name) => metrics.has(name) || ofConnections.has(name))).toEqual([])
    },
  )
})
