import { describe, expect, it } from '@jest/globals'
import { map } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import type { Logger } from '../../lib/client/KafkaConfig.js'
import { SimpleStringSchema } from '../../lib/client/schema/SimpleStringSchema.js'
import { MemoryKafka } from '../../lib/memory/MemoryKafka.js'
import { DeliveryGuarantee } from '../../lib/sink/DeliveryGuarantee.js'
import { KafkaSink } from '../../lib/sink/KafkaSink.js'
import { FixedPartitioner } from '../../lib/sink/serializer/FixedPartitioner.js'
import { KafkaRecordSerializationSchema } from '../../lib/sink/serializer/KafkaRecordSerializationSchema.js'
import { sinkTo } from '../../lib/sink/sinkTo.js'
import { onRecords } from '../../lib/stream/onRecords.js'
import { handSource } from '../checkpoint/support/handSource.js'
import { SinkScene } from './sinkScene.js'

const { NONE, AT_LEAST_ONCE, EXACTLY_ONCE } = DeliveryGuarantee

interface Settings {
  readonly guarantee?: DeliveryGuarantee
  readonly autoCreate?: boolean
  readonly maxBlockMs?: number
  readonly selector?: boolean
  readonly partitioner?: boolean
  /** when the topic is made */
  readonly createdAt?: number
  /** when the first record comes */
  readonly firstAt?: number
}

/** A job of ten numbers into a topic that is not there. */
const play = ({
  guarantee = EXACTLY_ONCE,
  autoCreate = false,
  maxBlockMs,
  selector = false,
  partitioner = false,
  createdAt = Infinity,
  firstAt = 0,
}: Settings = {}) => {
  const scheduler = new TestScheduler(() => undefined)
  const scene = new SinkScene(
    scheduler,
    new MemoryKafka({ scheduler, brokerConfig: { 'auto.create.topics.enable': String(autoCreate) } }),
  )
  const warned: (readonly [number, string])[] = []
  const silent = () => undefined
  const logger: Logger = {
    ...{ debug: silent, info: silent, error: silent },
    warn: (line) => void warned.push([scheduler.now(), line]),
  }
  scene.play(() => {
    const schema = KafkaRecordSerializationSchema.builder<string>().setValueSerializationSchema(
      new SimpleStringSchema(),
    )
    if (selector) schema.setTopicSelector(() => 'out')
    else schema.setTopic('out')
    if (partitioner) schema.setPartitioner(new FixedPartitioner())
    const sink = KafkaSink.builder<string>()
      .setBootstrapServers('memory:9092')
      .setLogger(logger)
      .setDeliveryGuarantee(guarantee)
      .setTransactionalIdPrefix('job')
      .setRecordSerializer(schema.build())
    if (maxBlockMs !== undefined) sink.setProperty('max.block.ms', maxBlockMs)
    const source$ = handSource({
      coordinator: scene.coordinator(),
      scheduler,
      count: 10,
      every: 1000,
      readyAfter: firstAt,
    })
    scene.start(source$.pipe(onRecords(map(String)), sinkTo(sink.build(), { connect: scene.kafka.connect, scheduler })))
    if (createdAt < Infinity) scene.at(createdAt, () => scene.kafka.createTopic('out', 2))
  }, 200_000)
  return { scene, warned }
}

const missing = expect.stringMatching(
  /^Topic out does not exist \(UNKNOWN_TOPIC_OR_PARTITION\).*max\.block\.ms \(60000 ms\)\. Create it.*auto\.create\.topics\.enable/,
)

describe('a sink whose topic is missing', () => {
  it.each([NONE, AT_LEAST_ONCE, EXACTLY_ONCE])(
    'should warn of it once when it opens, and end after max.block.ms, with %s',
    (guarantee) => {
      const { scene, warned } = play({ guarantee })
      expect(warned).toEqual([[expect.any(Number), missing]])
      expect(warned[0]?.[0]).toBeLessThan(100)
      expect(scene.errors).toEqual([
        expect.objectContaining({
          ...{ _tag: 'DeliveryTimeout', retriable: true, topic: 'out', codeName: 'UNKNOWN_TOPIC_OR_PARTITION' },
          message: expect.stringMatching(/^Topic out not present in metadata after 60000 ms \(max\.block\.ms\)\./),
        }),
      ])
      expect(scene.erredAt).toBeGreaterThan(58_000)
      expect(scene.erredAt).toBeLessThanOrEqual(60_100)
    },
  )

  it('should end though no record comes, as a source does', () => {
    const { scene } = play({ firstAt: 150_000 })
    expect(scene.errors).toEqual([expect.objectContaining({ topic: 'out' })])
    expect(scene.erredAt).toBeLessThanOrEqual(60_100)
  })

  it('should write all that waited when it is made meanwhile, and say so', () => {
    const { scene, warned } = play({ createdAt: 30_000 })
    expect(warned.map(([, line]) => line)).toEqual([missing, 'Topic out is there now; what waited for it is written.'])
    expect(scene.errors).toEqual([])
    expect([...scene.committed].sort()).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'])
    expect(scene.completions).toBe(1)
  })

  it('should warn at the first record when a selector chooses the topic', () => {
    const { scene, warned } = play({ selector: true, firstAt: 5_000 })
    expect(warned).toEqual([[expect.any(Number), missing]])
    expect(warned[0]?.[0]).toBeGreaterThanOrEqual(6_000)
    expect(warned[0]?.[0]).toBeLessThan(6_200)
    expect(scene.errors).toEqual([expect.objectContaining({ _tag: 'DeliveryTimeout', topic: 'out' })])
  })

  it('should wait for it before a partitioner is asked', () => {
    const { scene } = play({ partitioner: true, createdAt: 30_000 })
    expect([scene.errors, scene.committed.length]).toEqual([[], 10])
  })

  it('should keep to max.block.ms as it is set', () => {
    const { scene } = play({ maxBlockMs: 3_000 })
    expect(scene.errors[0]?.message).toMatch(/after 3000 ms \(max\.block\.ms\)/)
    expect(scene.erredAt).toBeLessThanOrEqual(3_100)
  })

  it('should let the brokers make it, if they do, and say nothing', () => {
    const { scene, warned } = play({ autoCreate: true, partitioner: true })
    expect([warned, scene.errors, scene.committed.length]).toEqual([[], [], 10])
  })
})
