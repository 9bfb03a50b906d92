import { describe, expect, it, jest } from '@jest/globals'
import type { Logger } from '../../lib/client/KafkaConfig.js'
import { CheckpointCoordinator } from '../../lib/checkpoint/CheckpointCoordinator.js'
import { MemoryCheckpointStore } from '../../lib/checkpoint/store/MemoryCheckpointStore.js'
import { SimpleStringSchema } from '../../lib/client/schema/SimpleStringSchema.js'
import type { KafkaProperties } from '../../lib/config/KafkaProperties.js'
import { KafkaSink } from '../../lib/sink/KafkaSink.js'
import { KafkaRecordSerializationSchema } from '../../lib/sink/serializer/KafkaRecordSerializationSchema.js'
import { KafkaSource } from '../../lib/source/KafkaSource.js'
import type { KafkaSourceBuilder } from '../../lib/source/KafkaSourceBuilder.js'
import { OffsetsInitializer } from '../../lib/source/offsets/OffsetsInitializer.js'
import { onKafka } from './support/onKafka.js'
import { builderOf, valuesFor } from './support/sourceOf.js'
import { storeWith } from './support/storeWith.js'
import { writeTransaction } from './support/writeTransaction.js'

const note = () => {
  const lines: string[] = []
  const add = (message: string): void => void lines.push(message)
  // What goes well is told too: assignmentNews.spec.ts.
  const logger: Logger = { debug: add, info: () => undefined, warn: add, error: add }
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
      'Property session.timeout.ms has no effect: the source joins no group: partitions are assigned by splitOwner.',
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
        'Offset 0 of t-0 is not in the log; going on from the earliest offset, 1.',
      ])
    })
  })

  it('should say that offsets are not committed: for want of a group, or by a setting', () => {
    const told = (groupId: string | undefined, properties: KafkaProperties): readonly string[] => {
      const { lines, logger } = note()
      onKafka({ t: 1 }, (kafka, scheduler, { flush }) => {
        const builder = KafkaSource.builder()
          .setBootstrapServers('b:9092')
          .setTopics('t')
          .setProperties(properties)
          .setLogger(logger)
          .setValueOnlyDeserializer(new SimpleStringSchema())
        const source = (groupId === undefined ? builder : builder.setGroupId(groupId)).build()
        const options = { connect: kafka.connect, scheduler }
        const checkpoints = CheckpointCoordinator.create({ interval: 5, store: new MemoryCheckpointStore(), scheduler })
        for (const values$ of [source.records(options), source.records({ ...options, checkpoints })]) {
          const running = values$.subscribe()
          scheduler.schedule(() => running.unsubscribe(), 20)
        }
        flush()
      })
      return lines
    }
    expect(told('g', {})).toEqual([])
    expect(told(undefined, {})).toEqual(['Offset commit on checkpoint is disabled because group.id is not specified'])
    expect(told('g', { 'commit.offsets.on.checkpoint': false })).toEqual([
      'Offset commit on checkpoint is disabled. Consuming offset will not be reported back to Kafka cluster.',
    ])
  })

  /** What is said by a source that goes on from a checkpoint with partition 0 of these topics, read up to offset 2. */
  const onRestore = (
    topics: readonly string[],
    configure: (builder: KafkaSourceBuilder<string>) => KafkaSourceBuilder<string>,
    stoppingOffset?: number,
  ): { readonly lines: readonly string[]; readonly values: readonly string[] } => {
    const { lines, logger } = note()
    const values: string[] = []
    onKafka({ t: 1, u: 1 }, (kafka, scheduler, { flush }) => {
      for (const topic of ['t', 'u']) kafka.produce(topic, valuesFor(0, 'a', 'b', `${topic} c`))
      const splits = topics.map((topic) => ({ topic, partition: 0, offset: 2, stoppingOffset }))
      const state = { subtaskIndex: 0, parallelism: 1, splits, initialDiscoveryFinished: true }
      const checkpoints = CheckpointCoordinator.create({
        ...{ interval: 5, scheduler, logger },
        store: storeWith({ version: 2, state }),
      })
      const source = configure(builderOf().setLogger(logger).setProperty('partition.discovery.interval.ms', 10)).build()
      const running = source
        .records({ connect: kafka.connect, scheduler, checkpoints })
        .subscribe((value) => values.push(value))
      scheduler.schedule(() => running.unsubscribe(), 50)
      flush()
    })
    return { lines: lines.filter((line) => !line.startsWith('Property')), values }
  }

  it('should say once that a topic is read on which is not subscribed to any more, and name it', () => {
    const { lines, values } = onRestore(['t', 'u'], (builder) => builder)
    expect(values).toEqual(['t c', 'u c'])
    expect(lines).toEqual([expect.stringMatching(/^The checkpoint holds u-0, which nothing that is subscribed to has/)])
    expect(onRestore(['t'], (builder) => builder).lines).toEqual([])
  })

  it('should say that a bounded source has nothing left to read when it runs again over the same store', () => {
    const bounded = (builder: KafkaSourceBuilder<string>) => builder.setBounded(OffsetsInitializer.latest())
    expect(onRestore(['t'], bounded, 2)).toEqual({
      values: [],
      lines: [
        expect.stringMatching(/^Nothing is left to read: in checkpoint 7, .* all splits \(1\) are at their stopping/),
      ],
    })
    expect(onRestore(['t'], bounded, 3)).toEqual({ values: ['t c'], lines: [] })
    expect(onRestore([], bounded)).toEqual({ values: ['a', 'b', 't c'], lines: [] })
  })

  it('should say that a bound lies before a transaction that is open, of whom it does', () => {
    const told = (end: 'commit' | 'abort' | 'open', isolationLevel: string): readonly string[] => {
      const { lines, logger } = note()
      onKafka({ t: 2 }, (kafka, scheduler, { flush }) => {
        kafka.produce('t', [...valuesFor(0, 'a'), ...valuesFor(1, 'x')])
        const record = (value: string) => ({ topic: 't', partition: 0, value })
        writeTransaction(kafka, 'stranger', ['b', 'c'].map(record), end).subscribe()
        scheduler.schedule(() => {
          builderOf()
            .setLogger(logger)
            .setProperty('isolation.level', isolationLevel)
            .setBounded(OffsetsInitializer.latest())
            .build()
            .records({ connect: kafka.connect, scheduler })
            .subscribe()
        }, 20)
        flush()
      })
      return lines
    }
    expect(told('open', 'read_committed')).toEqual([
      expect.stringContaining('before transactions that are still open: t-0 at offset 1 of 3.'),
    ])
    expect(told('open', 'read_uncommitted')).toEqual([])
    expect(told('commit', 'read_committed')).toEqual([])
    expect(told('abort', 'read_committed')).toEqual([])
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
