import type { Result, Snapshot } from './replay/RecordedJob.js'

/** A recorded case that we do not follow, and what we do. */
export interface Departure {
  readonly because: string
  /** of a job: what comes out differently, in place of what was recorded */
  readonly ours?: Ours
  /** of a builder: its effective properties, in place of those recorded */
  readonly properties?: Readonly<Record<string, string>>
  /** of a builder: the message of its error, where one was built as recorded */
  readonly refusal?: string
  /** of event time: what comes out at which step, in place of what was recorded */
  readonly outputs?: readonly RecordedOutput[]
}

/** What comes out of a step of a recorded case of event time, counted from 0. */
export interface RecordedOutput {
  readonly step: number
  readonly type: 'record' | 'watermark' | 'idle' | 'active'
  readonly ts?: number
}

export interface Ours extends Partial<Omit<Result, 'snapshots' | 'afterTimeout'>> {
  readonly snapshots?: Readonly<Record<string, Partial<Snapshot>>>
}

const stopEnds = 'setUnbounded(stop) ends when all splits have reached their stop, as its documentation says.'
const nothingEnds = 'A bounded source always ends, with nothing to read too.'
const stableEnd =
  'latest() follows isolation.level: with read_committed it is the last stable offset, so a stranger’s open transaction does not hold the end.'
const prompt =
  'Offsets are committed right after each checkpoint, on an idle topic and at the end of a job too, for partitions without a record as well: lag is known, and reaches 0.'
const owners =
  'Restored splits belong to their owner by splitOwner, as new ones do: the place of a partition can be told.'

const activeAgain =
  'Flink 2.2.1 called a source idle until its watermark had passed what was flushed, with records flowing; as of FLINK-40504 it is active as soon as one of its splits is.'

const timeout = 'transaction.timeout.ms is by default what brokers allow by default: EXACTLY_ONCE works out of the box.'
const ourTimeout = { 'transaction.timeout.ms': '900000' }

/** The committed offsets of a snapshot. */
const committed = (...offsets: readonly number[]): Pick<Snapshot, 'groupCommitted'> => ({
  groupCommitted: byPartition(offsets),
})
const byPartition = (offsets: readonly number[]): Snapshot['groupCommitted'] =>
  Object.fromEntries(offsets.map((offset, partition) => [String(partition), offset]))

