import type { SchedulerLike } from 'rxjs'
import type { ConnectKafka } from '../client/KafkaClient.js'
import type { MetricGroup } from '../metrics/MetricGroup.js'

/** The last argument of `sinkTo`. */
export interface KafkaSinkOptions {
  /** How many subtasks write side by side under this prefix; 1 by default. */
  readonly parallelism?: number
  /** Which of them this is, from 0. */
  readonly subtaskIndex?: number
  /** The key of the sink's state; `sink-<prefix>` by default. Two sinks of one uid in a job are an error. */
  readonly uid?: string
  readonly metrics?: MetricGroup
  /** The client adapter: kafkajs by default, `memoryKafka.connect` in specs. */
  readonly connect?: ConnectKafka
  readonly scheduler?: SchedulerLike
}
