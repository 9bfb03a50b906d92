import { from, map, mergeMap, type Observable, type SchedulerLike, type Subscription, takeWhile, timer } from 'rxjs'
import { CheckpointCoordinator } from '../../../lib/checkpoint/CheckpointCoordinator.js'
import type { CheckpointStore } from '../../../lib/checkpoint/store/CheckpointStore.js'
import type { ConnectKafka } from '../../../lib/client/KafkaClient.js'
import type { KafkaSource } from '../../../lib/source/KafkaSource.js'
import type { ByPartition, Outcome, Run, Snapshot } from './RecordedJob.js'
import type { Origin } from './sourceOf.js'

/** What jobs run on. */
export interface Environment {
  readonly connect: ConnectKafka
  readonly store: CheckpointStore
  readonly scheduler: SchedulerLike
}

const POLL_MS = 10

/** A job of one source, all its subtasks in this process, and a probe behind each. */
export class RunningJob {
  outcome: Outcome = 'STILL_RUNNING'
  error: unknown
  /** in order of arrival */
  private readonly seen: (Origin & { readonly subtask: number })[] = []
  private readonly checkpoints: CheckpointCoordinator | undefined
  private readonly work: Subscription

  constructor(
    source: KafkaSource<Origin>,
    private readonly topic: string,
    { parallelism = 1, checkpointMs }: Run,
    private readonly environment: Environment,
  ) {
    const { connect, store, scheduler } = environment
    const checkpoints =
      checkpointMs === undefined
        ? undefined
        : CheckpointCoordinator.create({ interval: checkpointMs, store, scheduler })
    this.checkpoints = checkpoints
    const subtasks = Array.from({ length: parallelism }, (_, subtaskIndex) => subtaskIndex)
    this.work = from(subtasks)
      .pipe(
        mergeMap((subtaskIndex) =>
          source
            .records({ parallelism, subtaskIndex, checkpoints, connect, scheduler })
            .pipe(map((origin) => ({ ...origin, subtask: subtaskIndex }))),
        ),
      )
      .subscribe({
        next: (record) => this.seen.push(record),
        error: (error: unknown) => {
          this.error = error
          this.outcome = 'FAILED'
        },
        complete: () => {
          this.outcome = 'FINISHED'
        },
      })
  }

  get records(): ByPartition<readonly number[]> {
    const records: Record<string, number[]> = {}
    for (const origin of this.seen) (records[this.label(origin)] ??= []).push(origin.offset)
    return records
  }

  get recordsBySubtask(): Snapshot['recordsBySubtask'] {
    const counts: Record<string, Record<string, number>> = {}
    for (const origin of this.seen) {
      const count = (counts[String(origin.subtask)] ??= {})
      count[this.label(origin)] = (count[this.label(origin)] ?? 0) + 1
    }
    return counts
  }

  /** Completes when there are so many records, or when there will be none. */
  untilRecords(count: number): Observable<unknown> {
    return this.until(() => this.seen.length >= count, 60_000)
  }

  /** Completes at the end of the job, or after this time. */
  untilEnd(withinMs: number): Observable<unknown> {
    return this.until(() => false, withinMs)
  }

  stopWithSavepoint(): Observable<unknown> {
    this.checkpoints?.stopWithSavepoint({ drain: false })
    return this.untilEnd(10_000)
  }

  cancel(): void {
    this.work.unsubscribe()
  }

  private until(met: () => boolean, withinMs: number): Observable<unknown> {
    return timer(0, POLL_MS, this.environment.scheduler).pipe(
      takeWhile((polls) => !met() && this.outcome === 'STILL_RUNNING' && polls * POLL_MS < withinMs),
    )
  }

  private label({ topic, partition }: Origin): string {
    return topic === this.topic ? String(partition) : `${topic}-${partition}`
  }
}
