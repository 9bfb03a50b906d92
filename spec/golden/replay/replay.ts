import { isDeepStrictEqual } from 'node:util'
import {
  catchError,
  concat,
  concatMap,
  concatWith,
  defer,
  EMPTY,
  finalize,
  ignoreElements,
  last,
  map,
  type Observable,
  repeat,
  takeWhile,
  tap,
  timer,
} from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import { MemoryCheckpointStore } from '../../../lib/checkpoint/store/MemoryCheckpointStore.js'
import type { KafkaAdmin } from '../../../lib/client/KafkaAdmin.js'
import type { ProducerRecord } from '../../../lib/client/ProducerRecord.js'
import { TopicPartition } from '../../../lib/client/TopicPartition.js'
import type { Departure } from '../departures.js'
import { type Expected, expectedOf } from './expectations.js'
import { onMemory } from './onMemory.js'
import type { Batch, ByPartition, RecordedJob, Result, Run, Snapshot, Step } from './RecordedJob.js'
import type { RecordedKafka, ReplayedLog } from './RecordedKafka.js'
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
  readonly log: ReplayedLog
}

/** On an in-memory Kafka, in virtual time: sleeps cost nothing. */
export const replay = (recorded: RecordedJob, departure?: Departure): Replayed => {
  const scheduler = new TestScheduler(() => undefined)
  return scheduler.run(({ flush }) => {
    let replayed: Replayed | undefined
    replayOn(onMemory(scheduler), recorded, departure).subscribe((result) => (replayed = result))
    scheduler.maxFrames = 600_000
    flush()
    if (replayed === undefined) throw new Error(`The steps of ${recorded.id} did not come to their end.`)
    return replayed
  })
}

/** Does to a Kafka and to our source what was done to Kafka and Flink's. Emits once, when the job is over. */
export const replayOn = (kafka: RecordedKafka, recorded: RecordedJob, departure?: Departure): Observable<Replayed> =>
  defer(() => new Replay(kafka, recorded, expectedOf(recorded, departure)).play())

class Replay {
  private readonly store = new MemoryCheckpointStore()
  private readonly transactions: Transactions
  private readonly resolved: Record<'start' | 'stop', Record<string, number>> = { start: {}, stop: {} }
  private readonly snapshots: Record<string, Snapshot> = {}
  private log: ReplayedLog = {}
  private afterTimeout: Result['afterTimeout']
  private outcome: Result['outcome'] | undefined
  private error: unknown
  private job: RunningJob | undefined

  constructor(
    private readonly kafka: RecordedKafka,
    private readonly recorded: RecordedJob,
    private readonly expected: Expected,
  ) {
    this.transactions = new Transactions(kafka.client$)
  }

  play(): Observable<Replayed> {
    const { topic, partitions, topicConfig, setup, during = [] } = this.recorded
    const job = concat(
      this.run(this.recorded),
      this.steps(during),
      defer(() => this.end()),
    ).pipe(
      catchError((error: unknown) => {
        // A source that cannot be built is a job that fails.
        if (this.job !== undefined) throw error
        this.outcome = 'FAILED'
        this.error = error
        return EMPTY
      }),
    )
    return concat(
      this.createTopic(topic, partitions, topicConfig),
      this.steps(setup),
      this.kafka.log(topic).pipe(tap((log) => (this.log = log))),
      job,
    ).pipe(
      ignoreElements(),
      concatWith(defer(() => this.result())),
      finalize(() => this.job?.cancel()),
    )
  }

  private steps(steps: readonly Step[]): Observable<unknown> {
    return concat(...steps.map((step) => defer(() => this.step(step))))
  }

  private step(step: Step): Observable<unknown> {
    const { kafka, recorded, transactions } = this
    const { topic } = recorded
    switch (step.op) {
      case 'produce':
        return kafka.produce(recordsOf(step.topic === undefined ? topic : topicNamed(step.topic), step))
      case 'produceLoop':
        return concat(
          ...Array.from({ length: step.n }, () =>
            concat(this.step({ op: 'produce', p: step.p, n: 1 }), timer(step.everyMs, kafka.scheduler)),
          ),
        )
      case 'txn':
        return transactions.write(`${topic}-${step.id}`, recordsOf(topic, step), step.end)
      case 'endTxn':
        return transactions.end(`${topic}-${step.id}`, step.end)
      case 'commitGroup':
        return this.admin((admin) =>
          admin.commitOffsets(
            this.group,
            Object.entries(step.offsets).map(([p, offset]) => [new TopicPartition(topic, Number(p)), offset]),
          ),
        )
      case 'deleteRecords':
        return kafka.deleteRecords(topic, step.p, step.before)
      case 'addPartitions':
        return this.admin((admin) => admin.createPartitions(topic, step.to))
      case 'createTopic':
        return this.createTopic(topicNamed(step.topic), step.partitions)
      case 'deleteTopic':
        return this.admin((admin) => admin.deleteTopics([step.topic === undefined ? topic : topicNamed(step.topic)]))
      case 'waitCompaction':
        return kafka.compact(topic, withoutBeginning(recorded.log))
      case 'waitRecords':
        return this.job!.untilRecords(step.n)
      case 'sleep':
        return timer(step.ms, kafka.scheduler)
      case 'snapshot':
        return this.snapshot(step.name)
      case 'stopWithSavepoint':
        return this.job!.stopWithSavepoint()
      case 'restart':
        return concat(this.snapshot('beforeRestart'), this.run(step))
    }
  }

