import { describe, expect, it } from '@jest/globals'
import { SimpleStringSchema } from '../../lib/client/schema/SimpleStringSchema.js'
import { DeliveryGuarantee } from '../../lib/sink/DeliveryGuarantee.js'
import { FixedPartitioner } from '../../lib/sink/serializer/FixedPartitioner.js'
import { KafkaRecordSerializationSchema } from '../../lib/sink/serializer/KafkaRecordSerializationSchema.js'
import { sinkTo } from '../../lib/sink/sinkTo.js'
import { runMarbles } from '../../lib/testing/runMarbles.js'
import { sinkOf } from './support/copying.js'

describe('sinkTo with several subtasks in one process', () => {
  it('should write each to its own partition with one FixedPartitioner', () => {
    const serializer = KafkaRecordSerializationSchema.builder<string>()
      .setTopic('spread')
      .setPartitioner(new FixedPartitioner())
      .setValueSerializationSchema(new SimpleStringSchema())
      .build()
    const sink = sinkOf({ guarantee: DeliveryGuarantee.NONE, serializer })
    runMarbles({ topics: { spread: 2 } }, (helpers) => {
      const { kafka, coldElements, upstream, options, run, expectCommits, flush } = helpers
      for (const [subtaskIndex, marbles] of ['-Ra', '-R-b'].entries()) {
        const R = { ...upstream.restored(), subtask: { subtaskIndex, parallelism: 2 } }
        run(coldElements(marbles, { R }).pipe(sinkTo(sink, options)))
      }
      expectCommits('spread').toBe('-------ab')
      flush()
      const written = kafka.records('spread').map(({ partition, value }) => `${value} in ${partition}`)
      expect(written).toEqual(['a in 0', 'b in 1'])
    })
  })
})
