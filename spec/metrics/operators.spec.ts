import { describe, expect, it } from '@jest/globals'
import { Registry } from 'prom-client'
import { merge, timer } from 'rxjs'
import type { TestScheduler } from 'rxjs/testing'
import type { MemoryKafka } from '../../lib/memory/MemoryKafka.js'
import { MemoryMetricGroup } from '../../lib/metrics/MemoryMetricGroup.js'
import { PromClientMetricGroup } from '../../lib/metrics/PromClientMetricGroup.js'
import { KafkaRecordSerializationSchema } from '../../lib/sink/serializer/KafkaRecordSerializationSchema.js'
import { DeliveryGuarantee } from '../../lib/sink/DeliveryGuarantee.js'
import { KafkaSink } from '../../lib/sink/KafkaSink.js'
import { sinkTo } from '../../lib/sink/sinkTo.js'
import { SimpleStringSchema } from '../../lib/client/schema/SimpleStringSchema.js'
import { onKafka } from '../source/support/onKafka.js'
import { builderOf, valuesFor } from '../source/support/sourceOf.js'

const sinkOf = (topic: string): KafkaSink<string> =>
  KafkaSink.builder<string>()
    .setBootstrapServers('localhost:9092')
    .setDeliveryGuarantee(DeliveryGuarantee.NONE)
    .setRecordSerializer(
      KafkaRecordSerializationSchema.builder<string>()
        .setTopic(topic)
        .setValueSerializationSchema(new SimpleStringSchema())
        .build(),
    )
    .build()

/** For five seconds in virtual time, with one record in `a` and two in `b`. */
const play = (script: (kafka: MemoryKafka, scheduler: TestScheduler) => void): void =>
  onKafka({ a: 1, b: 1, x: 1, y: 1 }, (kafka, scheduler, { flush }) => {
    scheduler.maxFrames = 5_000
    kafka.produce('a', valuesFor(0, '1'))
    kafka.produce('b', valuesFor(0, '1', '2'))
    script(kafka, scheduler)
    flush()
  })

const seriesOf = async (registry: Registry, name: string): Promise<readonly string[]> =>
  (await registry.metrics())
    .split('\n')
    .filter((line) => line.startsWith(`rx_kafka_operator_${name}{`))
    .sort()

describe('two sources and two sinks of one process', () => {
  const copy = (kafka: MemoryKafka, scheduler: TestScheduler, registry: Registry, uids: readonly string[]) => {
    const metrics = new PromClientMetricGroup({ registry })
    const { connect } = kafka
    const pipelines = [
      ['a', 'x'],
      ['b', 'y'],
    ] as const
    return merge(
      ...pipelines.map(([from, to], n) => {
        const uid = uids[n]
        const source = builderOf(from).build()
        const elements$ = source.elements({ connect, scheduler, metrics, ...(uid && { uid: `from ${uid}` }) })
        return elements$.pipe(sinkTo(sinkOf(to), { connect, scheduler, metrics, ...(uid && { uid: `to ${uid}` }) }))
      }),
    )
  }

  it('should have series of their own in one registry, by their uids', async () => {
    const registry = new Registry()
    play((kafka, scheduler) => copy(kafka, scheduler, registry, ['a', 'b']).subscribe())
    expect(await seriesOf(registry, 'numRecordsOut')).toEqual([
      'rx_kafka_operator_numRecordsOut{operator="from a"} 1',
      'rx_kafka_operator_numRecordsOut{operator="from b"} 2',
      'rx_kafka_operator_numRecordsOut{operator="to a"} 1',
      'rx_kafka_operator_numRecordsOut{operator="to b"} 2',
    ])
    expect(await seriesOf(registry, 'KafkaSourceReader_topic_partition_currentOffset')).toEqual([
      'rx_kafka_operator_KafkaSourceReader_topic_partition_currentOffset{operator="from a",topic="a",partition="0"} 0',
      'rx_kafka_operator_KafkaSourceReader_topic_partition_currentOffset{operator="from b",topic="b",partition="0"} 1',
    ])
    expect(await seriesOf(registry, 'KafkaSourceReader_KafkaConsumer_records_consumed_total')).toHaveLength(2)
  })

  it('should have series of their own without a uid too', async () => {
    const registry = new Registry()
    play((kafka, scheduler) => copy(kafka, scheduler, registry, []).subscribe())
    expect(await seriesOf(registry, 'numRecordsOut')).toEqual([
      'rx_kafka_operator_numRecordsOut{operator="sink"} 1',
      'rx_kafka_operator_numRecordsOut{operator="sink-2"} 2',
      'rx_kafka_operator_numRecordsOut{operator="source"} 1',
      'rx_kafka_operator_numRecordsOut{operator="source-2"} 2',
    ])
  })

  it('should register nothing beside the operators', async () => {
    const registry = new Registry()
    play((kafka, scheduler) => copy(kafka, scheduler, registry, []).subscribe())
    const names = (await registry.getMetricsAsJSON()).map(({ name }) => name)
    expect(names.length).toBeGreaterThan(30)
    expect(names.filter((name) => !name.startsWith('rx_kafka_operator_'))).toEqual([])
  })
})

describe('the next attempt of a source', () => {
  it('should count on under its name', () => {
    const metrics = new MemoryMetricGroup()
    play((kafka, scheduler) => {
      const [first, second] = ['a', 'b'].map((topic) =>
        builderOf(topic).build().records({ connect: kafka.connect, scheduler, metrics }),
      )
      const running = [first!.subscribe(), second!.subscribe()]
      timer(1_000, scheduler).subscribe(() => {
        for (const one of running) one.unsubscribe()
        second!.subscribe()
        first!.subscribe()
      })
    })
    // Without checkpoints, all is read again.
    expect(metrics.read('operator.source.numRecordsIn')).toBe(2)
    expect(metrics.read('operator.source-2.numRecordsIn')).toBe(4)
  })
})
