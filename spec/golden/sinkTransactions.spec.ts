import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import { identity, map, merge, type Observable } from 'rxjs'
import type { CheckpointConfig } from '../../lib/checkpoint/CheckpointConfig.js'
import { SimpleStringSchema } from '../../lib/client/schema/SimpleStringSchema.js'
import { Fault } from '../../lib/memory/Fault.js'
import type { MemoryKafka } from '../../lib/memory/MemoryKafka.js'
import type { SinkEvent } from '../../lib/sink/SinkEvent.js'
import { sinkTo } from '../../lib/sink/sinkTo.js'
import { TransactionNamingStrategy } from '../../lib/sink/transaction/strategy/TransactionNamingStrategy.js'
import { KafkaSource } from '../../lib/source/KafkaSource.js'
import { OffsetsInitializer } from '../../lib/source/offsets/OffsetsInitializer.js'
import { onRecords } from '../../lib/stream/onRecords.js'
import { restart } from '../../lib/stream/restart.js'
import { handSource, type HandSourceOptions } from '../checkpoint/support/handSource.js'
import { sinkOf, type SinkSettings } from '../sink/support/copying.js'
import { golden } from '../support/golden.js'
import { numbers, SinkScene } from './replay/SinkScene.js'

interface Listed {
  readonly transactionalId: string
  readonly state: string
}

interface TopicState {
  readonly hw: number
  readonly lso: number
  readonly readCommittedCount: number
  readonly readCommittedContiguousFromZero: boolean
  readonly readCommittedDuplicates: number
}

interface Case {
  readonly id: string
  readonly transactionalIdPrefix: string
  readonly run1?: { readonly exit: number }
  readonly run2?: { readonly exceptionChain?: readonly { readonly message: string }[] }
  readonly listAfterKill?: readonly Listed[]
  readonly listAfterExpiry?: readonly Listed[]
  readonly listAfterCrash?: readonly Listed[]
  readonly listWhileRun2?: readonly Listed[]
  readonly listTransactions: readonly Listed[]
  readonly final: TopicState
}

const cases = new Map(golden<Case>('sink-transactions').map((one) => [one.id, one]))
const recorded = (id: string): Case => cases.get(id)!

/** By the id without its prefix, as of one subtask; those that were never used are left out: how many stand ready is another matter. */
const used = (listed: readonly Listed[], prefix: string, subtask = 0): Readonly<Record<string, string>> =>
  Object.fromEntries(
    listed
      .map(({ transactionalId, state }) => [transactionalId.slice(prefix.length), state] as const)
      .filter(([suffix, state]) => state !== 'Empty' && new RegExp(`^-${subtask}-\\d+$`).test(suffix)),
  )
const usedOf = (kafka: MemoryKafka, prefix = 'job') =>
  used(
    kafka.transactions().filter(({ transactionalId }) => transactionalId.startsWith(`${prefix}-0-`)),
    prefix,
  )
const usedIn = (list: readonly Listed[] | undefined, { transactionalIdPrefix }: Case) =>
  used(list ?? [], transactionalIdPrefix)

const topicState = (scene: SinkScene) => {
  const { kafka, committed } = scene
  const [hw, lso] = [kafka.endOffsets('out')[0], kafka.endOffsets('out', 'read_committed')[0]]
  return { hw, lso, readCommittedCount: committed.length }
}

interface Job extends Partial<HandSourceOptions> {
  readonly interval: number
  readonly project?: (n: number) => number
  readonly name?: (n: number) => string
  readonly checkpoints?: Partial<CheckpointConfig>
  readonly sink?: SinkSettings
}

const job = (scene: SinkScene, settings: Job): Observable<SinkEvent> => {
  const { interval, checkpoints, sink, project = identity, name = String, ...source } = settings
  const { scheduler, kafka } = scene
  const { coordinator = scene.coordinator({ interval, ...checkpoints }) } = source
  return handSource({ ...source, coordinator, scheduler }).pipe(
    onRecords(map(project), map(name)),
    sinkTo(sinkOf(sink), { connect: kafka.connect, scheduler, uid: 'sink' }),
  )
}

