import { concat, defer, EMPTY, type Observable, timer } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import { MemoryCheckpointStore } from '../../../lib/checkpoint/MemoryCheckpointStore.js'
import { TopicPartition } from '../../../lib/client/TopicPartition.js'
import { MemoryKafka } from '../../../lib/memory/MemoryKafka.js'
import type { Batch, ByPartition, RecordedJob, RecordedLog, Result, Run, Snapshot, Step } from './RecordedJob.js'
import { RunningJob } from './RunningJob.js'
import { sourceOf, topicNamed } from './sourceOf.js'
import { Transactions } from './Transactions.js'

/** How long the recording waited for the end of a job that says nothing of it. */
const TIMEOUT_MS = 20_000

export interface Replayed {
  readonly result: Result
  /** what it failed with */
  readonly error: unknown
  /** the partitions just before the job */
  readonly log: ByPartition<Omit<RecordedLog, 'beginning'>>
}

/** Does to an in-memory Kafka and to our source what was done to Kafka and Flink's. Virtual time: sleeps cost nothing. */
export const replay = (recorded: RecordedJob): Replayed => new Replay(recorded).play()

class Replay {
  readonly scheduler = new TestScheduler(() => undefined)
  readonly kafka = new MemoryKafka({ scheduler: this.scheduler })
  readonly store = new MemoryCheckpointStore()
  private readonly transactions = new Transactions(this.kafka)
  private readonly resolved: Record<'start' | 'stop', Record<string, number>> = { start: {}, stop: {} }
  private readonly snapshots: Record<string, Snapshot> = {}
  private log: Replayed['log'] = {}
  private afterTimeout: Result['afterTimeout']
  private outcome: Result['outcome'] | undefined
  private error: unknown
  private job: RunningJob | undefined

  constructor(private readonly recorded: RecordedJob) {}

  play(): Replayed {
    const { topic, partitions, topicConfig, setup, during = [] } = this.recorded
    this.scheduler.run(({ flush }) => {
      this.kafka.createTopic(topic, partitions, topicConfig)
      concat(
        this.steps(setup),
        defer(() => {
          this.log = this.logs()
          this.run(this.recorded)
          return EMPTY
        }),
        this.steps(during),
        defer(() => this.end()),
      ).subscribe({
        error: (error: unknown) => {
          this.fail(error)
        },
        complete: () => {
          this.job?.cancel()
        },
      })
      this.scheduler.maxFrames = 600_000
      flush()
    })
    return { result: this.result(), error: this.error, log: this.log }
  }

  private steps(steps: readonly Step[]): Observable<unknown> {
    return concat(...steps.map((step) => defer(() => this.step(step))))
  }

  private step(step: Step): Observable<unknown> {
    const { topic } = this.recorded
    switch (step.op) {
      case 'produce':
        return this.act(() => {
          this.kafka.produce(step.topic === undefined ? topic : topicNamed(step.topic), recordsOf(step))
        })
      case 'produceLoop':
        return concat(
          ...Array.from({ length: step.n }, () =>
            concat(this.step({ op: 'produce', p: step.p, n: 1 }), timer(step.everyMs, this.scheduler)),
          ),
        )
      case 'txn':
        return this.transactions.write(
          `${topic}-${step.id}`,
          recordsOf(step).map((record) => ({ topic, ...record })),
          step.end,
        )
      case 'endTxn':
        return this.transactions.end(`${topic}-${step.id}`, step.end)
      case 'commitGroup':
        return this.act(() => {
          this.kafka.commitOffsets(
            this.group,
            Object.entries(step.offsets).map(([p, offset]) => [new TopicPartition(topic, Number(p)), offset]),
          )
        })
      case 'deleteRecords':
        return this.act(() => {
          this.kafka.deleteRecords(topic, step.p, step.before)
        })
      case 'addPartitions':
        return this.act(() => {
          this.kafka.createPartitions(topic, step.to)
        })
      case 'createTopic':
        return this.act(() => {
          this.kafka.createTopic(topicNamed(step.topic), step.partitions)
        })
      case 'deleteTopic':
        return this.act(() => {
          this.kafka.deleteTopic(step.topic === undefined ? topic : topicNamed(step.topic))
        })
      case 'waitCompaction':
        return this.act(() => {
          for (let p = 0; p < this.recorded.partitions; p++) this.kafka.compact(topic, p)
        })
      case 'waitRecords':
        return this.job!.untilRecords(step.n)
      case 'sleep':
        return timer(step.ms, this.scheduler)
      case 'snapshot':
        return this.act(() => {
          this.snapshot(step.name)
        })
      case 'stopWithSavepoint':
        return this.job!.stopWithSavepoint()
      case 'restart':
        return this.act(() => {
          this.snapshot('beforeRestart')
          this.run(step)
        })
    }
  }

