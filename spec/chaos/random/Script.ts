/**
 * A story for a job and its world, as plain data: what is in the topics, what the job is, and what happens to it. Times are ms of
 * virtual time from the start.
 */
export interface Script {
  readonly sources: 1 | 2
  /** partitions of each input topic, `in0` and `in1`, at the start: a record of another one adds it */
  readonly partitions: number
  /** partitions of each output topic: `out`, `also`, `dead` */
  readonly outPartitions: number
  readonly records: readonly InputRecord[]

  /** `splits`: `source.splits()`, merged by `combineWatermarks()`, in the place of `elements()` */
  readonly way: 'elements' | 'splits'
  readonly pipeline: readonly Operator[]
  /** 2: a branch into a second sink, which writes the same to `also` */
  readonly sinks: 1 | 2
  readonly guarantee: 'EXACTLY_ONCE' | 'AT_LEAST_ONCE'
  /** how the sinks name their transactions */
  readonly naming: 'INCREMENTING' | 'POOLING'
  /** ends when all that is there at the start has been read; then every record is there at the start */
  readonly bounded: boolean

  readonly parallelism: number
  /** how many processes share the subtasks */
  readonly processes: number
  /** whether the sinks get their subtask as an option too, as the sources do */
  readonly sinksKnowSubtask: boolean

  readonly interval: number
  readonly minPause: number
  readonly timeout: number
  readonly tolerableFailures: number
  readonly maxConcurrent: number
  readonly transactionTimeout: number
  /** `transactional.id.expiration.ms`: the broker forgets an id that is not used for so long */
  readonly idExpiration: number
  /** `transaction.abort.timed.out.transaction.cleanup.interval.ms`: how often the broker looks for expired transactions */
  readonly abortInterval: number
  /** after how long the job is subscribed to again in its process when it fails with a retriable error; null: its process ends */
  readonly retry: number | null
  /** after how long a process that has ended with an error is started again, as by Kubernetes */
  readonly restart: number
  /** how long a broker takes to answer */
  readonly brokerMs: number
  /** how long the store takes, before it writes and after it */
  readonly storeMs: number
  /** `max.poll.records` */
  readonly poll: number

  readonly events: readonly ScriptEvent[]
}

/** A record of an input topic, one of its source, partition and `n`. */
export interface InputRecord {
  readonly at: number
  readonly source: number
  readonly partition: number
  readonly n: number
  readonly key: string
  /** event time */
  readonly time: number
  /** cannot be deserialized: goes to `dead` */
  readonly bad?: true
}

export type Operator =
  | { readonly op: 'map' }
  /** throws at some records, but only so many times in all */
  | { readonly op: 'fragile'; readonly times: number }
  /** drops every `drop`th record */
  | { readonly op: 'filter'; readonly drop: number }
  | { readonly op: 'flatMap'; readonly times: number }
  | {
      readonly op: 'mapAsync'
      readonly ms: number
      readonly concurrency: number
      readonly order: 'ordered' | 'unordered'
    }
  | { readonly op: 'processBatches'; readonly ms: number }
  | { readonly op: 'keyedScan' }
  | { readonly op: 'windows'; readonly kind: 'tumbling' | 'sliding' | 'session'; readonly size: number }

/** When an event happens: at a time, or, with a step, at the first such step of the process that it concerns from then on. */
interface Moment {
  readonly at: number
  readonly on?: string
}

/** The process of a slot is meant that was started last; slots are counted modulo the number of processes. */
export type ScriptEvent =
  /** `kill -9`, and started again after `down` */
  | (Moment & { readonly do: 'kill'; readonly slot: number; readonly down: number })
  /** a second process beside the one that runs; the connections of its sinks take `slow` ms longer */
  | (Moment & { readonly do: 'start'; readonly slot: number; readonly slow: number })
  /** a second process that cannot begin: its sinks are refused after `ms` */
  | (Moment & { readonly do: 'falseStart'; readonly slot: number; readonly ms: number })
  /** SIGSTOP, and SIGCONT after `ms` */
  | (Moment & { readonly do: 'sleep'; readonly slot: number; readonly ms: number })
  /** the wall clock of the process is set by `ms` */
  | (Moment & { readonly do: 'clock'; readonly slot: number; readonly ms: number })
  /** the job is stopped, and started again when it is gone, after `down` */
  | (Moment & { readonly do: 'stop'; readonly how: StopWay; readonly exit: 'answer' | 'end'; readonly down: number })
  /** the same with another parallelism */
  | (Moment & {
      readonly do: 'rescale'
      readonly how: StopWay
      readonly parallelism: number
      readonly processes: number
      readonly down: number
    })
  /** the job is stopped, and started with another transactional id prefix, as its default uid and `allowNonRestoredState` let it */
  | (Moment & { readonly do: 'rename'; readonly how: StopWay; readonly down: number })
  /** the directory of the checkpoints is deleted */
  | (Moment & { readonly do: 'empty' })
  /** after `ms`, the directory of the checkpoints is put back to what it is now */
  | (Moment & { readonly do: 'restore'; readonly ms: number })
  /** for `ms` another job, with a store of its own, runs with the same transactional id prefix */
  | (Moment & { readonly do: 'stranger'; readonly ms: number })
  /** for `ms` the store fails, with or without effect, or takes `by` ms longer */
  | (Moment & {
      readonly do: 'store'
      readonly fault: 'fail' | 'loseAnswer' | 'slow'
      /** of the storage: `create`, `write`, `list`, …; or `all` */
      readonly calls: string
      readonly ms: number
      readonly by: number
    })
  /** for `ms` calls of a kind fail, with or without effect, or take `by` ms longer; at most `times` of them */
  | (Moment & {
      readonly do: 'broker'
      readonly fault: 'fail' | 'loseAnswer' | 'delay' | 'notCoordinator'
      readonly api: BrokerApi
      readonly ms: number
      readonly by: number
      readonly times: number
    })
  /** the partition has no leader for `ms`, and another one then */
  | (Moment & { readonly do: 'leader'; readonly topic: string; readonly partition: number; readonly ms: number })

export type StopWay = 'suspend' | 'drain' | 'unsubscribe' | 'kill'

export const BROKER_APIS = [
  'Produce',
  'InitProducerId',
  'AddPartitionsToTxn',
  'EndTxn',
  'Fetch',
  'ListOffsets',
  'Metadata',
  'FindCoordinator',
  'OffsetCommit',
] as const

export type BrokerApi = (typeof BROKER_APIS)[number]

/** The simplest story: one record, nothing happens to it. */
export const calm: Script = {
  sources: 1,
  partitions: 1,
  outPartitions: 1,
  records: [{ at: 0, source: 0, partition: 0, n: 0, key: 'a', time: 100 }],
  way: 'elements',
  pipeline: [],
  sinks: 1,
  guarantee: 'EXACTLY_ONCE',
  naming: 'INCREMENTING',
  bounded: false,
  parallelism: 1,
  processes: 1,
  sinksKnowSubtask: true,
  interval: 100,
  minPause: 0,
  timeout: 2_000,
  tolerableFailures: 0,
  maxConcurrent: 1,
  transactionTimeout: 60_000,
  idExpiration: 604_800_000,
  abortInterval: 0,
  retry: null,
  restart: 200,
  brokerMs: 1,
  storeMs: 1,
  poll: 10,
  events: [],
}