/** Runs it to its end. */
const complete = (scene: SinkScene, settings: Job): void => {
  scene.play(() => {
    scene.start(job(scene, settings))
  }, 60_000)
  expect(scene.errors).toEqual([])
  expect(scene.completions).toBe(1)
}

/** Runs it until it dies, `until` ms from the beginning of the scene. */
const killed = (scene: SinkScene, until: number, settings: Job): void => {
  dies(scene, until, () => job(scene, settings))
}

const dies = (scene: SinkScene, until: number, job: () => Observable<SinkEvent>): void => {
  scene.play(() => {
    const running = scene.start(job())
    scene.at(until - 1 - scene.scheduler.now(), () => {
      scene.kafka.cut()
      running.unsubscribe()
    })
  }, until)
  expect(scene.errors).toEqual([])
}

/** 20 ms between records, checkpoints every second, killed with a transaction open after the third. */
const twenty: Job = { interval: 1000, every: 20 }

/** What each recorded case does, and what comes of it; where we depart, that is said. */
const scripts: Readonly<Record<string, (one: Case) => void>> = {
  'incrementing-par1': ({ final, ...one }) => {
    const scene = new SinkScene()
    complete(scene, { interval: 1000, every: 50, count: 120 })
    expect(scene.committed).toEqual(numbers(120))
    expect(final).toMatchObject(topicState(scene))
    expect(usedOf(scene.kafka)).toEqual(usedIn(one.listTransactions, { ...one, final }))
  },

  // Flink takes an id for each checkpoint; a transaction without records goes on past the barrier here.
  'incrementing-sparse': ({ final, ...one }) => {
    const scene = new SinkScene()
    complete(scene, { interval: 300, every: 2000, count: 4 })
    expect(scene.committed).toEqual(numbers(4))
    expect(final).toMatchObject(topicState(scene))
    const theirs = Object.values(usedIn(one.listTransactions, { ...one, final }))
    expect(Object.values(usedOf(scene.kafka))).toEqual(theirs)
    expect(Object.keys(usedOf(scene.kafka))).toEqual(['-0-1', '-0-2', '-0-3', '-0-4'])
  },

  // Flink begins with the same ids, and doubles without a word. Here the prefix is found in use, which is told, and its ids are left
  // alone: they may be another job's. What was open ends by its time-out.
  'incrementing-kill-fresh': (one) => {
    const scene = new SinkScene()
    killed(scene, 3_500, twenty)
    expect(usedOf(scene.kafka)).toEqual(usedIn(one.listAfterKill, one))
    const emptied = new SinkScene(scene.scheduler, scene.kafka)
    killed(emptied, 7_000, twenty)
    expect(warned).toHaveBeenCalledWith(expect.stringContaining('the transactional id prefix "job" was used before'))
    expect(usedOf(scene.kafka)).toMatchObject(usedIn(one.listAfterKill, one))
    scene.play(() => scene.at(900_000, () => undefined), 1_000_000)
    expect(one.final.readCommittedDuplicates).toBeGreaterThan(0)
    expect(scene.committed.slice(0, 150)).toEqual(numbers(150))
    expect(scene.committed.slice(150)).toEqual(numbers(scene.committed.length - 150))
  },

  'incrementing-kill-restore-newprefix': (one) => {
    const scene = new SinkScene()
    killed(scene, 3_500, twenty)
    expect(usedOf(scene.kafka)).toEqual(usedIn(one.listAfterKill, one))
    killed(scene, 4_900, { ...twenty, sink: { prefix: 'job-new' } })
    // What was open under the old prefix is aborted, what was committed is left alone.
    const { '-0-4': open, ...others } = usedIn(one.listAfterKill, one)
    expect(open).toBe('Ongoing')
    expect(usedOf(scene.kafka)).toEqual(others)
    expect(usedIn(one.listWhileRun2, one)).toEqual(others)
    killed(scene, 8_000, { ...twenty, sink: { prefix: 'job-new' } })
    expect(one.final).toMatchObject({ readCommittedContiguousFromZero: true, readCommittedDuplicates: 0 })
    expect(scene.committed.length).toBeGreaterThan(250)
    expect(scene.committed).toEqual(numbers(scene.committed.length))
  },

  'incrementing-crash-before-commit': (one) => {
    const scene = new SinkScene()
    scene.kafka.inject({ api: 'EndTxn', nth: 3 }, Fault.delay(5_000))
    killed(scene, 3_010, twenty)
    const { '-0-4': _, ...ours } = usedOf(scene.kafka)
    expect(ours).toEqual(usedIn(one.listAfterCrash, one))
    killed(scene, 5_500, twenty)
    expect(usedOf(scene.kafka)['-0-3']).toBe('CompleteCommit')
    expect(usedIn(one.listWhileRun2, one)['-0-3']).toBe('CompleteCommit')
    expect(one.final).toMatchObject({ readCommittedContiguousFromZero: true, readCommittedDuplicates: 0 })
    expect(scene.committed.length).toBeGreaterThan(200)
    expect(scene.committed).toEqual(numbers(scene.committed.length))
  },

  'txn-timeout-expired': (one) => {
    const scene = new SinkScene()
    const sink = { properties: { 'transaction.timeout.ms': 5_000 } }
    killed(scene, 3_500, { ...twenty, sink })
    expect(usedOf(scene.kafka)).toEqual(usedIn(one.listAfterKill, one))
    scene.play(() => scene.at(6_000, () => undefined), 10_000)
    scene.kafka.endOffsets('out', 'read_committed')
    expect(usedOf(scene.kafka)).toEqual(usedIn(one.listAfterExpiry, one))
    killed(scene, 13_000, { ...twenty, sink })
    expect(one.final).toMatchObject({ readCommittedContiguousFromZero: true, readCommittedDuplicates: 0 })
    expect(scene.committed.length).toBeGreaterThan(250)
    expect(scene.committed).toEqual(numbers(scene.committed.length))
  },

  // Flink's default is an hour, which brokers refuse by default.
  'default-timeout': ({ run1, final }) => {
    expect([run1?.exit, final.hw]).toEqual([3, 0])
    const scene = new SinkScene()
    complete(scene, { interval: 1000, every: 50, count: 40, sink: { properties: {} } })
    expect(sinkOf().config.producer.transactionTimeoutMs).toBe(900_000)
    expect(scene.committed).toEqual(numbers(40))
  },

  // Flink commits at the end of a bounded job, and never of another one.
  'no-checkpointing-bounded': ({ final }) => {
    expect(final.readCommittedCount).toBe(40)
    const scene = new SinkScene()
    const { scheduler, kafka } = scene
    kafka.createTopic('in', 1)
    const source = KafkaSource.builder()
      .setBootstrapServers('memory:9092')
      .setTopics('in')
      .setBounded(OffsetsInitializer.latest())
      .setValueOnlyDeserializer(new SimpleStringSchema())
      .build()
    const options = { connect: kafka.connect, scheduler }
    scene.play(() => {
      scene.start(source.elements(options).pipe(sinkTo(sinkOf(), options)))
    }, 10_000)
    expect(scene.errors.map(String)).toEqual([
      expect.stringContaining('exactly-once rests on checkpoints, but this stream has none.'),
    ])
  },
}