/** Where this library does something else than Flink, on purpose: by the id of the recorded case. */
export const departures: Readonly<Record<string, Departure>> = {
  'source-null-valueonly': {
    because: 'A deserializer that is null is refused at its setter, not when the first record comes.',
  },
  'source-topics-null': { because: 'Topics that are null are refused at their setter, not when the job starts.' },
  'source-deserializer-not-deserializer': {
    because: 'Classes of Java that properties name are not loaded; the properties have no effect.',
  },
  'source-no-stopping-strategy': {
    because: 'No stopping initializer is no initializer, so there is none to ask for a strategy.',
  },
  'split-negative-start': {
    because: 'Splits hold resolved offsets only; offsets(...) checks what a user gives, sentinels too.',
  },
  'split-negative-stop': { because: 'Splits hold resolved offsets only; offsets(...) checks what a user gives.' },
  'split-id': {
    because:
      'Splits hold resolved offsets only: their ids are Flink’s, and the sentinels of offsets(...), which no split has.',
  },

  'sink-prefix-64000': {
    because:
      'A string of the protocol has at most 32,767 bytes (INT16): a sink with a longer transactional id is built by Flink, and cannot write.',
    refusal:
      "The configured prefix is too long and the resulting transactionalIdPrefix might exceed Kafka's transactionalIdPrefix size.",
  },
  'sink-prefix-empty': { because: timeout, properties: ourTimeout },
  'sink-pooling-topic-selector': { because: timeout, properties: ourTimeout },
  'sink-props-user-serializer': { because: timeout, properties: ourTimeout },

  'start-timestamp-negative': {
    because:
      'Below 0 the protocol has sentinels (-3: the highest timestamp, -5: the end of tiered storage), which Flink passes on; no time is meant.',
    ours: { outcome: 'FAILED' },
  },
  'stop-unbounded-latest': { because: stopEnds, ours: { outcome: 'FINISHED' } },
  'stop-unbounded-offsets': { because: stopEnds, ours: { outcome: 'FINISHED' } },
  'txn-open-end-rc': { because: stableEnd, ours: { outcome: 'FINISHED', resolvedStop: byPartition([4]) } },
  'txn-open-middle-rc': {
    because: stableEnd,
    ours: { outcome: 'FINISHED', resolvedStop: byPartition([0]), records: {} },
  },
  'sub-pattern-partial-match': { because: nothingEnds, ours: { outcome: 'FINISHED' } },
  'sub-pattern-nothing': { because: nothingEnds, ours: { outcome: 'FINISHED' } },
  'discovery-pattern-empty-then-topic': {
    because:
      'What is found after the first discovery starts from earliest, though the first found nothing: no record is missed.',
    ours: { records: { 'fg-discovery-late-1-0': [0, 1, 2] } },
  },

  'src-idle-active-older': {
    because: activeAgain,
    outputs: [
      { step: 1, type: 'record', ts: 5000 },
      { step: 2, type: 'watermark', ts: 4999 },
      { step: 4, type: 'idle' },
      { step: 5, type: 'active' },
      { step: 5, type: 'record', ts: 1000 },
      { step: 8, type: 'record', ts: 9000 },
      { step: 9, type: 'watermark', ts: 8999 },
    ],
  },
  'mux-all-idle-then-active': {
    because: activeAgain,
    outputs: [
      { step: 3, type: 'watermark', ts: 4 },
      { step: 5, type: 'watermark', ts: 5 },
      { step: 5, type: 'idle' },
      { step: 6, type: 'active' },
      { step: 7, type: 'watermark', ts: 6 },
    ],
  },

  'commit-earliest': {
    because: prompt,
    ours: {
      snapshots: {
        idle2s: committed(10, 5, 0),
        idle6s: committed(10, 5, 0),
        'idle11.5s': committed(10, 5, 0),
        'idle16.5s': committed(10, 5, 0),
        'idle22.5s': committed(10, 5, 0),
        '2sAfter2More': committed(12, 5, 0),
        '2sAfter1More': committed(13, 5, 0),
      },
      groupCommittedAfter: byPartition([13, 5, 0]),
    },
  },
  'commit-bounded': { because: prompt, ours: { groupCommittedAfter: byPartition([10, 5, 0]) } },
  'commit-bounded-long-interval': { because: prompt, ours: { groupCommittedAfter: byPartition([10, 5, 0]) } },
  'commit-bounded-offsets': { because: prompt, ours: { groupCommittedAfter: byPartition([6, 2, 0]) } },
  'commit-txn-aborted-tail': {
    because: 'The committed position passes transaction markers and aborted data, so that lag reaches 0.',
    ours: { snapshots: { afterCheckpoints: committed(8) }, groupCommittedAfter: byPartition([8]) },
  },
  'commit-stop-with-savepoint': {
    because: prompt,
    ours: { snapshots: { '3sAfterStop': committed(10, 5, 0) }, groupCommittedAfter: byPartition([10, 5, 0]) },
  },
  'commit-steady': {
    because: prompt,
    ours: { snapshots: { '0.5sLater': committed(30), '2.5sLater': committed(30) } },
  },
  'commit-steady-2parts-one-idle': { because: prompt, ours: { groupCommittedAfter: byPartition([30, 3]) } },
  'restore-ignores-initializer': {
    because: prompt,
    ours: { snapshots: { beforeRestart: committed(10, 5, 0) }, groupCommittedAfter: byPartition([13, 5, 0]) },
  },
  'restore-new-partition-while-down': {
    because: prompt,
    ours: { snapshots: { beforeRestart: committed(12, 5, 0) }, groupCommittedAfter: byPartition([12, 5, 0, 2]) },
  },
  'restore-group-committed-moved': {
    because: prompt,
    ours: { snapshots: { beforeRestart: committed(0, 0, 0) }, groupCommittedAfter: byPartition([13, 5, 0]) },
  },
  'restore-state-trimmed-NONE': {
    because: prompt,
    ours: { snapshots: { beforeRestart: committed(10, 5, 0) }, groupCommittedAfter: byPartition([10, 5, 0]) },
  },
  'restore-par-1-to-2': {
    because: `${owners} ${prompt}`,
    ours: {
      recordsBySubtask: { 0: { 1: 3 }, 1: { 0: 3, 2: 3 } },
      snapshots: { beforeRestart: committed(10, 5, 0) },
      groupCommittedAfter: byPartition([13, 8, 3]),
    },
  },
  'restore-par-2-to-3': {
    because: `${owners} ${prompt}`,
    ours: {
      recordsBySubtask: { 0: { 2: 3 }, 1: { 0: 3 }, 2: { 1: 3 } },
      snapshots: { beforeRestart: committed(10, 5, 0) },
      groupCommittedAfter: byPartition([13, 8, 3]),
    },
  },
  'restore-bounded': {
    because: `A bounded source always ends, after a restore too: splits restored without an end get one. ${prompt}`,
    ours: {
      outcome: 'FINISHED',
      snapshots: { beforeRestart: committed(10, 5, 0) },
      groupCommittedAfter: byPartition([13, 5, 0]),
    },
  },
}

