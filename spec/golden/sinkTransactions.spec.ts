import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import { map, NEVER, type Observable, startWith } from 'rxjs'
import type { CheckpointConfig } from '../../lib/checkpoint/CheckpointConfig.js'
import { SimpleStringSchema } from '../../lib/client/schema/SimpleStringSchema.js'
import { Fault } from '../../lib/memory/Fault.js'
import type { MemoryKafka } from '../../lib/memory/MemoryKafka.js'
import { DeliveryGuarantee } from '../../lib/sink/DeliveryGuarantee.js'
import { KafkaSink } from '../../lib/sink/KafkaSink.js'
import { KafkaRecordSerializationSchema } from '../../lib/sink/serializer/KafkaRecordSerializationSchema.js'
import type { SinkEvent } from '../../lib/sink/SinkEvent.js'
import { sinkTo } from '../../lib/sink/sinkTo.js'
import { TransactionNamingStrategy } from '../../lib/sink/transaction/TransactionNamingStrategy.js'
import { encodeWriterState } from '../../lib/sink/writer/KafkaWriterState.js'
import { KafkaSource } from '../../lib/source/KafkaSource.js'
import { OffsetsInitializer } from '../../lib/source/offsets/OffsetsInitializer.js'
import { onRecords } from '../../lib/stream/onRecords.js'
import type { Restored } from '../../lib/stream/Restored.js'
import { Upstream } from '../../lib/testing/Upstream.js'
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
  readonly checkpoints?: Partial<CheckpointConfig>
  readonly sink?: SinkSettings
}

const job = (scene: SinkScene, { interval, checkpoints, sink, ...source }: Job): Observable<SinkEvent> => {
  const { scheduler, kafka } = scene
  const coordinator = scene.coordinator({ interval, ...checkpoints })
  return handSource({ coordinator, scheduler, ...source }).pipe(
    onRecords(map(String)),
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
  scene.play(() => {
    const running = scene.start(job(scene, settings))
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

/** POOLING is refused by the builder, so a job never has to switch back from it. */
const pooling = ({ listTransactions }: Case): void => {
  expect(listTransactions.length).toBeGreaterThan(0)
  const builder = KafkaSink.builder<string>()
    .setBootstrapServers('memory:9092')
    .setDeliveryGuarantee(DeliveryGuarantee.EXACTLY_ONCE)
    .setTransactionalIdPrefix('job')
    .setTransactionNamingStrategy(TransactionNamingStrategy.POOLING)
    .setRecordSerializer(
      KafkaRecordSerializationSchema.builder<string>()
        .setTopic('out')
        .setValueSerializationSchema(new SimpleStringSchema())
        .build(),
    )
  expect(() => builder.build()).toThrow('TransactionNamingStrategy.POOLING is not available in this release.')
}

/** What a checkpoint holds of a sink whose transactions were named by POOLING, as a later release may write it. */
const pooledState = {
  ...{ transactionalIdPrefix: 'job', subtaskIndex: 0, parallelism: 1, checkpointId: 3, committables: [] },
  naming: { strategy: 'POOLING' },
}

/** Several subtasks are held against a model of their own, in virtual time and as processes on real brokers. */
const elsewhere: Readonly<Record<string, string>> = {
  'incrementing-kill-restore-par2to1': 'spec/chaos/memoryRescale.spec.ts',
}

const warned = jest.spyOn(console, 'warn')

describe('KafkaSink with EXACTLY_ONCE, as recorded from Flink', () => {
  beforeEach(() => {
    warned.mockReset().mockImplementation(() => undefined)
  })
  afterEach(() => {
    warned.mockReset()
  })

  const ofPooling = [...cases.keys()].filter((id) => id.includes('pooling'))

  it('should have a script for every case, and no others', () => {
    expect([...Object.keys(scripts), ...Object.keys(elsewhere), ...ofPooling].sort()).toEqual([...cases.keys()].sort())
  })

  it.each(Object.entries(scripts))('should do as recorded, or what is said instead: %s', (id, script) => {
    script(recorded(id))
  })

  it.each(ofPooling)('should refuse the strategy: %s', (id) => {
    pooling(recorded(id))
  })

  it('should not go on with INCREMENTING from a checkpoint of POOLING, in the words of Flink', () => {
    const { run2 } = recorded('switch-pooling-to-incrementing')
    const message = run2?.exceptionChain?.at(-1)?.message
    expect(message).toContain('Attempted to switch the transaction naming strategy back to INCREMENTING')
    const scene = new SinkScene()
    const { scheduler, kafka } = scene
    const restored: Restored = {
      ...new Upstream().restored(3, { 'sink-job': encodeWriterState(pooledState) }),
      checkpointing: { interval: 100, timeout: 1_000 },
    }
    scene.play(() => {
      scene.start(NEVER.pipe(startWith(restored), sinkTo(sinkOf(), { connect: kafka.connect, scheduler })))
    }, 1_000)
    expect(scene.errors).toEqual([
      expect.objectContaining({ retriable: false, message: expect.stringContaining(message!) }),
    ])
  })
})
