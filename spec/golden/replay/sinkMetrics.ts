import { map } from 'rxjs'
import { ConnectionMetrics } from '../../../lib/metrics/ConnectionMetrics.js'
import { sinkTo } from '../../../lib/sink/sinkTo.js'
import { onRecords } from '../../../lib/stream/onRecords.js'
import { handSource } from '../../checkpoint/support/handSource.js'
import { sinkOf } from '../../sink/support/copying.js'
import { golden } from '../../support/golden.js'
import { sinkMetricDepartures } from '../departures.js'
import type { MetricsRecording } from './metricsJob.js'
import { type RecordedMetric, type RegisteredMetric, RegisteredMetrics } from './RecordedMetric.js'
import { SinkScene } from './SinkScene.js'

/** Flink's sink is two operators, and ours is one. Of what both have, the writer's is meant. */
const OPERATORS = ['sink: Committer.0.', 'sink: Writer.0.']

export const PRODUCER = 'KafkaProducer.'

export const sinkRecording: MetricsRecording = {
  recorded: new Map(
    OPERATORS.flatMap((operator) =>
      golden<RecordedMetric>('metrics')
        .filter(({ scopeTail }) => scopeTail.startsWith(operator))
        .map((metric) => [metric.scopeTail.slice(operator.length), metric] as const),
    ),
  ),
  departures: sinkMetricDepartures,
  comparable:
    /^(num(Records)(Out|Send)(Errors)?|\w+Committables|KafkaProducer\.(batch-split|record-(retry|error))-\w+)$/,
  atLeast: 14,
}

/** The sink of the recording: 20 records in one transaction, in virtual time. */
export const sinkMetricsOnMemory = (): ReadonlyMap<string, RegisteredMetric> => {
  const scene = new SinkScene()
  const { scheduler, kafka } = scene
  const metrics = new RegisteredMetrics()
  const options = { connect: kafka.connect, scheduler, uid: 'sink', metrics: metrics.ofOperator('sink') }
  const coordinator = scene.coordinator({ interval: 60_000 })
  scene.play(() => {
    scene.start(
      handSource({ coordinator, scheduler, count: 20 }).pipe(onRecords(map(String)), sinkTo(sinkOf(), options)),
    )
  }, 5_000)
  return metrics.all
}

/** What a client measures of its connections. The in-memory Kafka has none. */
export const sinkMetricsOfConnections = (): ReadonlyMap<string, RegisteredMetric> => {
  const metrics = new RegisteredMetrics(new Map(), PRODUCER)
  new ConnectionMetrics(metrics, () => 0)
  return metrics.all
}
