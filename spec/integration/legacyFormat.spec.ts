import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { firstValueFrom, lastValueFrom, toArray } from 'rxjs'
import type { ConsumerRecord } from '../../lib/client/ConsumerRecord.js'
import { KafkaRecordDeserializationSchema, KafkaSource, OffsetsInitializer } from '../../lib/index.js'
import { producerConfig } from '../../lib/conformance/client/ContractScene.js'
import { legacyMessage, type LegacyMessageFields, legacyWrapper } from '../support/legacyMessages.js'
import { openClient } from '../support/openClient.js'
import { describeKafka } from '../support/realKafka.js'

const start = 1_500_000_000_000

/** Three records from this offset on, with values that say where they stand. */
const three = (magic: 0 | 1, offset: number): readonly LegacyMessageFields[] =>
  [0, 1, 2].map((i) => ({
    magic,
    offset: offset + i,
    timestamp: start + offset + i,
    key: `k${i}`,
    value: `v${offset + i}`,
  }))

/** A segment that was begun by Kafka 0.9 and filled by 0.10: plain and compressed, with what LZ4 was before it was right. */
const segment = Buffer.concat([
  ...three(0, 0).map(legacyMessage),
  legacyWrapper(three(0, 3), 'gzip'),
  legacyWrapper(three(0, 6), 'snappy'),
  legacyWrapper(three(0, 9), 'lz4'),
  ...three(1, 12).map(legacyMessage),
  legacyWrapper(three(1, 15), 'gzip'),
  legacyWrapper(three(1, 18), 'snappy'),
  legacyWrapper(three(1, 21), 'lz4'),
  legacyWrapper(three(1, 24), 'gzip', { logAppendTime: true, timestamp: start }),
])

describeKafka('a log that is older than its broker', { own: true }, (kafka) => {
  it('should be read from its beginning into what is written today, as Kafka’s own consumer reads it', async () => {
    const [broker] = kafka().brokers
    const { bootstrapServers } = kafka()
    const before = await openClient(bootstrapServers)
    await firstValueFrom(before.admin.createTopics([{ topic: 'legacy', partitions: 1 }]), { defaultValue: undefined })
    await firstValueFrom(before.close())
    await broker!.stop()
    const folder = join(broker!.dataFolder, 'legacy-0')
    for (const file of readdirSync(folder))
      if (/\.(log|index|timeindex|snapshot)$/.test(file)) rmSync(join(folder, file))
    writeFileSync(join(folder, `${'0'.repeat(20)}.log`), segment)
    await broker!.start()

    const client = await openClient(bootstrapServers)
    const producer = client.producer(producerConfig())
    producer.append({ topic: 'legacy', value: 'v27', timestamp: start + 27 })
    await lastValueFrom(producer.flush())
    await firstValueFrom(client.close())

    const source = KafkaSource.builder<string>()
      .setBootstrapServers(bootstrapServers)
      .setTopics('legacy')
      .setStartingOffsets(OffsetsInitializer.earliest())
      .setBounded(OffsetsInitializer.latest())
      .setProperty('isolation.level', 'read_committed')
      .setDeserializer(KafkaRecordDeserializationSchema.of(shown))
      .build()
    const read = await lastValueFrom(source.records().pipe(toArray()))

    expect(read).toEqual(
      Array.from({ length: 28 }, (_, offset) => {
        const timestamp = offset < 12 ? -1 : offset < 24 || offset === 27 ? start + offset : start
        const type = offset < 12 ? 'NoTimestampType' : offset < 24 || offset === 27 ? 'CreateTime' : 'LogAppendTime'
        return `${offset} ${type} ${timestamp} ${offset === 27 ? 'null' : `k${offset % 3}`} v${offset}`
      }),
    )

    const theirs = await kafka().readCommitted('legacy', { maxMessages: 28 })
    expect(
      theirs.map(({ offset, timestamp, key, value }) => `${offset} ${timestamp} ${String(key)} ${String(value)}`),
    ).toEqual(read.map((record) => record.replace(/ \w+Time\w*/, '')))
  }, 120_000)
})

const shown = ({ offset, timestamp, timestampType, key, value }: ConsumerRecord): string =>
  `${offset} ${timestampType} ${timestamp} ${String(key)} ${String(value)}`
