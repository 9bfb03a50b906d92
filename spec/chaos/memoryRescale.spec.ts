import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { concat, ignoreElements, map, merge, of, type Subscription, tap, timer } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import { CheckpointCoordinator } from '../../lib/checkpoint/CheckpointCoordinator.js'
import { CheckpointError } from '../../lib/checkpoint/CheckpointError.js'
import { type CheckpointStore, LEASE_MS } from '../../lib/checkpoint/store/CheckpointStore.js'
import { MemoryCheckpointStore } from '../../lib/checkpoint/store/MemoryCheckpointStore.js'
import { SimpleStringSchema } from '../../lib/client/schema/SimpleStringSchema.js'
import { MemoryKafka } from '../../lib/memory/MemoryKafka.js'
import { sinkTo } from '../../lib/sink/sinkTo.js'
import { TransactionNamingStrategy } from '../../lib/sink/transaction/strategy/TransactionNamingStrategy.js'
import { KafkaSource } from '../../lib/source/KafkaSource.js'
import { OffsetsInitializer } from '../../lib/source/offsets/OffsetsInitializer.js'
import { onRecords } from '../../lib/stream/onRecords.js'
import { copySink } from './copySink.js'

const PARTITIONS = 5
const RECORDS = 40
const RUNS = Number(process.env['CHAOS_SEEDS'] ?? 40)

/**
 * A run of the job: in how many subtasks, dealt to how many processes, which start how far apart (ms); for how long (ms), and how
 * it ends.
 */
interface Run {
  readonly parallelism: number
  readonly processes: number
  readonly apart: number
  readonly interval: number
  readonly ms: number
  readonly end: 'crash' | 'unsubscribe' | 'savepoint'
}

const anyRun: fc.Arbitrary<Run> = fc.record({
  parallelism: fc.integer({ min: 1, max: 5 }),
  processes: fc.integer({ min: 1, max: 3 }),
  apart: fc.integer({ min: 0, max: 60 }),
  interval: fc.integer({ min: 3, max: 30 }),
  ms: fc.integer({ min: 1, max: 150 }),
  end: fc.constantFrom('crash', 'unsubscribe', 'savepoint'),
})

/** The processes of a cluster, all on one in-memory Kafka and one store, in virtual time. */
class World {
  readonly scheduler = new TestScheduler(() => undefined)
  readonly kafka = new MemoryKafka({
    scheduler: this.scheduler,
    latencyMs: 4,
    topics: { in: PARTITIONS, out: PARTITIONS },
  })
  readonly store = new MemoryCheckpointStore()
  /** transactions that were committed by another run than the one that wrote them */
  recovered = 0

  constructor(private readonly naming: TransactionNamingStrategy = 'INCREMENTING') {
    for (let partition = 0; partition < PARTITIONS; partition++)
      for (let n = 0; n < RECORDS; n++) this.kafka.produce('in', [{ partition, value: `${partition}:${n}` }])
  }

  /** Starts all processes of a run. `done` when all have come to their end. */
  start({ parallelism, processes, apart, interval }: Run, bounded = true) {
    const { scheduler, kafka } = this
    const alive = { yes: true, begun: false }
    const sink = copySink('out', 'copy').setTransactionNamingStrategy(this.naming).build()
    const errors: unknown[] = []
    let left = Math.min(processes, parallelism)
    const jobs: { readonly checkpoints: CheckpointCoordinator; readonly subscription: Subscription }[] = []
    for (let process = 0; process < Math.min(processes, parallelism); process++) {
      const checkpoints = CheckpointCoordinator.create({ interval, store: mortal(this.store, alive), scheduler })
      const mine = Array.from({ length: parallelism }, (_, n) => n).filter((n) => n % processes === process)
      const subtasks = mine.map((subtaskIndex) => {
        const options = { parallelism, subtaskIndex, connect: kafka.connect, scheduler }
        return source(bounded)
          .elements({ ...options, checkpoints })
          .pipe(onRecords(map((value) => value)), sinkTo(sink, options))
      })
      const subscription = concat(
        timer(process * apart, scheduler).pipe(ignoreElements()),
        merge(...subtasks),
      ).subscribe({
        next: ({ kind, ...event }) =>
          (this.recovered += Number(kind === 'committed' && 'recovered' in event && event.recovered)),
        error: (error: unknown) => errors.push(error),
        complete: () => left--,
      })
      jobs.push({ checkpoints, subscription })
    }
    const unsubscribe = () => jobs.forEach(({ subscription }) => subscription.unsubscribe())
    return {
      errors,
      get begun() {
        return alive.begun
      },
      get done() {
        return left === 0
      },
      stop: (end: Run['end']) => {
        if (end === 'crash') {
          alive.yes = false
          kafka.cut()
          // A turn later, since a dying process does not unsubscribe within one of its own calls.
          scheduler.schedule(unsubscribe)
        } else if (end === 'unsubscribe') unsubscribe()
        else
          for (const { checkpoints } of jobs)
            checkpoints.stopWithSavepoint({ drain: false }).subscribe({ error: () => undefined })
      },
      unsubscribe,
    }
  }

