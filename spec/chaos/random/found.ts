import { calm, type InputRecord, type Script } from './Script.js'

const record = (at: number, n = 0, partition = 0, source = 0): InputRecord => ({
  ...{ at, source, partition, n, key: 'a', time: 100 + 2 * n },
})

/**
 * Scripts that have failed, made simple, as differences from the calm one. The spec plays each, for good: its title ends the sentence
 * "survives it when".
 */
const differences = {
  'a process that is superseded still has a transactional id to initialise': {
    brokerMs: 3,
    records: [record(0)],
    events: [{ at: 25, do: 'start', slot: 0, slow: 0 }],
  },
  'two processes start at once, and the sinks of the first take longer to connect': {
    records: [record(0), record(210, 1)],
    brokerMs: 0,
    storeMs: 0,
    events: [
      { at: 1, do: 'start', slot: 0, slow: 250 },
      { at: 5, do: 'start', slot: 0, slow: 0 },
    ],
  },
  'a process sleeps longer than transaction.timeout.ms, and has written what no checkpoint holds': {
    events: [{ at: 20, do: 'sleep', slot: 0, ms: 61_000 }],
  },
  'a process is down longer than transaction.timeout.ms, and had stored a checkpoint': {
    events: [{ at: 20, do: 'kill', slot: 0, down: 61_000, on: 'after complete' }],
  },
  'the store fails longer than transaction.timeout.ms': {
    tolerableFailures: 1_000,
    events: [{ at: 20, do: 'store', fault: 'fail', calls: 'write', ms: 61_000, by: 0 }],
  },
  'it is rescaled there and back while a process sleeps that was about to take over': {
    partitions: 3,
    records: [record(0, 2, 2)],
    events: [
      { at: 2, do: 'sleep', slot: 0, ms: 50 },
      { at: 40, do: 'rescale', how: 'unsubscribe', down: 0, parallelism: 2, processes: 1 },
      { at: 100, do: 'rescale', how: 'drain', down: 0, parallelism: 1, processes: 1 },
    ],
  },
  'the wall clock is set back by an hour': {
    events: [{ at: 20, do: 'clock', slot: 0, ms: -3_600_000 }],
  },
  'each of many starts fails before its first checkpoint': {
    retry: 20,
    events: [{ at: 0, do: 'store', fault: 'fail', calls: 'write', ms: 3_000, by: 0 }],
  },
  'a commit takes as long as a thousand checkpoints': {
    interval: 10,
    events: [{ at: 0, do: 'broker', fault: 'notCoordinator', api: 'EndTxn', ms: 12_000, by: 0, times: 1e6 }],
  },
  'a process exits as soon as stopWithSavepoint answers': {
    brokerMs: 5,
    events: [{ at: 50, do: 'stop', how: 'drain', exit: 'answer', down: 0 }],
  },
  'a second process is started, whose sinks are refused': {
    records: [record(0), record(300, 1)],
    retry: null,
    events: [{ at: 150, do: 'falseStart', slot: 0, ms: 10 }],
  },
  'a second process is started, whose sinks are refused, while it waits for its retry': {
    pipeline: [{ op: 'fragile', times: 2 }],
    records: [record(0, 2)],
    retry: 1_000,
    events: [{ at: 20, do: 'falseStart', slot: 0, ms: 0 }],
  },
  'it is killed behind a stored checkpoint, and started with another prefix': {
    events: [
      { at: 20, do: 'kill', slot: 0, down: 5_000, on: 'after complete' },
      { at: 150, do: 'rename', how: 'kill', down: 0 },
    ],
  },
  'the directory of its checkpoints is deleted, and it retries': {
    retry: 200,
    records: [record(0), record(500, 1)],
    events: [{ at: 300, do: 'empty' }],
  },
  'another job uses its prefix': {
    records: [0, 1, 2, 3, 4, 5].map((n) => record(300 * n, n)),
    events: [{ at: 500, do: 'stranger', ms: 1_500 }],
  },
  'only its sources get their subtask as an option': {
    partitions: 2,
    parallelism: 2,
    sinksKnowSubtask: false,
    records: [record(0), record(0, 0, 1)],
  },
  'it is rescaled by splits() to a subtask without a split': {
    way: 'splits',
    events: [{ at: 1, do: 'rescale', how: 'suspend', parallelism: 3, processes: 3, down: 0 }],
  },
  'one of two sources by splits() has no split': {
    sources: 2,
    way: 'splits',
    parallelism: 2,
    records: [record(0), record(0, 0, 0, 1)],
  },
  'InitProducerId of a superseded process is answered after that of its successor': {
    records: [record(200, 1)],
    events: [
      { at: 0, do: 'broker', fault: 'notCoordinator', api: 'InitProducerId', ms: 50, by: 0, times: 0 },
      { at: 10, do: 'start', slot: 0, slow: 0 },
    ],
  },
  'three processes start at once, and a fourth, whose sinks are refused': {
    retry: 200,
    storeMs: 5,
    records: [record(0, 2)],
    events: [
      { at: 0, do: 'falseStart', slot: 0, ms: 0, on: 'before AddPartitionsToTxn' },
      { at: 0, do: 'start', slot: 0, slow: 0 },
      { at: 0, do: 'start', slot: 0, slow: 0 },
    ],
  },
  'its checkpoints are put back to an older copy, and its prefix changes': {
    events: [
      { at: 80, do: 'restore', ms: 120 },
      { at: 160, do: 'rename', how: 'unsubscribe', down: 0 },
    ],
  },
  'its checkpoints are put back to when there were none, and its prefix changes': {
    events: [
      { at: 0, do: 'restore', ms: 200 },
      { at: 160, do: 'rename', how: 'unsubscribe', down: 0 },
    ],
  },
  'its checkpoints are deleted, and the next process passes over the ids that were used before': {
    partitions: 2,
    interval: 2_000,
    maxConcurrent: 2,
    records: [{ ...record(0, 5, 1), bad: true }, record(8_300, 6)],
    events: [
      { at: 9_000, do: 'empty' },
      { at: 14_000, do: 'kill', slot: 0, down: 61_000 },
    ],
  },
  'a process sleeps before it has come to the store, and wakes beside another one': {
    guarantee: 'AT_LEAST_ONCE',
    events: [
      { at: 0, do: 'sleep', slot: 0, ms: 1 },
      { at: 0, do: 'stop', how: 'suspend', exit: 'end', down: 0 },
      { at: 25, do: 'falseStart', slot: 0, ms: 0 },
    ],
  },
  'its checkpoints are put back while only they know of a transaction, and the next process ends before that one has timed out':
    {
      pipeline: [{ op: 'windows', kind: 'sliding', size: 32 }],
      records: [{ ...record(522, 16), time: 248, bad: true }],
      parallelism: 2,
      interval: 20,
      storeMs: 5,
      poll: 1,
      events: [{ at: 38, do: 'restore', ms: 500 }],
    },
  'the store cannot be read for longer than transaction.timeout.ms, and each checkpoint fails': {
    partitions: 2,
    records: [record(268, 3, 1)],
    parallelism: 3,
    processes: 3,
    interval: 200,
    tolerableFailures: 100,
    abortInterval: 10_000,
    retry: 200,
    restart: 1_000,
    storeMs: 0,
    poll: 3,
    events: [
      { at: 22, do: 'kill', slot: 2, down: 0 },
      { at: 167, do: 'store', fault: 'fail', calls: 'read', ms: 66_000, by: 0 },
    ],
  },
  'a transaction is dead that many checkpoints of a slow store have waited for': {
    partitions: 2,
    records: [record(0, 1, 1)],
    interval: 50,
    tolerableFailures: 3,
    idExpiration: 70_000,
    storeMs: 20,
    events: [
      { at: 57, do: 'kill', slot: 1, down: 61_000, on: 'before EndTxn' },
      { at: 527, do: 'broker', fault: 'notCoordinator', api: 'EndTxn', ms: 12_000, by: 0, times: 1e6 },
    ],
  },
  'its checkpoints are put back just as a process begins': {
    records: [record(0), record(990, 1)],
    events: [
      { at: 0, do: 'restore', ms: 1_000 },
      { at: 940, do: 'stop', how: 'suspend', exit: 'end', down: 0 },
    ],
  },
  'one of several subtasks knows where it starts before the others, and the process sleeps longer than transaction.timeout.ms':
    {
      partitions: 2,
      records: [record(0, 1, 1)],
      bounded: true,
      parallelism: 3,
      brokerMs: 0,
      events: [
        { at: 0, do: 'sleep', slot: 0, ms: 5 },
        { at: 50, do: 'sleep', slot: 0, ms: 90_000 },
      ],
    },
  'it is rescaled to several processes, and one of them is down until a transaction of the former parallelism has timed out':
    {
      partitions: 2,
      records: [record(0, 1, 1)],
      bounded: true,
      events: [
        { at: 0, do: 'broker', fault: 'notCoordinator', api: 'EndTxn', ms: 3_000, by: 0, times: 7_500 },
        { at: 428, do: 'kill', slot: 0, down: 58_000, on: 'before EndTxn' },
        { at: 627, do: 'rescale', how: 'drain', down: 1_000, parallelism: 3, processes: 3 },
      ],
    },
  'its checkpoints are put back to when there were none, and the brokers forget its transactional ids': {
    records: [record(0, 1)],
    idExpiration: 70_000,
    events: [
      { at: 0, do: 'restore', ms: 200 },
      { at: 100, do: 'stop', how: 'suspend', exit: 'end', down: 71_000 },
    ],
  },
  'its operators fail three times as it ends, and its store had failed before': {
    pipeline: [
      { op: 'windows', kind: 'sliding', size: 34 },
      { op: 'fragile', times: 3 },
    ],
    records: [record(0, 1), record(0, 2)],
    events: [{ at: 0, do: 'store', fault: 'fail', calls: 'write', ms: 5_000, by: 0 }],
  },
  'its checkpoints are deleted as it is rescaled, and only a subtask that it no longer has had written': {
    records: [record(0), record(651, 1)],
    parallelism: 2,
    processes: 2,
    interval: 10,
    transactionTimeout: 30_000,
    events: [
      { at: 21, do: 'kill', slot: 0, down: 1_000 },
      { at: 133, do: 'rescale', how: 'kill', down: 1_000, parallelism: 1, processes: 1 },
      { at: 1_705, do: 'empty' },
    ],
  },
  'two processes start at once, a third one, whose sinks are refused, refuses both, and the first retries last': {
    retry: 1_000,
    events: [
      { at: 0, do: 'start', slot: 0, slow: 100 },
      { at: 100, do: 'falseStart', slot: 0, ms: 5 },
    ],
  },
  'two processes start at once, and two more, whose sinks are refused, the last one when nobody runs': {
    records: [],
    retry: 1_000,
    storeMs: 20,
    events: [
      { at: 0, do: 'falseStart', slot: 0, ms: 0, on: 'before read' },
      { at: 20, do: 'start', slot: 0, slow: 0 },
      { at: 800, do: 'falseStart', slot: 0, ms: 0 },
    ],
  },
  'its checkpoints are put back, and it sleeps until brokers have forgotten what they say is prepared': {
    records: [record(0), record(210, 1)],
    tolerableFailures: 100,
    idExpiration: 70_000,
    storeMs: 0,
    events: [
      { at: 70, do: 'store', fault: 'loseAnswer', calls: 'all', ms: 50, by: 0 },
      { at: 160, do: 'restore', ms: 50 },
      { at: 230, do: 'sleep', slot: 0, ms: 90_000 },
    ],
  },
  'its checkpoints are put back to a copy from when it had just claimed its subtask': {
    partitions: 3,
    records: [record(1_052, 1, 2), record(1_893, 0, 1)],
    parallelism: 3,
    interval: 10,
    timeout: 5_000,
    abortInterval: 10_000,
    retry: 20,
    restart: 50,
    brokerMs: 3,
    storeMs: 20,
    events: [
      { at: 81, do: 'kill', slot: 1, down: 61_000, on: 'before write' },
      { at: 885, do: 'rescale', how: 'suspend', down: 0, parallelism: 3, processes: 3 },
      { at: 1_144, do: 'restore', ms: 500 },
      { at: 1_905, do: 'stop', how: 'suspend', exit: 'answer', down: 725 },
    ],
  },
  'its checkpoints are deleted, and a start sleeps until brokers have forgotten who owned its ids': {
    records: [record(0, 1)],
    interval: 10,
    idExpiration: 70_000,
    storeMs: 0,
    events: [
      { at: 20, do: 'store', fault: 'fail', calls: 'all', ms: 36_000, by: 0 },
      { at: 400, do: 'sleep', slot: 0, ms: 45_000, on: 'after create' },
      { at: 20, do: 'empty' },
    ],
  },
  'its windows have read to the end, and it goes back, since a transaction was not committed in time': {
    pipeline: [{ op: 'windows', kind: 'sliding', size: 26 }],
    records: [record(0), record(300, 2), { ...record(350, 1), bad: true }],
    events: [
      { at: 250, do: 'broker', fault: 'notCoordinator', api: 'EndTxn', ms: 12_000, by: 0, times: 1e6 },
      { at: 1_000, do: 'stop', how: 'suspend', exit: 'end', down: 61_000 },
    ],
  },
  'its checkpoints are deleted while it sleeps, and the brokers forget who owned its prefix, but not its latest ids': {
    records: [record(0), record(20_000, 1)],
    idExpiration: 70_000,
    events: [
      { at: 300, do: 'kill', slot: 0, down: 0 },
      { at: 20_300, do: 'sleep', slot: 0, ms: 55_000 },
      { at: 20_400, do: 'empty' },
    ],
  },
  'a second process begins more slowly than the one that runs waits, until an operator ends that one': {
    records: [record(0, 7)],
    parallelism: 2,
    timeout: 1_000,
    retry: 1_000,
    storeMs: 20,
    events: [{ at: 0, on: 'before Produce', do: 'start', slot: 0, slow: 300 }],
  },
  'its first checkpoint fails, and a transaction of the first that is stored is not committed in time': {
    sources: 2,
    partitions: 2,
    records: [record(156, 0, 1, 1)],
    tolerableFailures: 100,
    transactionTimeout: 30_000,
    brokerMs: 10,
    events: [
      { at: 90, do: 'sleep', slot: 0, ms: 2_000 },
      { at: 0, do: 'broker', fault: 'notCoordinator', api: 'EndTxn', ms: 3_000, by: 0, times: 200 },
      { at: 3_393, do: 'kill', slot: 0, down: 31_000 },
    ],
  },
  'its parallelism is changed, the first checkpoint with it fails, and a transaction of the next one is not committed in time':
    {
      partitions: 2,
      records: [record(340)],
      tolerableFailures: 100,
      transactionTimeout: 30_000,
      brokerMs: 10,
      events: [
        { at: 100, do: 'rescale', how: 'suspend', down: 0, parallelism: 2, processes: 1 },
        { at: 300, do: 'sleep', slot: 0, ms: 2_000 },
        { at: 100, do: 'broker', fault: 'notCoordinator', api: 'EndTxn', ms: 6_000, by: 0, times: 400 },
        { at: 2_450, do: 'kill', slot: 0, down: 31_000 },
      ],
    },
  'its checkpoints are put back as another process is about to record its sinks there': {
    partitions: 3,
    records: [record(0, 2, 1)],
    bounded: true,
    parallelism: 3,
    processes: 2,
    storeMs: 5,
    events: [
      { at: 158, do: 'restore', ms: 2_000 },
      { at: 200, on: 'before create', do: 'sleep', slot: 0, ms: 1_410 },
      { at: 420, do: 'start', slot: 0, slow: 0 },
    ],
  },
  'its checkpoints are put back to a copy from when it was becoming the owner of its ids': {
    records: [record(0, 1), record(16, 1, 1)],
    parallelism: 3,
    processes: 3,
    interval: 20,
    maxConcurrent: 2,
    storeMs: 0,
    events: [
      { at: 6, do: 'restore', ms: 50 },
      { at: 20, do: 'sleep', slot: 2, ms: 20 },
      { at: 27, do: 'start', slot: 2, slow: 0 },
    ],
  },
} satisfies Readonly<Record<string, Partial<Script>>>

export const found: readonly { readonly title: string; readonly script: Script }[] = Object.entries(differences).map(
  ([title, script]) => ({ title, script: { ...calm, ...(script as Partial<Script>) } }),
)
