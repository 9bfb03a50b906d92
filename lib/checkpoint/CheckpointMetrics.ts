import type { Counter, MetricGroup } from '../metrics/MetricGroup.js'
import type { CompletedCheckpoint } from './CompletedCheckpoint.js'

/**
 * What the checkpoints of a job measure, of all its attempts in this process, in the group `job`, under the names of Flink's JobManager.
 * `docs/metrics.md` says what each means. What is not known yet is `NaN`.
 */
export class CheckpointMetrics {
  private readonly completed: Counter
  private readonly failed: Counter
  private last: (CompletedCheckpoint & { readonly bytes: number | undefined }) | undefined
  private restoredAt = NaN
  private inProgress = none

  constructor(group: MetricGroup) {
    const job = group.addGroup('job')
    const completed = (this.completed = job.counter('numberOfCompletedCheckpoints'))
    const failed = (this.failed = job.counter('numberOfFailedCheckpoints'))
    job.gauge('totalNumberOfCheckpoints', () => completed.count + failed.count + this.inProgress())
    job.gauge('numberOfInProgressCheckpoints', () => this.inProgress())
    job.gauge('lastCompletedCheckpointId', () => this.last?.checkpointId ?? NaN)
    job.gauge('lastCheckpointDuration', () => this.last?.duration ?? NaN)
    job.gauge('lastCheckpointSize', () => this.last?.bytes ?? NaN)
    job.gauge('lastCheckpointCompletedTimestamp', () => (this.last ? this.last.timestamp + this.last.duration : NaN))
    job.gauge('lastCheckpointRestoreTimestamp', () => this.restoredAt)
  }

  /**
   * An attempt begins.
   *
   * @param inProgress tells how many of its checkpoints are on their way
   * @param restoredAt ms since the epoch; undefined when there is no checkpoint to begin from
   */
  onBegun(inProgress: () => number, restoredAt: number | undefined): void {
    this.inProgress = inProgress
    if (restoredAt !== undefined) this.restoredAt = restoredAt
  }

  /** The attempt is over, with whatever was on its way. */
  onEnded(): void {
    this.inProgress = none
  }

  /** @param bytes as it is stored; undefined when the store does not say */
  onCompleted(checkpoint: CompletedCheckpoint, bytes: number | undefined): void {
    this.completed.inc()
    this.last = { ...checkpoint, bytes }
  }

  /** One has failed, or was given up; not one that a later one has subsumed. */
  onFailed(): void {
    this.failed.inc()
  }
}

const none = (): number => 0
