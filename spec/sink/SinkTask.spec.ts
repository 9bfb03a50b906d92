import { describe, expect, it } from '@jest/globals'
import { NEVER } from 'rxjs'
import { Fault } from '../../lib/memory/Fault.js'
import { DeliveryGuarantee } from '../../lib/sink/DeliveryGuarantee.js'
import { KafkaSink } from '../../lib/sink/KafkaSink.js'
import { FixedPartitioner } from '../../lib/sink/serializer/FixedPartitioner.js'
import { KafkaRecordSerializationSchema } from '../../lib/sink/serializer/KafkaRecordSerializationSchema.js'
import type { KafkaRecordSerializer } from '../../lib/sink/serializer/KafkaRecordSerializer.js'
import { SimpleStringSchema } from '../../lib/client/schema/SimpleStringSchema.js'
import { recordOf } from '../../lib/stream/located.js'
import type { PipelinePart } from '../../lib/stream/PipelinePart.js'
import type { RecordPosition } from '../../lib/stream/RecordPosition.js'
import { record } from '../support/elements.js'
import { HandFed } from './HandFed.js'

const plainSink = (serializer: KafkaRecordSerializer<string>) =>
  KafkaSink.builder<string>()
    .setBootstrapServers('memory:9092')
    .setDeliveryGuarantee(DeliveryGuarantee.NONE)
    .setRecordSerializer(serializer)
    .build()

describe('what a sink says that it waits for', () => {
  const toMissing = plainSink(
    KafkaRecordSerializationSchema.builder<string>()
      .setTopic('missing')
      .setValueSerializationSchema(new SimpleStringSchema())
      .setPartitioner(new FixedPartitioner())
      .build(),
  )

  it.each<[string, number, (fed: HandFed) => KafkaSink<string>, string | undefined]>([
    ['its clients connect', 0, ({ scene }) => scene.sink(), 'connects to the brokers'],
    [
      'the transactions of a former attempt are looked at',
      100,
      ({ scene }) => {
        scene.kafka.inject({ api: 'DescribeTransactions' }, Fault.hold(NEVER))
        return scene.sink()
      },
      'commits or aborts the transactions of a former attempt',
    ],
    [
      'the partitions of a topic are not known yet',
      100,
      ({ scene }) => {
        scene.kafka.inject({ api: 'Metadata', topic: 'missing', times: Infinity }, Fault.hold(NEVER))
        return toMissing
      },
      'asks for the partitions of topic missing',
    ],
    [
      'no record fits into its buffer',
      100,
      ({ scene }) => {
        scene.kafka.inject({ api: 'Produce' }, Fault.hold(NEVER))
        return scene.sink({
          guarantee: DeliveryGuarantee.NONE,
          properties: { 'buffer.memory': 1000, 'batch.size': 500 },
        })
      },
      'waits for the brokers: buffer.memory is full, or its next transaction is not initialised; 1 elements queue up',
    ],
    ['nothing is to be waited for', 100, ({ scene }) => scene.sink(), undefined],
  ])('should be right when %s', (_, at, sinkOf, expected) => {
    const fed = new HandFed()
    const parts: PipelinePart[] = []
    const said: unknown[] = []
    fed.scene.play(() => {
      fed.start(sinkOf(fed))
      fed.feed({ ...fed.restored(), present: (part) => void parts.push(part) })
      const ask = () => said.push(parts.map(({ name, waiting }) => [name, waiting?.()]))
      if (at === 0) ask()
      else fed.at(at, ask)
      fed.at(50, () => fed.feed(record('x'.repeat(1200)), record('y')))
    }, 200)
    expect(said).toEqual([[['sinkTo', expected]]])
  })
})

describe('a record that had to wait, and cannot be serialized', () => {
  it('should be the one that the error names, not the one that comes in meanwhile', () => {
    const fed = new HandFed()
    let at: RecordPosition | undefined
    const sink = plainSink({
      serialize: (value) => {
        if (value === 'bad') throw new Error('no text')
        return { topic: 'out', value }
      },
    })
    fed.scene.play(() => {
      fed.start(sink)
      fed.feed({ ...fed.restored(), emitting: () => at })
      for (const [offset, value] of ['good', 'bad', 'good'].entries()) {
        at = { topic: 'in', partition: 0, offset }
        fed.feed(record(value))
      }
    }, 200)
    expect(fed.scene.errors).toEqual([expect.objectContaining({ message: expect.stringContaining('no text') })])
    expect(recordOf(fed.scene.errors[0])).toEqual({ topic: 'in', partition: 0, offset: 1 })
  })
})