/** Several subtasks are held against a model of their own, in virtual time and as processes on real brokers. */
const elsewhere: Readonly<Record<string, string>> = {
  'incrementing-kill-restore-par2to1': 'spec/chaos/memoryRescale.spec.ts',
}

const pooled = { naming: TransactionNamingStrategy.POOLING }

/** With POOLING. Ids of an attempt are used again within it; those of another attempt are others, since no two attempts share an id here. */
const pooling: typeof scripts = {
  'pooling-par1': ({ final, ...one }) => {
    const scene = new SinkScene()
    complete(scene, { interval: 1000, every: 50, count: 120, sink: pooled })
    expect(scene.committed).toEqual(numbers(120))
    expect(final).toMatchObject(topicState(scene))
    expectFew(scene, usedIn(one.listTransactions, { ...one, final }))
  },

  'pooling-par2': ({ final }) => {
    const scene = new SinkScene()
    scene.play(() => scene.start(subtasks(scene, 2, { interval: 1000, every: 50, count: 60 })), 60_000)
    expect([scene.errors, scene.completions]).toEqual([[], 1])
    expect(final.readCommittedCount).toBe(120)
    expect(ofSubtasks(scene)).toEqual([numbers(60), numbers(60)])
    for (const subtask of [0, 1]) expectFew(scene, { '-0-0': 'Empty', '-0-1': 'CompleteCommit' }, subtask)
  },

  'pooling-kill-restore': (one) => {
    const scene = new SinkScene()
    killed(scene, 3_500, { ...twenty, sink: pooled })
    expect(statesOf(scene)).toEqual(Object.values(usedIn(one.listAfterKill, one)))
    killed(scene, 8_000, { ...twenty, sink: pooled })
    expectContiguous(one, scene, 250)
  },

  'pooling-kill-restore-par2to1': (one) => {
    const scene = new SinkScene()
    killedWith(scene, 3_500, 2)
    expect(statesOf(scene)).toContain('Ongoing')
    expect(statesOf(scene, 1)).toContain('Ongoing')
    expect(Object.values(usedIn(one.listAfterKill, one))).toContain('Ongoing')
    // Whoever changes the parallelism waits until it is sure that the former processes live no more.
    killedWith(scene, 16_000, 1)
    // What subtask 1 left open is aborted, and nothing is opened there any more.
    expect(statesOf(scene, 1)).not.toContain('Ongoing')
    expect(used(one.listWhileRun2 ?? [], one.transactionalIdPrefix, 1)).toEqual({ '-1-0': 'CompleteCommit' })
    const [first, second] = ofSubtasks(scene)
    expect(first!.length).toBeGreaterThan(250)
    expect(first).toEqual(numbers(first!.length))
    expect(second).toEqual(numbers(second!.length))
  },

  'pooling-kill-restore-par1to2': (one) => {
    const scene = new SinkScene()
    killedWith(scene, 3_500, 1)
    expect(statesOf(scene)).toContain('Ongoing')
    expect(Object.values(usedIn(one.listAfterKill, one))).toContain('Ongoing')
    killedWith(scene, 16_000, 2)
    expect(one.final).toMatchObject({ readCommittedContiguousFromZero: true, readCommittedDuplicates: 0 })
    for (const written of ofSubtasks(scene)) {
      expect(written.length).toBeGreaterThan(150)
      expect(written).toEqual(numbers(written.length))
    }
  },

  'pooling-fail-restart': (one) => {
    const scene = new SinkScene()
    let failures = 0
    const fragile = (n: number): number => {
      if (n === 55 && failures++ === 0) throw new Error('the user function fails at record 55')
      return n
    }
    scene.play(() => {
      const settings = { interval: 1000, every: 50, count: 120, sink: pooled, project: fragile }
      scene.start(job(scene, settings).pipe(restart({ initialDelay: 100, scheduler: scene.scheduler })))
    }, 60_000)
    expect([scene.errors, scene.completions, failures]).toEqual([[], 1, 2])
    expect(scene.committed).toEqual(numbers(120))
    expect(one.final).toMatchObject({ readCommittedCount: 120, readCommittedDuplicates: 0 })
    expect(statesOf(scene)).not.toContain('Ongoing')
  },

  'pooling-crash-before-commit': (one) => {
    const scene = new SinkScene()
    scene.kafka.inject({ api: 'EndTxn', nth: 3 }, Fault.delay(5_000))
    killed(scene, 3_010, { ...twenty, sink: pooled })
    expect(statesOf(scene)).toContain('Ongoing')
    expect(Object.values(usedIn(one.listAfterCrash, one))).toContain('Ongoing')
    killed(scene, 5_500, { ...twenty, sink: pooled })
    expectContiguous(one, scene, 200)
  },

  'switch-pooling-to-incrementing': (one) => {
    const scene = new SinkScene()
    killed(scene, 3_500, { ...twenty, sink: pooled })
    const before = scene.kafka.transactions()
    const { run2, listAfterKill, listWhileRun2 } = one
    expect(listWhileRun2).toEqual(listAfterKill)
    const message = run2?.exceptionChain?.at(-1)?.message
    expect(message).toContain('Attempted to switch the transaction naming strategy back to INCREMENTING')
    scene.play(() => scene.start(job(scene, twenty)), 8_000)
    expect(scene.errors).toEqual([
      expect.objectContaining({ retriable: false, message: expect.stringContaining(message!) }),
    ])
    // Nothing that POOLING has named is touched, but for the id that says whose they are.
    const named = (all: typeof before) => all.filter(({ transactionalId }) => !transactionalId.endsWith('-owner'))
    expect(named(scene.kafka.transactions())).toEqual(named(before))
  },
}

