import type { SchedulerLike } from 'rxjs'
import type { ConnectKafka } from '../client/KafkaClient.js'
import type { MetricGroup } from '../metrics/MetricGroup.js'

/** The last argument of `sinkTo`. Which subtask it is, and of how many, the stream says: see the options of the source. */
export interface KafkaSinkOptions {
  /** The key of the sink's state; `sink-<prefix>` by default. Two sinks of one uid in a job are an error. */
  readonly uid?: string
  readonly metrics?: MetricGroup
  /** The client adapter: kafkajs by default, `memoryKafka.connect` in specs. */
  readonly connect?: ConnectKafka
  readonly scheduler?: SchedulerLike
}
