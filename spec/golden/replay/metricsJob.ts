import { expect } from '@jest/globals'
import type { SchedulerLike } from 'rxjs'
import type { ConnectKafka } from '../../../lib/client/KafkaClient.js'
import { SimpleStringSchema } from '../../../lib/client/schema/SimpleStringSchema.js'
import { WatermarkStrategy } from '../../../lib/eventtime/WatermarkStrategy.js'
import { KafkaSource } from '../../../lib/source/KafkaSource.js'
import { OffsetsInitializer } from '../../../lib/source/offsets/OffsetsInitializer.js'
import { golden } from '../../support/golden.js'
import { metricDepartures } from '../departures.js'
import { type RecordedMetric, type RegisteredMetric, RegisteredMetrics } from './RecordedMetric.js'

export const METRICS_TOPIC = 'fgx-metrics'

const OPERATOR = 'Source: src.0.'

/** Of the source's operator, by the name within it. */
export const recordedMetrics: ReadonlyMap<string, RecordedMetric> = new Map(
  golden<RecordedMetric>('metrics')
    .filter(({ scopeTail }) => scopeTail.startsWith(OPERATOR))
    .map((metric) => [metric.scopeTail.slice(OPERATOR.length), metric]),
)

/** What was recorded of some operators, where ours departs, and what of it depends on neither clock nor wire. */
export interface MetricsRecording {
  readonly recorded: ReadonlyMap<string, RecordedMetric>
  readonly departures: typeof metricDepartures
  readonly comparable: RegExp
  /** so many can be compared */
  readonly atLeast: number
}

/** What depends on neither clock nor wire. */
const COMPARABLE =
  /^(numRecords(In|Out|InErrors)|pendingRecords|currentOutputWatermark|.*\.(commits\w+|\w+Offset|currentWatermark|assigned-partitions|records-consumed-total|records-l\w+-m\w+|commit-(total|rate|latency-\w+)|fetch-throttle-time-\w+|connection-close-\w+))$/

const ofSource: MetricsRecording = {
  recorded: recordedMetrics,
  departures: metricDepartures,
  comparable: COMPARABLE,
  atLeast: 21,
}

/** What the two partitions of the recording hold. */
export const metricsRecords = (partition: number) =>
  Array.from({ length: 10 }, (_, n) => ({ partition, value: `v${n}`, timestamp: 1000 + 2 * n + partition }))

/** The job of the recording: all from earliest, watermarks by partition. */
export const runMetricsJob = (
  bootstrapServers: string,
  connect: ConnectKafka,
  scheduler: SchedulerLike,
): { readonly metrics: ReadonlyMap<string, RegisteredMetric>; readonly stop: () => void } => {
  const metrics = new RegisteredMetrics()
  const running = KafkaSource.builder()
    .setBootstrapServers(bootstrapServers)
    .setTopics(METRICS_TOPIC)
    .setStartingOffsets(OffsetsInitializer.earliest())
    .setValueOnlyDeserializer(new SimpleStringSchema())
    .build()
    .records({
      connect,
      scheduler,
      uid: 'src',
      metrics: metrics.ofOperator('src'),
      watermarks: WatermarkStrategy.forMonotonousTimestamps(),
    })
    .subscribe()
  return {
    metrics: metrics.all,
    stop: () => {
      running.unsubscribe()
    },
  }
}

type Described = Readonly<Record<string, unknown>>

/** All that was recorded, but for departures and what is not to be looked at, is registered alike. */
export const expectRecordedNames = (
  metrics: ReadonlyMap<string, RegisteredMetric>,
  among: (name: string) => boolean = () => true,
  { recorded, departures }: MetricsRecording = ofSource,
): void => {
  const expected: Record<string, Described> = {}
  const ours: Record<string, Described | undefined> = {}
  for (const [name, { type, variables }] of recorded) {
    if (!among(name) || departures.some(({ names }) => names.test(name))) continue
    expected[name] = { type, variables }
    const metric = metrics.get(name)
    ours[name] = metric && { type: metric.type, variables: metric.variables }
  }
  expect(ours).toEqual(expected)
}

/** Those of ours that can be compared have the recorded values. */
export const expectRecordedValues = (
  metrics: ReadonlyMap<string, RegisteredMetric>,
  { recorded, comparable: isComparable, atLeast }: MetricsRecording = ofSource,
): void => {
  const comparable = [...metrics].filter(([name]) => recorded.has(name) && isComparable.test(name))
  const ours = Object.fromEntries(comparable.map(([name, metric]) => [name, metric.read()]))
  expect(comparable.length).toBeGreaterThanOrEqual(atLeast)
  expect(ours).toEqual(Object.fromEntries(comparable.map(([name]) => [name, Number(recorded.get(name)!.value)])))
}