/** The states of the ids that a subtask has used, in their order. */
const statesOf = ({ kafka }: SinkScene, subtask = 0): readonly string[] =>
  Object.values(used(kafka.transactions(), 'job', subtask))

/** A subtask has used as few ids as it has transactions at a time: Flink two, and we the two more that are initialised ahead. */
const expectFew = (scene: SinkScene, theirs: Readonly<Record<string, string>>, subtask = 0): void => {
  const ours = statesOf(scene, subtask)
  expect(new Set(ours)).toEqual(new Set(['CompleteCommit']))
  expect(ours.length).toBeLessThanOrEqual(Object.keys(theirs).length + 2)
}

const expectContiguous = ({ final }: Case, { committed }: SinkScene, atLeast: number): void => {
  expect(final).toMatchObject({ readCommittedContiguousFromZero: true, readCommittedDuplicates: 0 })
  expect(committed.length).toBeGreaterThan(atLeast)
  expect(committed).toEqual(numbers(committed.length))
}

/** A job in several subtasks, each of which writes numbers of its own: `1:0`, `1:1`, … */
const subtasks = (scene: SinkScene, parallelism: number, settings: Job): Observable<SinkEvent> => {
  const coordinator = scene.coordinator({ interval: settings.interval })
  const all = Array.from({ length: parallelism }, (_, subtaskIndex) =>
    job(scene, {
      ...settings,
      sink: pooled,
      coordinator,
      subtaskIndex,
      parallelism,
      name: (n) => `${subtaskIndex}:${n}`,
    }),
  )
  return merge(...all)
}

