import { timer } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import { MemoryKafka } from '../../../lib/memory/MemoryKafka.js'
import { ConnectionMetrics } from '../../../lib/metrics/ConnectionMetrics.js'
import { FetchMetrics } from '../../../lib/metrics/FetchMetrics.js'
import { METRICS_TOPIC, metricsRecords, runMetricsJob } from './metricsJob.js'
import { type RegisteredMetric, RegisteredMetrics } from './RecordedMetric.js'

export const CONSUMER = 'KafkaSourceReader.KafkaConsumer.'

/** The job of the recording, in virtual time. */
export const metricsOnMemory = (): ReadonlyMap<string, RegisteredMetric> => {
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

/** What a client measures of its connections. The in-memory Kafka has none. */
export const metricsOfConnections = (): ReadonlyMap<string, RegisteredMetric> => {
  const metrics = new RegisteredMetrics(new Map(), CONSUMER)
  new ConnectionMetrics(metrics, () => 0)
  new FetchMetrics(metrics, () => 0)
  return metrics.all
}