  private act(effect: () => void): Observable<never> {
    return defer(() => {
      effect()
      return EMPTY
    })
  }

  private run(run: Run): void {
    const { topic } = this.recorded
    const built = sourceOf(run.source, topic, (role, partition, offset) => {
      this.resolved[role][this.label(partition)] = offset
    })
    this.job = new RunningJob(built, topic, run, this)
  }

  /** Waits for the end of the job; a second time when there are steps for one that is still running. */
  private end(): Observable<unknown> {
    const { timeoutMs = TIMEOUT_MS, afterTimeout } = this.recorded
    const job = this.job!
    const again = defer(() => {
      this.noteEnd()
      if (afterTimeout === undefined || this.outcome !== 'STILL_RUNNING') return EMPTY
      const recordsBefore = job.records
      return concat(
        this.steps(afterTimeout),
        job.untilEnd(TIMEOUT_MS),
        this.act(() => {
          this.afterTimeout = { recordsBefore, outcome: job.outcome }
        }),
      )
    })
    return concat(job.untilEnd(timeoutMs), again)
  }

  private noteEnd(): void {
    this.outcome = this.job!.outcome
    this.error = this.job!.error
  }

  /** A source that cannot be built is a job that fails. */
  private fail(error: unknown): void {
    this.outcome = 'FAILED'
    this.error = error
    this.job?.cancel()
  }

  private snapshot(name: string): void {
    const { records, recordsBySubtask } = this.job!
    this.snapshots[name] = { records, recordsBySubtask, groupCommitted: this.groupCommitted }
  }

  private result(): Result {
    const { outcome, afterTimeout, job, snapshots, resolved, groupCommitted } = this
    if (outcome === undefined) throw new Error(`The steps of ${this.recorded.id} did not come to their end.`)
    return {
      outcome,
      records: job?.records ?? {},
      recordsBySubtask: job?.recordsBySubtask ?? {},
      groupCommittedAfter: groupCommitted,
      resolvedStart: resolved.start,
      resolvedStop: resolved.stop,
      snapshots,
      ...(afterTimeout === undefined ? {} : { afterTimeout }),
    }
  }

  private logs(): Replayed['log'] {
    const { topic } = this.recorded
    const ends = (level: 'read_uncommitted' | 'read_committed') => this.kafka.endOffsets(topic, level)
    const offsets = (p: number, level: 'read_uncommitted' | 'read_committed') =>
      this.kafka.records(topic, level).flatMap(({ partition, offset }) => (partition === p ? [offset] : []))
    return Object.fromEntries(
      ends('read_uncommitted').map((endReadUncommitted, p) => [
        String(p),
        {
          endReadUncommitted,
          endReadCommitted: ends('read_committed')[p] ?? 0,
          offsetsReadUncommitted: offsets(p, 'read_uncommitted'),
          offsetsReadCommitted: offsets(p, 'read_committed'),
          timestamps: this.kafka
            .records(topic, 'read_uncommitted')
            .flatMap(({ partition, timestamp }) => (partition === p ? [timestamp] : [])),
        },
      ]),
    )
  }

  private get group(): string {
    return `${this.recorded.topic}-group`
  }

  private get groupCommitted(): ByPartition<number> {
    const committed = [...this.kafka.committedOffsets(this.group)]
    return Object.fromEntries(committed.map(([key, offset]) => [this.label(key), offset]))
  }

  private label(key: string): string {
    const { topic } = this.recorded
    return key.startsWith(`${topic}-`) ? key.slice(topic.length + 1) : key
  }
}

const recordsOf = ({ p, n, ts0, dts = 1, keys }: Batch) =>
  Array.from({ length: n }, (_, i) => ({
    partition: p,
    value: String(i),
    ...(ts0 === undefined ? {} : { timestamp: ts0 + i * dts }),
    ...(keys === undefined ? {} : { key: keys[i] ?? null }),
  }))