const killedWith = (scene: SinkScene, until: number, parallelism: number): void => {
  dies(scene, until, () => subtasks(scene, parallelism, twenty))
}

const ofSubtasks = ({ committed }: SinkScene): readonly (readonly string[])[] =>
  [0, 1].map((subtask) => committed.filter((value) => value.startsWith(`${subtask}:`)).map((value) => value.slice(2)))

const warned = jest.spyOn(console, 'warn')

describe('KafkaSink with EXACTLY_ONCE, as recorded from Flink', () => {
  beforeEach(() => {
    warned.mockReset().mockImplementation(() => undefined)
  })
  afterEach(() => {
    warned.mockReset()
  })

  const all = { ...scripts, ...pooling }

  it('should have a script for every case, and no others', () => {
    expect([...Object.keys(all), ...Object.keys(elsewhere)].sort()).toEqual([...cases.keys()].sort())
  })

  it.each(Object.entries(all))('should do as recorded, or what is said instead: %s', (id, script) => {
    script(recorded(id))
  })

  it('should go over from INCREMENTING to POOLING with its checkpoints, and end what was open', () => {
    const scene = new SinkScene()
    killed(scene, 3_500, twenty)
    expect(usedOf(scene.kafka)['-0-4']).toBe('Ongoing')
    killed(scene, 8_000, { ...twenty, sink: pooled })
    expect(usedOf(scene.kafka)['-0-4']).toBeUndefined()
    expect(scene.committed.length).toBeGreaterThan(250)
    expect(scene.committed).toEqual(numbers(scene.committed.length))
  })

  it('should find with POOLING what an emptied store does not know of, and end it at once', () => {
    const scene = new SinkScene()
    killed(scene, 3_500, { ...twenty, sink: pooled })
    expect(statesOf(scene)).toContain('Ongoing')
    const emptied = new SinkScene(scene.scheduler, scene.kafka)
    killed(emptied, 3_900, { ...twenty, sink: pooled })
    expect(warned).toHaveBeenCalledWith(expect.stringContaining('the transactional id prefix "job" was used before'))
    // Of the former one; the new one has an open transaction of its own.
    expect(statesOf(scene).filter((state) => state === 'Ongoing')).toHaveLength(1)
    expect(scene.kafka.endOffsets('out', 'read_committed')[0]).toBeGreaterThan(0)
  })
})
