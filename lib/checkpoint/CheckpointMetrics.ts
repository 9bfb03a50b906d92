import type { Counter, MetricGroup } from '../metrics/MetricGroup.js'
import type { CompletedCheckpoint } from './CompletedCheckpoint.js'

/**
 * What the checkpoints of a job measure, of all its attempts in this process, in the group `job`: the names that Flink's JobManager has, as
 * gauges. `docs/metrics.md` says what each means. What is not known yet is `NaN`.
 */
export class CheckpointMetrics {
  private readonly completed: Counter
  private readonly failed: Counter
  private last: (CompletedCheckpoint & { readonly bytes: number | undefined }) | undefined
  private restoredAt = NaN
  private inProgress = 0

  constructor(group: MetricGroup) {
    const job = group.addGroup('job')
    const completed = (this.completed = job.counter('numberOfCompletedCheckpoints'))
    const failed = (this.failed = job.counter('numberOfFailedCheckpoints'))
    job.gauge('totalNumberOfCheckpoints', () => completed.count + failed.count + this.inProgress)
    job.gauge('numberOfInProgressCheckpoints', () => this.inProgress)
    job.gauge('lastCompletedCheckpointId', () => this.last?.checkpointId ?? NaN)
    job.gauge('lastCheckpointDuration', () => this.last?.duration ?? NaN)
    job.gauge('lastCheckpointSize', () => this.last?.bytes ?? NaN)
    job.gauge('lastCheckpointCompletedTimestamp', () => (this.last ? this.last.timestamp + this.last.duration : NaN))
    job.gauge('lastCheckpointRestoreTimestamp', () => this.restoredAt)
  }

  /** @param at ms since the epoch */
  onRestored(at: number): void {
    this.restoredAt = at
  }

  onStarted(): void {
    this.inProgress++
  }

  /** @param bytes as it is stored; undefined when the store does not say */
  onCompleted(checkpoint: CompletedCheckpoint, bytes: number | undefined): void {
    this.inProgress--
    this.completed.inc()
    this.last = { ...checkpoint, bytes }
  }

  /** It has failed, or was given up. */
  onFailed(): void {
    this.inProgress--
    this.failed.inc()
  }

  /** A later one completed first, and holds all that was in it. */
  onSubsumed(): void {
    this.inProgress--
  }
}
