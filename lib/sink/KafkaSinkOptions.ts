import type { SchedulerLike } from 'rxjs'
import type { ConnectKafka } from '../client/KafkaClient.js'
import type { MetricGroup } from '../metrics/MetricGroup.js'

/** The last argument of `sinkTo`. Which subtask it is, and of how many, the stream says: see the options of the source. */
export interface KafkaSinkOptions {
  /**
   * The key of the sink's state, and its name in metrics; `sink-<prefix>` by default, `sink` without a prefix. Two sinks of one uid in a
   * job with checkpoints are an error.
   */
  readonly uid?: string | undefined
  /** Where it measures, in the group `operator.<uid>`: `docs/metrics.md`. Nothing is registered by default. */
  readonly metrics?: MetricGroup | undefined
  /** The client adapter: kafkajs by default, `memoryKafka.connect` in specs. */
  readonly connect?: ConnectKafka | undefined
  /** The clock of time-outs, retries and commits. Default `asyncScheduler`. */
  readonly scheduler?: SchedulerLike | undefined
}
