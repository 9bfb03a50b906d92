import { describe, expect, it } from '@jest/globals'
import { map, merge, Subject, tap } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import { CheckpointCoordinator } from '../../lib/checkpoint/CheckpointCoordinator.js'
import { MemoryCheckpointStore } from '../../lib/checkpoint/store/MemoryCheckpointStore.js'
import { SimpleStringSchema } from '../../lib/client/schema/SimpleStringSchema.js'
import { MemoryKafka } from '../../lib/memory/MemoryKafka.js'
import { sinkTo } from '../../lib/sink/sinkTo.js'
import { KafkaSource } from '../../lib/source/KafkaSource.js'
import { OffsetsInitializer } from '../../lib/source/offsets/OffsetsInitializer.js'
import { onRecords } from '../../lib/stream/onRecords.js'
import { copySink } from './copySink.js'
import { reportChaos } from './chaosReport.js'
import { watchedStore } from './crashPoints.js'
import { randomBySeed } from './randomBySeed.js'
import { addTallies, noTally, tally } from './tally.js'

const PARTITIONS = 2
const RECORDS = 40
/** Steps at which dying proves most; they are few among all steps, so some crashes are drawn for them. */
const TELLING = ['before EndTxn', 'after EndTxn', 'before Produce', 'stored', 'committed', 'sink prepared']
const SEEDS = Number(process.env['CHAOS_SEEDS'] ?? 300)

/**
 * The exactly-once job on an in-memory Kafka in virtual time. Everything it does is a step: each call of a client before its
 * effect and between effect and answer, each write of the store, each event of the sink. It dies at a step drawn by seed, and
 * again, and starts again; then it may finish.
 */
const crashAndRestore = (seed: number) => {
  const random = randomBySeed(seed)
  const crashes = 1 + random(4)
  const scheduler = new TestScheduler(() => undefined)
  const kafka = new MemoryKafka({ scheduler, topics: { in: PARTITIONS, out: PARTITIONS } })
  const store = new MemoryCheckpointStore()
  const naming = seed % 2 === 0 ? 'POOLING' : 'INCREMENTING'
  const sink = copySink('out', 'copy').setTransactionNamingStrategy(naming).build()
  const errors: unknown[] = []
  const steps: string[] = []
  let completed = false

  for (let p = 0; p < PARTITIONS; p++) {
    const values = Array.from({ length: RECORDS }, (_, n) => ({ partition: p, value: `${p}:${n}` }))
    for (let n = 0; n < RECORDS; n += 5) kafka.produce('in', values.slice(n, n + 5))
  }

  const start = (crashesLeft: number): void => {
    const storeSteps = new Subject<string>()
    const checkpoints = CheckpointCoordinator.create({
      interval: 5 + random(30),
      store: watchedStore(store, (point) => storeSteps.next(point)),
      scheduler,
    })
    const source = KafkaSource.builder()
      .setBootstrapServers('memory:9092')
      .setGroupId('copy')
      .setTopics('in')
      .setStartingOffsets(OffsetsInitializer.earliest())
      .setBounded(OffsetsInitializer.latest())
      .setValueOnlyDeserializer(new SimpleStringSchema())
      .setProperty('max.poll.records', 1 + random(12))
      .setProperty('max.partition.fetch.bytes', 60)
      .build()
    let left = crashesLeft > 0 ? 1 + random(240) : Infinity
    const aimedAt = crashesLeft > 0 && random(4) === 0 ? TELLING[random(TELLING.length)] : undefined
    const step = (what: string): void => {
      if (what === aimedAt) left = 1
      if (--left !== 0) return
      steps.push(what)
      kafka.cut()
      watching.unsubscribe()
      // A turn later, since a dying process does not unsubscribe within one of its own calls.
      scheduler.schedule(() => {
        start(crashesLeft - 1)
        job.unsubscribe()
      })
    }
    const sinkSteps = new Subject<string>()
    const watching = merge(
      kafka.calls$.pipe(map(({ api, moment }) => `${moment} ${api}`)),
      storeSteps,
      sinkSteps,
    ).subscribe(step)
    const job = source
      .elements({ checkpoints, connect: kafka.connect, scheduler })
      .pipe(
        onRecords(map((value) => value)),
        sinkTo(sink, { connect: kafka.connect, scheduler }),
        tap(({ kind }) => sinkSteps.next(`sink ${kind}`)),
      )
      .subscribe({ error: (error) => errors.push(error), complete: () => (completed = true) })
  }

  scheduler.run(({ flush }) => {
    start(crashes)
    scheduler.maxFrames = 120_000
    flush()
  })

  const seen = Array.from({ length: PARTITIONS }, (_, p) =>
    kafka.records('out', 'read_committed').flatMap(({ partition, value }) => (partition === p ? [value] : [])),
  )
  return { seen, errors, completed, steps }
}

const expected = Array.from({ length: PARTITIONS }, (_, p) => Array.from({ length: RECORDS }, (_, n) => `${p}:${n}`))

describe('the exactly-once job on the in-memory Kafka', () => {
  it(`should write every record once and in order, wherever it dies (${SEEDS} seeds)`, () => {
    const died = new Map<string, number>()
    const began = performance.now()
    let all = noTally
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { seen, errors, completed, steps } = crashAndRestore(seed)
      const records = seen.flatMap((values, partition) => values.map((value) => ({ partition, value })))
      all = addTallies(all, tally(records, [expected.map(({ length }) => length)])[0]!)
      expect({ seed, steps, seen, errors, completed }).toEqual({
        seed,
        steps,
        seen: expected,
        errors: [],
        completed: true,
      })
      for (const step of steps) died.set(step, (died.get(step) ?? 0) + 1)
    }
    const restarts = [...died.values()].reduce((sum, times) => sum + times, 0)
    const seconds = (performance.now() - began) / 1000
    reportChaos({ fault: 'in memory: a crash between any two steps', rounds: SEEDS, ...all, restarts, seconds })
    // The draw has met what matters: a spec that never dies while committing proves little.
    for (const step of TELLING) {
      expect({ step, times: died.get(step) ?? 0 }).toEqual({ step, times: expect.any(Number) })
      expect(died.get(step) ?? 0).toBeGreaterThan(0)
    }
  })
})
