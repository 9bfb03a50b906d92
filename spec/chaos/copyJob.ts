/**
 * A child process of the chaos specs: copies a topic into another, exactly once, partition by partition, and kills itself with
 * SIGKILL, or stops itself with SIGSTOP, at a crash point if it is told to. Settings come as JSON in JOB; SIGTERM stops with a
 * savepoint.
 */
import { map, merge, retry, tap, timer } from 'rxjs'
import { CheckpointCoordinator } from '../../lib/checkpoint/CheckpointCoordinator.js'
import { FileCheckpointStore } from '../../lib/checkpoint/store/FileCheckpointStore.js'
import { SimpleStringSchema } from '../../lib/client/schema/SimpleStringSchema.js'
import { defaultConnect } from '../../lib/defaultClient.js'
import { combineWatermarks } from '../../lib/eventtime/combineWatermarks.js'
import type { CommitLostPolicy } from '../../lib/sink/KafkaSinkConfig.js'
import type { TransactionNamingStrategy } from '../../lib/sink/transaction/strategy/TransactionNamingStrategy.js'
import { sinkTo } from '../../lib/sink/sinkTo.js'
import { KafkaSource } from '../../lib/source/KafkaSource.js'
import { OffsetsInitializer } from '../../lib/source/offsets/OffsetsInitializer.js'
import { OffsetResetStrategy } from '../../lib/client/OffsetResetStrategy.js'
import { onRecords } from '../../lib/stream/onRecords.js'
import { copySink } from './copySink.js'
import type { CopyJobEvent } from './CopyJobProcess.js'
import { type CrashPoint, watchedClient, watchedStore } from './crashPoints.js'

export interface CopyJobSettings {
  readonly bootstrapServers: string
  readonly from: string
  readonly to: string
  readonly directory: string
  readonly checkpointInterval: number
  /** die when `point` is met for the `occurrence`-th time after the first `records` records */
  readonly crash?: { readonly point: CrashPoint; readonly occurrence: number; readonly records: number }
  /** be stopped when `point` is met for the `occurrence`-th time after SIGUSR2 */
  readonly stop?: { readonly point: CrashPoint; readonly occurrence: number }
  readonly sourceProperties?: Readonly<Record<string, string>>
  readonly sinkProperties?: Readonly<Record<string, string>>
  /** how the sink names its transactions: INCREMENTING by default */
  readonly naming?: TransactionNamingStrategy
  /** what a lost transaction does: `fail` by default */
  readonly commitLost?: CommitLostPolicy
  /** where it starts without a checkpoint: at the earliest offsets by default */
  readonly startAt?: 'committed'
  /** how many subtasks there are in all, and which of them run in this process: one, by default */
  readonly parallelism?: number
  readonly subtasks?: readonly number[]
  /** how the source is read: by elements(), by default, or by splits() that are merged */
  readonly way?: 'elements' | 'splits'
}

const settings = JSON.parse(process.env['JOB'] ?? '{}') as CopyJobSettings
const { bootstrapServers, from, to, directory, checkpointInterval, crash, stop } = settings

let records = 0
let met = 0
let mayStop = false

const tell = (event: CopyJobEvent): void => {
  process.stdout.write(`${JSON.stringify(event)}\n`)
}

process.once('SIGUSR2', () => (mayStop = true))

/** Nothing is flushed, closed or handed over: the operating system ends or stops this process in the middle of the call. */
const at = (point: CrashPoint): void => {
  if (crash?.point === point && records >= crash.records && ++met === crash.occurrence)
    process.kill(process.pid, 'SIGKILL')
  if (stop?.point === point && mayStop && ++met === stop.occurrence) {
    tell({ kind: 'stopped' })
    process.kill(process.pid, 'SIGSTOP')
  }
}

const checkpoints = CheckpointCoordinator.create({
  interval: checkpointInterval,
  store: watchedStore(new FileCheckpointStore(directory), at),
})

const source = KafkaSource.builder()
  .setBootstrapServers(bootstrapServers)
  .setGroupId('copy')
  .setTopics(from)
  .setStartingOffsets(
    settings.startAt === 'committed'
      ? OffsetsInitializer.committedOffsets(OffsetResetStrategy.EARLIEST)
      : OffsetsInitializer.earliest(),
  )
  .setProperties(settings.sourceProperties ?? {})
  .setValueOnlyDeserializer(new SimpleStringSchema())
  .build()

const sink = copySink(to, `copy-${to}`, bootstrapServers)
  .setTransactionNamingStrategy(settings.naming ?? 'INCREMENTING')
  .setCommitLostPolicy(settings.commitLost ?? 'fail')
  .setKafkaProducerConfig(settings.sinkProperties ?? {})
  .build()

const { parallelism = 1, subtasks = [0] } = settings

const elementsOf = (subtaskIndex: number) => {
  const options = { checkpoints, parallelism, subtaskIndex }
  return settings.way === 'splits' ? source.splits(options).pipe(combineWatermarks()) : source.elements(options)
}

const subtask = (subtaskIndex: number) =>
  elementsOf(subtaskIndex).pipe(
    onRecords(
      map((value) => {
        records++
        at('open')
        return value
      }),
    ),
    sinkTo(sink, { connect: watchedClient(defaultConnect, at) }),
  )

merge(...subtasks.map(subtask))
  .pipe(
    tap(({ kind }) => {
      if (kind === 'prepared') at('prepared')
    }),
    retry({
      resetOnSuccess: true,
      delay: (error: Error & { readonly retriable?: boolean }, count) => {
        if (error.retriable !== true) throw error
        tell({ kind: 'restarting', because: error.message })
        return timer(Math.min(50 * 2 ** count, 1000))
      },
    }),
  )
  .subscribe({
    next: tell,
    error: (error: Error) => {
      console.error(error)
      // Not at once: what is open is being aborted, and would block read_committed readers until it times out.
      process.exitCode = 1
      setTimeout(() => process.exit(1), 5_000).unref()
    },
  })

process.once('SIGTERM', () => checkpoints.stopWithSavepoint({ drain: true }))
