/** What the recording did to Kafka and to the job, step by step. `p` is a partition of the case's own topic, unless one is named. */
export type Step =
  | ({ readonly op: 'produce'; readonly topic?: string } & Batch)
  | { readonly op: 'produceLoop'; readonly p: number; readonly n: number; readonly everyMs: number }
  | ({ readonly op: 'txn'; readonly id: string; readonly end: TransactionEnd } & Batch)
  | { readonly op: 'endTxn'; readonly id: string; readonly end: TransactionEnd }
  | { readonly op: 'commitGroup'; readonly offsets: ByPartition<number> }
  | { readonly op: 'deleteRecords'; readonly p: number; readonly before: number }
  | { readonly op: 'addPartitions'; readonly to: number }
  | { readonly op: 'createTopic'; readonly topic: string; readonly partitions: number }
  | { readonly op: 'deleteTopic'; readonly topic?: string }
  | { readonly op: 'waitCompaction' }
  | { readonly op: 'waitRecords'; readonly n: number }
  | { readonly op: 'sleep'; readonly ms: number }
  | { readonly op: 'snapshot'; readonly name: string }
  | { readonly op: 'stopWithSavepoint' }
  | ({ readonly op: 'restart' } & Run)

/** `n` records for a partition; their timestamps are ts0, ts0 + dts, … */
export interface Batch {
  readonly p: number
  readonly n: number
  readonly ts0?: number
  readonly dts?: number
  readonly keys?: readonly string[]
}

export type TransactionEnd = 'commit' | 'abort' | 'open'

/** Keyed by the number of the partition, or by `topic-partition` for other topics than the case's own. */
export type ByPartition<V> = Readonly<Record<string, V>>

export interface RecordedInitializer {
  readonly kind: 'earliest' | 'latest' | 'committed' | 'timestamp' | 'offsets'
  readonly reset?: 'EARLIEST' | 'LATEST' | 'NONE'
  readonly ts?: number
  readonly map?: ByPartition<number>
}

/** The calls of the builder. */
export interface RecordedSource {
  readonly start?: RecordedInitializer
  readonly bounded?: RecordedInitializer
  readonly unbounded?: RecordedInitializer
  readonly topics?: readonly string[]
  readonly pattern?: string
  readonly partitionSet?: readonly number[]
  readonly isolation?: string
  readonly props?: Readonly<Record<string, string>>
  readonly group?: false
}

export interface Run {
  readonly source: RecordedSource
  readonly parallelism?: number
  /** ms between checkpoints; without, there are none */
  readonly checkpointMs?: number
}

export type Outcome = 'FINISHED' | 'STILL_RUNNING' | 'FAILED'

/** What was seen at one moment of the job. */
export interface Snapshot {
  readonly records: ByPartition<readonly number[]>
  readonly recordsBySubtask: Readonly<Record<string, ByPartition<number>>>
  readonly groupCommitted: ByPartition<number>
}

/** What came of the job. */
export interface Result {
  readonly outcome: Outcome
  readonly afterTimeout?: { readonly recordsBefore: ByPartition<readonly number[]>; readonly outcome: Outcome }
  /** offsets, in the order in which they were emitted */
  readonly records: ByPartition<readonly number[]>
  readonly recordsBySubtask?: Snapshot['recordsBySubtask']
  readonly snapshots?: Readonly<Record<string, Snapshot>>
  readonly groupCommittedAfter: ByPartition<number>
  /** what the initializers returned; negative: left to Flink's reader */
  readonly resolvedStart?: ByPartition<number>
  readonly resolvedStop?: ByPartition<number>
}

/** One partition, just before the job. */
export interface RecordedLog {
  readonly beginning: number
  readonly endReadUncommitted: number
  readonly endReadCommitted: number
  readonly offsetsReadUncommitted: readonly number[]
  readonly offsetsReadCommitted: readonly number[]
  readonly timestamps: readonly number[]
}

/** A line of offsets.jsonl or commits-restore.jsonl. */
export interface RecordedJob extends Run {
  readonly id: string
  readonly desc: string
  readonly topic: string
  readonly partitions: number
  readonly topicConfig?: Readonly<Record<string, string>>
  readonly setup: readonly Step[]
  readonly during?: readonly Step[]
  /** ms that the end is waited for, after the steps */
  readonly timeoutMs?: number
  readonly afterTimeout?: readonly Step[]
  readonly log: ByPartition<RecordedLog>
  readonly result: Result & { readonly exceptionChain?: readonly RecordedException[] }
}

export interface RecordedException {
  readonly class: string
  readonly message: string | null
}