/** Metrics of Flink's that a source here does not have, by their names within the operator. */
export const metricDepartures: readonly { readonly because: string; readonly names: RegExp }[] = [
  {
    because:
      'A rate of a counter is for whoever collects it to make, over the time that they want: rate(numRecordsIn).',
    names: /^num\w+PerSecond$/,
  },
  { because: 'No bytes leave a source: values do.', names: /^numBytesOut$/ },
  {
    because:
      'How long a split was active, idle or paused altogether says little of now; watermarkHolder and watermarkHoldTime tell which split is waited for, and since when.',
    names: /^split\..*\.watermark\.(accumulated|\w+PerSecond$)/,
  },
  {
    because:
      'Splits are dealt by splitOwner: there is no group membership, so nobody joins, syncs, rebalances or beats.',
    names:
      /\.KafkaConsumer\.(heartbeat|join|sync|rebalance|failed-rebalance|last-(heartbeat|rebalance)|partition-\w+-latency)-/,
  },
  {
    because: 'There is no poll(), and no call that blocks: fetches arrive.',
    names:
      /\.KafkaConsumer\.(last-poll-seconds-ago|time-between-poll-\w+|poll-idle-ratio-avg|commit-sync-time-ns-total|committed-time-ns-total)$/,
  },
  {
    because: 'Sockets are waited for by Node’s event loop, not by a selector in a thread of its own.',
    names: /\.KafkaConsumer\.(io|select)-/,
  },
  {
    because:
      'Logging in that fails is an error of the stream, with its reason; sessions are renewed on a new connection.',
    names: /\.KafkaConsumer\.(failed|successful)?-?(re)?authentication-/,
  },
  {
    because: 'They tell of the Java client.',
    names: /\.KafkaConsumer\.(commit-id|version|start-time-ms|count)$/,
  },
  {
    because:
      'A fetch is decoded while it is read, not as a whole: records-consumed-total and fetch-total have the same quotient.',
    names: /\.KafkaConsumer\.records-per-request-avg$/,
  },
]

/** The same of a sink. */
export const sinkMetricDepartures: typeof metricDepartures = [
  {
    because:
      'A rate of a counter is for whoever collects it to make, over the time that they want: rate(numRecordsOut).',
    names: /^num\w+PerSecond$/,
  },
  {
    because: 'What comes in is what the operator before has sent; a sink has no bytes before it has serialized.',
    names: /^num(Records|Bytes)In$/,
  },
  { because: 'Event time ends at a sink: the source tells its watermark.', names: /^current(In|Out)putWatermark$/ },
  {
    because: 'A broker answers a commit that is repeated as the first one, so it counts as successful.',
    names: /^alreadyCommittedCommittables$/,
  },
  {
    because: 'Memory is not a pool that calls wait for: a sink whose producer has no room takes no elements.',
    names: /^KafkaProducer\.(buffer-|bufferpool-|waiting-threads)/,
  },
  {
    because: 'No call blocks, so there is none to time: transactions are initialised and ended beside the records.',
    names: /^KafkaProducer\.(flush-time|txn-\S+-time|metadata-wait-time)-ns-total$/,
  },
  {
    because: 'A record is encoded into its batch; batches are measured.',
    names: /^KafkaProducer\.record-size-(avg|max)$/,
  },
  {
    because:
      'Leaders are asked for anew where they are wrong, and otherwise by metadata.max.age.ms: their age tells nothing.',
    names: /^KafkaProducer\.metadata-age$/,
  },
  {
    because: 'Sockets are waited for by Node’s event loop, not by a selector in a thread of its own.',
    names: /^KafkaProducer\.(io|select)-/,
  },
  {
    because:
      'Logging in that fails is an error of the stream, with its reason; sessions are renewed on a new connection.',
    names: /^KafkaProducer\.(failed|successful)?-?(re)?authentication-/,
  },
  {
    because: 'They tell of the Java client.',
    names: /^KafkaProducer\.(commit-id|version|start-time-ms|count)$/,
  },
]
