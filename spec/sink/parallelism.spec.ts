import { describe, expect, it } from '@jest/globals'
import { of } from 'rxjs'
import { SimpleStringSchema } from '../../lib/client/schema/SimpleStringSchema.js'
import { KafkaSink } from '../../lib/sink/KafkaSink.js'
import { FixedPartitioner } from '../../lib/sink/serializer/FixedPartitioner.js'
import { KafkaRecordSerializationSchema } from '../../lib/sink/serializer/KafkaRecordSerializationSchema.js'
import { sinkTo } from '../../lib/sink/sinkTo.js'
import type { Restored } from '../../lib/stream/Restored.js'
import { record, Upstream } from '../support/elements.js'
import { SinkScene } from './sinkScene.js'

describe('sinkTo with several subtasks in one process', () => {
  it('should write each to its own partition with one FixedPartitioner', () => {
    const scene = new SinkScene()
    scene.kafka.createTopic('spread', 2)
    const sink = KafkaSink.builder<string>()
      .setBootstrapServers('memory:9092')
      .setRecordSerializer(
        KafkaRecordSerializationSchema.builder<string>()
          .setTopic('spread')
          .setPartitioner(new FixedPartitioner())
          .setValueSerializationSchema(new SimpleStringSchema())
          .build(),
      )
      .build()
    scene.play(() => {
      for (const subtaskIndex of [0, 1]) {
        const options = { connect: scene.kafka.connect, scheduler: scene.scheduler }
        const restored: Restored = { ...new Upstream().restored(), subtask: { subtaskIndex, parallelism: 2 } }
        scene.start(of(restored, record(`of ${subtaskIndex}`)).pipe(sinkTo(sink, options)))
      }
    }, 1000)
    expect(scene.errors).toEqual([])
    const written = scene.kafka.records('spread').map(({ partition, value }) => `${value} in ${partition}`)
    expect(written).toEqual(['of 0 in 0', 'of 1 in 1'])
  })
})
