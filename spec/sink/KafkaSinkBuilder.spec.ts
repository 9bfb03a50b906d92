import { describe, expect, it } from '@jest/globals'
import { DeliveryGuarantee } from '../../lib/sink/DeliveryGuarantee.js'
import { KafkaSink } from '../../lib/sink/KafkaSink.js'
import { TransactionNamingStrategy } from '../../lib/sink/transaction/strategy/TransactionNamingStrategy.js'
import { transactionalId } from '../../lib/sink/transaction/transactionalId.js'

const built = () =>
  KafkaSink.builder<string>()
    .setBootstrapServers('b:9092')
    .setRecordSerializer({ serialize: () => null })

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

  it('should name transactions by INCREMENTING unless something else is said', () => {
    expect(built().build().config.transactionNamingStrategy).toBe('INCREMENTING')
    const pooling = built().setTransactionNamingStrategy(TransactionNamingStrategy.POOLING)
    expect(pooling.build().config.transactionNamingStrategy).toBe('POOLING')
  })

  it('should take a prefix as long as its transactional ids may be, in bytes', () => {
    const longest = 'é'.repeat(16_369) + 'p'
    expect(Buffer.byteLength(transactionalId(longest, 2 ** 31 - 1, Number.MAX_SAFE_INTEGER))).toBe(32_767)
    const { client } = built().setTransactionalIdPrefix(longest).build().config
    expect(Buffer.byteLength(client.clientId)).toBeLessThanOrEqual(32_767)
    for (const tooLong of [`${longest}p`, 'é'.repeat(16_370)])
      expect(() => built().setTransactionalIdPrefix(tooLong)).toThrow('The configured prefix is too long')
  })

  it('should give a sink without a transactional id prefix a client id of its own', () => {
    const [one, other] = [built().build(), built().build()].map(({ config }) => config.client.clientId)
    expect(one).toMatch(/^KafkaSink--?\d+$/)
    expect(other).not.toBe(one)
    expect(built().setTransactionalIdPrefix('copy').build().config.client.clientId).toBe('KafkaSink-copy')
  })
})
