import { describe, expect, it } from '@jest/globals'
import { DeliveryGuarantee } from '../../lib/sink/DeliveryGuarantee.js'
import { KafkaSink } from '../../lib/sink/KafkaSink.js'

describe('KafkaSinkBuilder', () => {
  it('should say all that is missing in sentences that name the way', () => {
    const builder = KafkaSink.builder<string>().setDeliveryGuarantee(DeliveryGuarantee.EXACTLY_ONCE)
    expect(() => builder.build()).toThrow(
      [
        '3 settings cannot work:',
        '- bootstrapServers is required but not provided: call setBootstrapServers("host:9092"), or set the property bootstrap.servers.',
        '- recordSerializer is required but not provided: call setRecordSerializer(KafkaRecordSerializationSchema.builder()….build()).',
        '- EXACTLY_ONCE delivery guarantee requires a transactionalIdPrefix to be set',
      ].join('\n'),
    )
  })

  it('should give a sink without a transactional id prefix a client id of its own', () => {
    const built = () =>
      KafkaSink.builder<string>()
        .setBootstrapServers('b:9092')
        .setRecordSerializer({ serialize: () => null })
    const [one, other] = [built().build(), built().build()].map(({ config }) => config.client.clientId)
    expect(one).toMatch(/^KafkaSink--?\d+$/)
    expect(other).not.toBe(one)
    expect(built().setTransactionalIdPrefix('copy').build().config.client.clientId).toBe('KafkaSink-copy')
  })
})