  get seen() {
    const records = this.kafka.records('out', 'read_committed')
    return Array.from({ length: PARTITIONS }, (_, p) =>
      records.flatMap(({ partition, value }) => (partition === p ? [value] : [])),
    )
  }
}

/** A process that dies does not release its lease. */
const mortal = (store: CheckpointStore, alive: { readonly yes: boolean; begun: boolean }): CheckpointStore => ({
  begin: (request) =>
    store.begin(request).pipe(
      tap(() => (alive.begun = true)),
      map((attempt) => ({
        ...attempt,
        lease: attempt.lease && {
          ...attempt.lease,
          release: () => (alive.yes ? attempt.lease!.release() : of(undefined)),
        },
      })),
    ),
})

const source = (bounded: boolean) => {
  const builder = KafkaSource.builder()
    .setBootstrapServers('memory:9092')
    .setTopics('in')
    .setStartingOffsets(OffsetsInitializer.earliest())
    .setValueOnlyDeserializer(new SimpleStringSchema())
    .setProperty('max.poll.records', 3)
    .setProperty('max.partition.fetch.bytes', 60)
  return (bounded ? builder.setBounded(OffsetsInitializer.latest()) : builder).build()
}

/** Plays the runs one after the other, then one more to the end. */
const play = (runs: readonly Run[], naming?: TransactionNamingStrategy) => {
  const world = new World(naming)
  const { scheduler } = world
  const told = { refused: 0, errors: [] as unknown[], completed: false }

  const next = (before: Run | undefined, rest: readonly Run[]): void => {
    const [run = { ...(before ?? calm), ms: 10_000, end: 'unsubscribe' } satisfies Run] = rest
    const job = world.start(run)
    // Whoever changes the parallelism after a crash waits until it is sure that nobody lives.
    const wait = before?.end === 'crash' && before.parallelism !== run.parallelism ? LEASE_MS : 0
    scheduler.schedule(() => {
      const refused = job.errors.some(isRescale)
      told.errors.push(...job.errors.filter((error) => !isRescale(error)))
      if (rest.length === 0) told.completed = job.done
      job.stop(run.end)
      scheduler.schedule(() => {
        job.unsubscribe()
        if (refused && before !== undefined) {
          // Some had not taken over their part when the parallelism changed again: they get the time.
          told.refused++
          const { parallelism } = before
          next(before, [{ ...calm, parallelism, processes: parallelism }, ...rest.slice(1)])
        } else if (rest.length > 0) next(job.begun ? run : before, rest.slice(1))
      }, 300)
    }, run.ms + wait)
  }
  scheduler.run(({ flush }) => {
    next(undefined, runs)
    scheduler.maxFrames = 1_000_000
    flush()
  })
  return { ...told, seen: world.seen, recovered: world.recovered }
}

const calm: Run = { parallelism: 1, processes: 1, apart: 0, interval: 10, ms: 100, end: 'unsubscribe' }

const isRescale = (error: unknown): boolean => error instanceof CheckpointError && error._tag === 'Rescale'

const expected = Array.from({ length: PARTITIONS }, (_, p) => Array.from({ length: RECORDS }, (_, n) => `${p}:${n}`))

describe('the exactly-once job in several subtasks', () => {
  it.each(Object.values(TransactionNamingStrategy))(
    'should write every record once and in order, whatever their number is from run to run: %s',
    (naming) => {
      let recovered = 0
      fc.assert(
        fc.property(fc.array(anyRun, { minLength: 1, maxLength: 5 }), (runs) => {
          const { seen, errors, completed, ...met } = play(runs, naming)
          recovered += met.recovered
          expect({ seen, errors, completed }).toEqual({ seen: expected, errors: [], completed: true })
        }),
        { numRuns: RUNS },
      )
      // A spec in which no transaction outlives its subtask proves little.
      expect(recovered).toBeGreaterThan(0)
    },
  )

  it('should not change their number again before all have taken over their part', () => {
    const halfDone = { ...calm, parallelism: 3, processes: 3, apart: 80, ms: 120 }
    const { seen, errors, completed, refused } = play([{ ...calm, parallelism: 2 }, halfDone, calm])
    expect({ seen, errors, completed, refused }).toEqual({ seen: expected, errors: [], completed: true, refused: 1 })
  })

  it('should refuse another number of them beside those that run, and let these be', () => {
    const world = new World()
    const { scheduler } = world
    scheduler.run(({ flush }) => {
      const running = world.start({ ...calm, parallelism: 2, processes: 2 }, false)
      scheduler.schedule(() => {
        const refused = world.start({ ...calm, parallelism: 3, processes: 3 })
        scheduler.schedule(() => {
          expect(refused.errors).toEqual(
            Array.from({ length: 3 }, () =>
              expect.objectContaining({
                _tag: 'Rescale',
                retriable: true,
                message: expect.stringMatching(/cannot start with parallelism 3.*attempt-00000[12]-subtasks-[01]-of-2/),
              }),
            ),
          )
          expect(running.errors).toEqual([])
          running.unsubscribe()
        }, LEASE_MS / 2)
      }, 50)
      scheduler.maxFrames = 100_000
      flush()
    })
    expect.assertions(2)
  })
})
