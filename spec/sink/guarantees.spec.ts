import { describe, expect, it } from '@jest/globals'
import { EMPTY, NEVER, of, throwError } from 'rxjs'
import { SimpleStringSchema } from '../../lib/client/schema/SimpleStringSchema.js'
import { Fault } from '../../lib/memory/Fault.js'
import { DeliveryGuarantee } from '../../lib/sink/DeliveryGuarantee.js'
import { KafkaRecordSerializationSchema } from '../../lib/sink/serializer/KafkaRecordSerializationSchema.js'
import { sinkTo } from '../../lib/sink/sinkTo.js'
import type { StreamElement } from '../../lib/stream/StreamElement.js'
import { record, Upstream } from '../support/elements.js'
import { numbers, SinkScene } from './sinkScene.js'

const { NONE, AT_LEAST_ONCE, EXACTLY_ONCE } = DeliveryGuarantee

/** Elements by hand into a sink, without a coordinator. */
const playElements = (
  guarantee: DeliveryGuarantee,
  elements: (upstream: Upstream) => readonly StreamElement<string>[],
  properties = {},
) => {
  const scene = new SinkScene()
  const upstream = new Upstream()
  scene.play(() => {
    const sink = scene.sink({ guarantee, properties })
    scene.start(
      of(...elements(upstream)).pipe(sinkTo(sink, { connect: scene.kafka.connect, scheduler: scene.scheduler })),
    )
  }, 5000)
  return { scene, upstream }
}

describe('sinkTo with NONE', () => {
  it('should write without checkpoints, and complete when all is written', () => {
    const { scene } = playElements(NONE, (up) => [up.restored(), record('a'), record('b')])
    expect(scene.committed).toEqual(['a', 'b'])
    expect(scene.completions).toBe(1)
  })

  it('should acknowledge batch ends and barriers', () => {
    const { upstream } = playElements(NONE, (up) => [
      up.restored(),
      record('a'),
      up.end('A'),
      up.barrier(1),
      up.end('B'),
    ])
    expect([...upstream.calls].sort()).toEqual(['ack A', 'ack B', 'ack B1'])
  })
})

describe('sinkTo with AT_LEAST_ONCE', () => {
  it('should acknowledge a barrier only when the records before it are acknowledged by the brokers', () => {
    const scene = new SinkScene()
    scene.kafka.inject({ api: 'Produce', nth: 1 }, Fault.delay(500))
    scene.play(() => {
      scene.start(scene.job({ count: 20 }, { guarantee: AT_LEAST_ONCE }))
    }, 5000)
    const [first] = scene.told.filter(([, kind, , records]) => kind === 'flushed' && records !== 0)
    expect(first?.[0]).toBeGreaterThanOrEqual(500)
    expect(scene.committed).toEqual(numbers(20))
    expect(scene.completions).toBe(1)
  })

  it('should lose nothing when it dies, though records may come twice', () => {
    const scene = new SinkScene()
    scene.play(() => {
      const first = scene.start(scene.job({}, { guarantee: AT_LEAST_ONCE }))
      scene.scheduler.schedule(() => scene.kafka.cut(), 155)
      scene.scheduler.schedule(() => first.unsubscribe(), 156)
      scene.scheduler.schedule(() => scene.start(scene.job({ count: 40 }, { guarantee: AT_LEAST_ONCE })), 200)
    }, 3000)
    expect([...new Set(scene.committed)].sort()).toEqual([...numbers(40)].sort())
    expect(scene.committed.length).toBeGreaterThan(40)
  })
})

