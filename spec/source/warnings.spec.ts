import { describe, expect, it, jest } from '@jest/globals'
import type { Logger } from '../../lib/client/KafkaConfig.js'
import { SimpleStringSchema } from '../../lib/client/schema/SimpleStringSchema.js'
import { KafkaSink } from '../../lib/sink/KafkaSink.js'
import { KafkaRecordSerializationSchema } from '../../lib/sink/serializer/KafkaRecordSerializationSchema.js'
import { OffsetsInitializer } from '../../lib/source/offsets/OffsetsInitializer.js'
import { onKafka } from './support/onKafka.js'
import { builderOf } from './support/sourceOf.js'

const note = () => {
  const lines: string[] = []
  const add = (message: string): void => void lines.push(message)
  const logger: Logger = { debug: add, info: add, warn: add, error: add }
  return { lines, logger }
}

describe('warnings', () => {
  it('should be told once by build(), to the logger of the builder', () => {
    const { lines, logger } = note()
    builderOf()
      .setLogger(logger)
      .setProperties({ 'session.timeout.ms': 10_000, 'partition.discovery.interval.ms': 5, 'fetch.min.byte': 2 })
      .setBounded(OffsetsInitializer.latest())
      .build()
    expect(lines).toEqual([
      'Property partition.discovery.interval.ms is provided but will be overridden from 5 to -1',
      'Property session.timeout.ms has no effect: nobody joins the group: partitions are assigned by splitOwner.',
      'Property fetch.min.byte is not known and has no effect. Did you mean fetch.min.bytes?',
    ])
  })

  it('should go to the console when there is no other logger', () => {
    const warn = jest.spyOn(console, 'warn').mockImplementation(() => undefined)
    try {
      builderOf().setProperty('colour', 'red').build()
      expect(warn.mock.calls).toEqual([['Property colour is not known and has no effect.']])
    } finally {
      warn.mockRestore()
    }
  })

  it('should be those of a sink too', () => {
    const { lines, logger } = note()
    KafkaSink.builder<string>()
      .setBootstrapServers('b:9092')
      .setLogger(logger)
      .setProperty('transactional.id', 'mine')
      .setRecordSerializer(
        KafkaRecordSerializationSchema.builder<string>()
          .setTopic('t')
          .setValueSerializationSchema(new SimpleStringSchema())
          .build(),
      )
      .build()
    expect(lines).toEqual(['Property transactional.id has no effect: setTransactionalIdPrefix names transactions.'])
  })

  it('should not be said again when a source runs, and what is said then goes the same way', () => {
    onKafka({ t: 1 }, (kafka, scheduler) => {
      const { lines, logger } = note()
      kafka.produce('t', [{ value: 'a' }])
      kafka.deleteRecords('t', 0, 1)
      const source = builderOf()
        .setLogger(logger)
        .setProperty('heartbeat.interval.ms', 1)
        .setStartingOffsets(OffsetsInitializer.offsets({ 't-0': 0 }))
        .setOffsetOutOfRangePolicy('earliest')
        .build()
      const running = source.records({ connect: kafka.connect, scheduler }).subscribe()
      scheduler.schedule(() => running.unsubscribe(), 20)
      scheduler.flush()
      expect(lines).toEqual([
        expect.stringMatching(/^Property heartbeat/),
        'The position of t-0 is not in the log; going on from the earliest offset, 1.',
      ])
    })
  })

  it('should show no secret, whatever is wrong with it', () => {
    const { lines, logger } = note()
    const secret = 'pa55word'
    const properties = {
      'security.protocol': 'SASL_SSL',
      'sasl.mechanism': 'PLAIN',
      'sasl.jaas.config': `PlainLoginModule required user="ada" pass="${secret}";`,
      'sasl.jaas.conf': secret,
      'ssl.key.password': secret,
      'ssl.keystore.password': secret,
      'ssl.keystore.key': secret,
      'sasl.oauthbearer.client.credentials.client.secret': secret,
    }
    const broken = builderOf().setLogger(logger).setProperties(properties).buildEither()
    expect(broken).toMatchObject({
      _tag: 'Left',
      left: [{ key: 'ssl.keystore.certificate.chain' }, { key: 'sasl.jaas.config' }],
    })
    expect(JSON.stringify(broken)).not.toContain(secret)
    builderOf()
      .setLogger(logger)
      .setProperties({ ...properties, 'security.protocol': 'PLAINTEXT' })
      .build()
    expect(lines).toHaveLength(3)
    expect(lines.join()).not.toContain(secret)
  })
})