  private admin<R>(ask: (admin: KafkaAdmin) => Observable<R>): Observable<R> {
    return this.kafka.client$.pipe(concatMap(({ admin }) => ask(admin)))
  }

  /** Records with timestamps of 1970 shall not be old. */
  private createTopic(topic: string, partitions: number, config = {}): Observable<unknown> {
    return this.admin((admin) =>
      admin.createTopics([{ topic, partitions, config: { 'retention.ms': '-1', ...config } }]),
    )
  }

  private run(run: Run): Observable<never> {
    return defer(() => {
      const { topic } = this.recorded
      const built = sourceOf(run.source, topic, this.kafka.bootstrapServers, (role, partition, offset) => {
        this.resolved[role][this.label(partition)] = offset
      })
      this.job = new RunningJob(built, topic, run, { ...this.kafka, store: this.store })
      return EMPTY
    })
  }

  /** Waits for the end of the job; a second time when there are steps for one that is still running. */
  private end(): Observable<unknown> {
    const { recorded, expected, kafka } = this
    const { timeoutMs = TIMEOUT_MS, afterTimeout } = recorded
    const job = this.job!
    const withinMs = expected.outcome === 'STILL_RUNNING' ? timeoutMs : Math.max(timeoutMs, kafka.patienceMs)
    const again = defer(() => {
      this.noteEnd()
      if (afterTimeout === undefined || this.outcome !== 'STILL_RUNNING') return EMPTY
      const recordsBefore = job.records
      return concat(
        this.steps(afterTimeout),
        job.untilEnd(TIMEOUT_MS),
        defer(() => {
          this.afterTimeout = { recordsBefore, outcome: job.outcome }
          return EMPTY
        }),
      )
    })
    const isDone = ({ records }: Snapshot): boolean =>
      job.outcome === expected.outcome && (job.outcome === 'FAILED' || isDeepStrictEqual(records, expected.records))
    return concat(job.untilEnd(withinMs), this.look(isDone), again)
  }

  private noteEnd(): void {
    this.outcome = this.job!.outcome
    this.error = this.job!.error
  }

  private snapshot(name: string): Observable<unknown> {
    return this.look((seen) => isDeepStrictEqual(seen, this.expected.snapshots?.[name])).pipe(
      tap((seen) => {
        this.snapshots[name] = seen
      }),
    )
  }

  /** What is to be seen: now, or when it is as expected, if that comes within our patience. */
  private look(isExpected: (seen: Snapshot) => boolean): Observable<Snapshot> {
    const { scheduler, patienceMs } = this.kafka
    return defer(() => {
      const endsAt = scheduler.now() + patienceMs
      return this.seen().pipe(
        repeat({ delay: () => timer(100, scheduler) }),
        takeWhile((seen) => scheduler.now() < endsAt && !isExpected(seen), true),
        last(),
      )
    })
  }

  private seen(): Observable<Snapshot> {
    return this.groupCommitted().pipe(
      map((groupCommitted) => ({
        records: this.job?.records ?? {},
        recordsBySubtask: this.job?.recordsBySubtask ?? {},
        groupCommitted,
      })),
    )
  }

  private result(): Observable<Replayed> {
    const isExpected = ({ groupCommitted }: Snapshot): boolean =>
      isDeepStrictEqual(groupCommitted, this.expected.groupCommittedAfter)
    return this.look(isExpected).pipe(
      map(({ records, recordsBySubtask, groupCommitted }) => {
        const { outcome, error, log, afterTimeout, snapshots, resolved } = this
        const result = {
          outcome: outcome!,
          records,
          recordsBySubtask,
          groupCommittedAfter: groupCommitted,
          resolvedStart: resolved.start,
          resolvedStop: resolved.stop,
          snapshots,
          ...(afterTimeout === undefined ? {} : { afterTimeout }),
        }
        return { result, error, log }
      }),
    )
  }

  private get group(): string {
    return `${this.recorded.topic}-group`
  }

  private groupCommitted(): Observable<ByPartition<number>> {
    return this.kafka
      .committed(this.group, this.recorded.topic)
      .pipe(map((committed) => Object.fromEntries([...committed].map(([key, offset]) => [this.label(key), offset]))))
  }

  private label(key: string): string {
    const { topic } = this.recorded
    return key.startsWith(`${topic}-`) ? key.slice(topic.length + 1) : key
  }
}

const withoutBeginning = (log: RecordedJob['log']): ReplayedLog =>
  Object.fromEntries(Object.entries(log).map(([partition, { beginning: _beginning, ...rest }]) => [partition, rest]))

const recordsOf = (topic: string, { p, n, ts0, dts = 1, keys }: Batch): readonly ProducerRecord[] =>
  Array.from({ length: n }, (_, i) => ({
    topic,
    partition: p,
    value: String(i),
    ...(ts0 === undefined ? {} : { timestamp: ts0 + i * dts }),
    ...(keys === undefined ? {} : { key: keys[i] ?? null }),
  }))