describe('sinkTo', () => {
  for (const guarantee of [AT_LEAST_ONCE, EXACTLY_ONCE]) {
    it(`should refuse ${guarantee} on a stream without checkpoints`, () => {
      const { scene } = playElements(guarantee, (up) => [up.restored(), record('a')])
      expect(scene.errors[0]).toMatchObject({ _tag: 'Config', retriable: false })
      expect(scene.errors[0]?.message).toContain('rests on checkpoints')
    })

    it(`should error when a stream completes without a final barrier, with ${guarantee}`, () => {
      const scene = new SinkScene()
      scene.play(() => {
        scene.start(scene.cutShort(guarantee, 15))
      }, 5000)
      expect(scene.errors[0]).toMatchObject({ _tag: 'NoFinalBarrier', retriable: false })
    })
  }

  it('should do nothing, and complete, on an empty stream', () => {
    const scene = new SinkScene()
    scene.play(() => {
      scene.start(EMPTY.pipe(sinkTo(scene.sink(), { connect: scene.kafka.connect, scheduler: scene.scheduler })))
    }, 1000)
    expect([scene.completions, scene.errors, scene.told]).toEqual([1, [], []])
  })

  it('should do nothing on a stream that never emits', () => {
    const scene = new SinkScene()
    scene.play(() => {
      scene.start(NEVER.pipe(sinkTo(scene.sink(), { connect: scene.kafka.connect, scheduler: scene.scheduler })))
    }, 1000)
    expect([scene.completions, scene.errors, scene.told]).toEqual([0, [], []])
  })

  it('should pass an error of the stream on', () => {
    const scene = new SinkScene()
    const broken$ = throwError(() => new Error('broken'))
    scene.play(() => {
      scene.start(broken$.pipe(sinkTo(scene.sink(), { connect: scene.kafka.connect, scheduler: scene.scheduler })))
    }, 1000)
    expect(scene.errors).toEqual([new Error('broken')])
  })

  it('should fail with what the serializer throws', () => {
    const scene = new SinkScene()
    scene.play(() => {
      const serialize = () => {
        throw new Error('no bytes for this')
      }
      scene.start(scene.serialized({ serialize }, 9))
    }, 1000)
    expect(scene.errors).toEqual([new Error('no bytes for this')])
  })

  it('should hold batch ends while the buffer is full, and go on when there is room', () => {
    const scene = new SinkScene()
    const upstream = new Upstream()
    const big = 'x'.repeat(600)
    scene.kafka.inject({ api: 'Produce', nth: 1 }, Fault.delay(300))
    const acknowledged: (readonly [number, number])[] = []
    scene.play(() => {
      const sink = scene.sink({ guarantee: NONE, properties: { 'buffer.memory': 1000, 'batch.size': 500 } })
      const elements = [
        upstream.restored(),
        record(big),
        upstream.end('A'),
        record(big),
        upstream.end('B'),
        record(big),
        upstream.end('C'),
      ]
      scene.start(of(...elements).pipe(sinkTo(sink, { connect: scene.kafka.connect, scheduler: scene.scheduler })))
      scene.scheduler.schedule(() => acknowledged.push([scene.scheduler.now(), upstream.calls.length]), 100)
      scene.scheduler.schedule(() => acknowledged.push([scene.scheduler.now(), upstream.calls.length]), 2000)
    }, 5000)
    expect(acknowledged[0]?.[1]).toBeLessThan(3)
    expect(acknowledged[1]?.[1]).toBe(3)
    expect(scene.committed).toEqual([big, big, big])
  })

  it('should ask for partitions once, and hold elements meanwhile', () => {
    const scene = new SinkScene()
    scene.kafka.createTopic('spread', 3)
    scene.play(() => {
      const schema = KafkaRecordSerializationSchema.builder<string>()
        .setTopic('spread')
        .setPartitioner({ partition: (value, _key, _value, _topic, partitions) => Number(value) % partitions.length })
        .setValueSerializationSchema(new SimpleStringSchema())
        .build()
      scene.start(scene.serialized(schema, 9))
    }, 5000)
    const partitions = scene.kafka.records('spread').map(({ partition, value }) => `${partition}:${value}`)
    expect(partitions).toEqual(['0:0', '0:3', '0:6', '1:1', '1:4', '1:7', '2:2', '2:5', '2:8'])
  })
})
