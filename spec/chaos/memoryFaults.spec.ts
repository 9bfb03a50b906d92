import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals'
import { concatMap, map, type Observable, retry, timer } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import { CheckpointCoordinator } from '../../lib/checkpoint/CheckpointCoordinator.js'
import type { CheckpointStore } from '../../lib/checkpoint/store/CheckpointStore.js'
import { MemoryCheckpointStore } from '../../lib/checkpoint/store/MemoryCheckpointStore.js'
import { SimpleStringSchema } from '../../lib/client/schema/SimpleStringSchema.js'
import { Fault } from '../../lib/memory/Fault.js'
import { MemoryKafka } from '../../lib/memory/MemoryKafka.js'
import { sinkTo } from '../../lib/sink/sinkTo.js'
import { KafkaSource } from '../../lib/source/KafkaSource.js'
import { OffsetsInitializer } from '../../lib/source/offsets/OffsetsInitializer.js'
import { branch } from '../../lib/stream/branch.js'
import { onRecords } from '../../lib/stream/onRecords.js'
import { copySink } from './copySink.js'
import { reportChaos } from './chaosReport.js'
import { randomBySeed } from './randomBySeed.js'
import { addTallies, noTally, tally } from './tally.js'

const PARTITIONS = 2
const RECORDS = 40
const SEEDS = Number(process.env['CHAOS_SEEDS'] ?? 150)
const TOPICS = ['out', 'also'] as const

/**
 * The exactly-once job with two sinks, restarted by `retry()` in one process, so that what a former attempt still has on its
 * way meets the next one. Requests are slow, fail, or have their effect and lose their answer; checkpoints time out, the store
 * is slow, leaders move, and the job is unsubscribed and started again at any moment.
 */
const runWithFaults = (seed: number) => {
  const random = randomBySeed(seed)
  const scheduler = new TestScheduler(() => undefined)
  const kafka = new MemoryKafka({
    scheduler,
    latencyMs: random(3),
    topics: { in: PARTITIONS, out: PARTITIONS, also: 2 },
  })
  const store = slowStore(new MemoryCheckpointStore(), scheduler, () => (random(4) === 0 ? random(120) : 0))
  const errors: unknown[] = []
  let completed = false

  for (let p = 0; p < PARTITIONS; p++) {
    const values = Array.from({ length: RECORDS }, (_, n) => ({ partition: p, value: `${p}:${n}` }))
    for (let n = 0; n < RECORDS; n += 5) kafka.produce('in', values.slice(n, n + 5))
  }

  const faults = [() => Fault.loseAnswer(), () => Fault.fail(), () => Fault.delay(random(400))]
  const apis = ['Produce', 'InitProducerId', 'AddPartitionsToTxn', 'EndTxn', 'Produce'] as const
  // A late InitProducerId is left out: a broker answers in the order in which requests arrive, and it aborts whatever it meets.
  for (let n = random(12); n > 0; n--) {
    const api = apis[random(apis.length)]!
    kafka.inject(
      { api, nth: 1 + random(20), times: 1 + random(3) },
      faults[random(api === 'InitProducerId' ? 2 : 3)]!(),
    )
  }

  const checkpoints = CheckpointCoordinator.create({
    interval: 5 + random(40),
    timeout: 30 + random(300),
    tolerableFailures: random(4),
    maxConcurrent: 1 + random(2),
    store,
    scheduler,
  })
  const source = KafkaSource.builder()
    .setBootstrapServers('memory:9092')
    .setTopics('in')
    .setStartingOffsets(OffsetsInitializer.earliest())
    .setBounded(OffsetsInitializer.latest())
    .setValueOnlyDeserializer(new SimpleStringSchema())
    .setProperty('max.poll.records', 1 + random(12))
    .setProperty('max.partition.fetch.bytes', 60)
    .build()
  const sinkInto = (topic: string) => sinkTo(copySink(topic, topic).build(), { connect: kafka.connect, scheduler })
  const job$ = source.elements({ checkpoints, connect: kafka.connect, scheduler }).pipe(
    onRecords(map((value) => value)),
    branch(sinkInto('out'), sinkInto('also')),
    retry({
      delay: (error) => {
        errors.push(error)
        return timer(random(30), scheduler)
      },
      count: 50,
    }),
  )

  const start = (stops: number): void => {
    const job = job$.subscribe({ error: () => undefined, complete: () => (completed = true) })
    if (stops > 0)
      scheduler.schedule(() => {
        if (completed) return
        job.unsubscribe()
        start(stops - 1)
      }, random(400))
  }

  scheduler.run(({ flush }) => {
    start(random(4))
    for (let p = random(PARTITIONS + 1); p > 0; p--)
      scheduler.schedule(() => kafka.moveLeader('out', p - 1, { unavailableMs: random(150) }), random(600))
    scheduler.maxFrames = 600_000
    flush()
  })

  const seen = TOPICS.map((topic) =>
    expected.map((_, p) =>
      kafka.records(topic, 'read_committed').flatMap(({ partition, value }) => (partition === p ? [value] : [])),
    ),
  )
  return { seen, completed, errors }
}

const slowStore = (store: CheckpointStore, scheduler: TestScheduler, delayMs: () => number): CheckpointStore => {
  const slowly = <T>(act$: Observable<T>) => timer(delayMs(), scheduler).pipe(concatMap(() => act$))
  return {
    begin: (request) =>
      slowly(store.begin(request)).pipe(
        map((attempt) => ({
          ...attempt,
          complete: (checkpoint) => slowly(attempt.complete(checkpoint)),
          markCommitted: (checkpointId, uid, ids) => slowly(attempt.markCommitted(checkpointId, uid, ids)),
        })),
      ),
  }
}

const expected = Array.from({ length: PARTITIONS }, (_, p) => Array.from({ length: RECORDS }, (_, n) => `${p}:${n}`))

describe('the exactly-once job that retries in one process', () => {
  beforeAll(() => {
    jest.spyOn(console, 'warn').mockImplementation(() => undefined)
  })
  afterAll(() => {
    jest.restoreAllMocks()
  })

  it(`should write every record once and in order, whatever goes wrong (${SEEDS} seeds)`, () => {
    const began = performance.now()
    let retries = 0
    let all = noTally
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { seen, completed, errors } = runWithFaults(seed)
      retries += errors.length
      for (const topic of seen) {
        const records = topic.flatMap((values, partition) => values.map((value) => ({ partition, value })))
        all = addTallies(all, tally(records, [expected.map(({ length }) => length)])[0]!)
      }
      expect({ seed, seen, completed, errors: completed ? [] : errors }).toEqual({
        seed,
        seen: TOPICS.map(() => expected),
        completed: true,
        errors: [],
      })
    }
    const seconds = (performance.now() - began) / 1000
    reportChaos({ fault: 'in memory: faults of all kinds, retried', rounds: SEEDS, ...all, restarts: retries, seconds })
    // A spec in which nothing goes wrong proves little.
    expect(retries).toBeGreaterThan(SEEDS / 10)
  })
})
