import type { SchedulerLike } from 'rxjs'
import type { CheckpointCoordinator } from '../checkpoint/CheckpointCoordinator.js'
import type { ConnectKafka } from '../client/KafkaClient.js'
import type { WatermarkHolderObserver } from '../eventtime/WatermarkHolder.js'
import type { WatermarkStrategy } from '../eventtime/WatermarkStrategy.js'
import type { MetricGroup } from '../metrics/MetricGroup.js'

/** How one use of a source runs. */
export interface KafkaSplitsOptions {
  /** How many subtasks share the partitions; 1 by default. */
  readonly parallelism?: number | undefined
  /** Which of them this is, from 0. */
  readonly subtaskIndex?: number | undefined
  /** Takes part in these checkpoints, and is restored by them. Without, nothing is. */
  readonly checkpoints?: CheckpointCoordinator | undefined
  /**
   * The key of the source's state, and its name in metrics; `source` by default. Two sources of one uid in a job with checkpoints are an
   * error.
   */
  readonly uid?: string | undefined
  /** Where it measures, in the group `operator.<uid>`: `docs/metrics.md`. Nothing is registered by default. */
  readonly metrics?: MetricGroup | undefined
  /** The client adapter: kafkajs by default, `memoryKafka.connect` in specs. */
  readonly connect?: ConnectKafka | undefined
  /** The clock and the turns of the loop; `asyncScheduler` by default. */
  readonly scheduler?: SchedulerLike | undefined
}

/** The same for merged splits, whose watermarks the source makes itself. */
export interface KafkaSourceOptions<T> extends KafkaSplitsOptions {
  /** Event time and watermarks, by split; without it, Kafka's timestamps and no watermark but the final one. */
  readonly watermarks?: WatermarkStrategy<T> | undefined
  /** Receives which split holds the watermark back, whenever anything of that changes; looked at every 200 ms. */
  readonly watermarkHolder$?: WatermarkHolderObserver | undefined
}
