import { firstValueFrom, lastValueFrom } from 'rxjs'
import { latestOffset } from '../../client/OffsetSpec.js'
import { TopicPartition } from '../../client/TopicPartition.js'
import { type ContractScene, producerConfig } from './ContractScene.js'
import { readPartition } from './readPartition.js'
import type { TestFramework } from '../TestFramework.js'

/** Writing: order, partitions, acknowledgement, backpressure. */
export const producerContract = (scene: () => ContractScene, { expect, it }: TestFramework): void => {
  const partition = (number: number): TopicPartition => new TopicPartition(scene().topic, number)
  const thrownBy = (effect: () => unknown): unknown => {
    try {
      return effect()
    } catch (error) {
      return error
    }
  }

  it('should write in order to each partition, over many batches', async () => {
    const { topic } = scene()
    const client = await scene().clientAndTopic(2)
    const producer = client.producer(producerConfig({ batchSize: 200 }))
    for (let i = 0; i < 1000; i++) producer.append({ topic, partition: i % 2, value: String(i) })
    await lastValueFrom(producer.flush())
    for (const number of [0, 1]) {
      const { values } = await readPartition(client, partition(number), { to: 500 })
      expect(values).toEqual(Array.from({ length: 500 }, (_, i) => String(2 * i + number)))
    }
  })

  it('should flush what was appended before, without lingering', async () => {
    const { topic } = scene()
    const client = await scene().clientAndTopic()
    const producer = client.producer(producerConfig({ lingerMs: 60_000 }))
    for (let i = 0; i < 10; i++) producer.append({ topic, partition: 0, value: String(i) })
    const flushed: unknown[] = []
    await lastValueFrom(producer.flush()).then((value) => flushed.push(value))
    const offsets = await lastValueFrom(client.admin.listOffsets([[partition(0), latestOffset]], 'read_uncommitted'))
    expect(offsets.get(`${topic}-0`)).toBe(10)
    expect(producer.stats).toMatchObject({ recordsSent: 10, recordsAcked: 10 })
    expect(producer.stats.bytesSent).toBeGreaterThan(0)
    await lastValueFrom(producer.flush())
  })

  it('should send after lingering by itself', async () => {
    const { topic } = scene()
    const client = await scene().clientAndTopic()
    client.producer(producerConfig({ lingerMs: 30 })).append({ topic, partition: 0, value: 'a' })
    expect((await readPartition(client, partition(0), { to: 1 })).values).toEqual(['a'])
  })

  it('should take records of a topic that is not known yet', async () => {
    const { topic } = scene()
    const client = await scene().client()
    const producer = client.producer(producerConfig())
    producer.append({ topic, value: 'first' })
    producer.append({ topic, value: 'second', partition: 0 })
    const flushed = lastValueFrom(producer.flush())
    await lastValueFrom(client.admin.createTopics([{ topic, partitions: 1 }])).catch((error: unknown) =>
      expect(error).toMatchObject({ codeName: 'TOPIC_ALREADY_EXISTS' }),
    )
    await flushed
    expect((await readPartition(client, partition(0), { to: 2 })).values).toEqual(['first', 'second'])
  })

  it('should refuse at once what is no record, of a topic that is not known yet too, and take the next', async () => {
    const { topic } = scene()
    const client = await scene().client()
    const producer = client.producer(producerConfig())
    const refused = (fault: object): unknown => thrownBy(() => producer.append({ topic, value: 'none', ...fault }))
    const expectRefusals = (): void => {
      for (const fault of noRecords) expect(refused(fault)).toMatchObject({ _tag: 'InvalidRecord', retriable: false })
    }
    expectRefusals()
    await lastValueFrom(client.admin.createTopics([{ topic, partitions: 1 }]))
    producer.append({ topic, partition: 0, value: new Uint8Array([111, 110, 101]), timestamp: 1.5 })
    await lastValueFrom(producer.flush())
    expectRefusals()
    producer.append({ topic, partition: 0, key: null, value: 'two', headers: [{ key: 'h', value: null }] })
    await lastValueFrom(producer.flush())
    const { values, records } = await readPartition(client, partition(0), { to: 2 })
    expect(values).toEqual(['one', 'two'])
    expect(records[0]?.timestamp).toBe(1)
  })

  it('should tell the partitions of a topic, which the brokers may create', async () => {
    const client = await scene().clientAndTopic(3)
    const producer = client.producer(producerConfig())
    expect(await lastValueFrom(producer.partitionsFor(scene().topic))).toEqual([0, 1, 2])
    const created = await lastValueFrom(producer.partitionsFor(`${scene().topic}-created`))
    expect(created.length).toBeGreaterThan(0)
    await expect(lastValueFrom(producer.partitionsFor('no/topic'))).rejects.toMatchObject({ retriable: false })
  })

  it('should put keys where every Kafka client puts them', async () => {
    const { topic } = scene()
    const client = await scene().clientAndTopic(5)
    const producer = client.producer(producerConfig())
    for (const key of Object.keys(murmur2Vectors)) producer.append({ topic, key, value: key })
    await lastValueFrom(producer.flush())
    for (let number = 0; number < 5; number++) {
      const expected = Object.keys(murmur2Vectors).filter(
        (key) => ((murmur2Vectors[key] as number) & 0x7fffffff) % 5 === number,
      )
      const offsets = await lastValueFrom(
        client.admin.listOffsets([[partition(number), latestOffset]], 'read_committed'),
      )
      expect(offsets.get(`${topic}-${number}`)).toBe(expected.length)
      if (expected.length === 0) continue
      expect((await readPartition(client, partition(number), { to: expected.length })).values).toEqual(expected)
    }
  })

  it('should spread records without key or partition over all partitions, in whole batches', async () => {
    const { topic } = scene()
    const client = await scene().clientAndTopic(3)
    const producer = client.producer(producerConfig())
    for (let batch = 0; batch < 30; batch++) {
      for (let i = 0; i < 10; i++) producer.append({ topic, value: String(batch) })
      await lastValueFrom(producer.flush())
    }
    let records = 0
    for (const number of [0, 1, 2]) {
      const offsets = await lastValueFrom(
        client.admin.listOffsets([[partition(number), latestOffset]], 'read_committed'),
      )
      const end = offsets.get(`${topic}-${number}`) ?? 0
      expect(end).toBeGreaterThan(0)
      records += end
    }
    expect(records).toBe(300)
  })

  it('should copy what it is given', async () => {
    const { topic } = scene()
    const client = await scene().clientAndTopic()
    const producer = client.producer(producerConfig({ lingerMs: 20 }))
    const value = Buffer.from('before')
    producer.append({ topic, partition: 0, value })
    value.write('after!')
    await lastValueFrom(producer.flush())
    expect((await readPartition(client, partition(0), { to: 1 })).values).toEqual(['before'])
  })

  it('should say when its memory is used up, take the record all the same, and say when there is room', async () => {
    const { topic } = scene()
    const client = await scene().clientAndTopic()
    const producer = client.producer(producerConfig({ bufferMemory: 10_000, batchSize: 1000 }))
    let rooms = 0
    producer.room$.subscribe(() => rooms++)
    const value = 'x'.repeat(500)
    let appended = 0
    while (producer.append({ topic, partition: 0, value })) appended++
    appended++
    expect(appended).toBeGreaterThan(10)
    expect(appended).toBeLessThan(25)
    expect(rooms).toBe(0)
    await firstValueFrom(producer.room$)
    await lastValueFrom(producer.flush())
    expect(rooms).toBe(1)
    const offsets = await lastValueFrom(client.admin.listOffsets([[partition(0), latestOffset]], 'read_uncommitted'))
    expect(offsets.get(`${topic}-0`)).toBe(appended)
    expect(producer.append({ topic, partition: 0, value })).toBe(true)
  })

  it('should refuse a record that is too large, and go on', async () => {
    const { topic } = scene()
    const client = await scene().clientAndTopic()
    const producer = client.producer(producerConfig({ maxRequestSize: 2000 }))
    expect(thrownBy(() => producer.append({ topic, partition: 0, value: 'x'.repeat(3000) }))).toMatchObject({
      _tag: 'RecordTooLarge',
      retriable: false,
      topic,
    })
    producer.append({ topic, partition: 0, value: 'small' })
    await lastValueFrom(producer.flush())
    expect((await readPartition(client, partition(0), { to: 1 })).values).toEqual(['small'])
  })

  it('should fail for good when a record cannot be delivered in time', async () => {
    const { topic } = scene()
    const client = await scene().clientAndTopic(1)
    const producer = client.producer(producerConfig({ deliveryTimeoutMs: 300 }))
    const failed = firstValueFrom(producer.failed$)
    producer.append({ topic, partition: 7, value: 'nowhere' })
    await expect(lastValueFrom(producer.flush())).rejects.toMatchObject({ _tag: 'DeliveryTimeout' })
    expect(await failed).toMatchObject({ _tag: 'DeliveryTimeout' })
    expect(await firstValueFrom(producer.failed$)).toMatchObject({ _tag: 'DeliveryTimeout' })
    expect(thrownBy(() => producer.append({ topic, partition: 0, value: 'b' }))).toMatchObject({
      _tag: 'DeliveryTimeout',
    })
  })

  it('should write without idempotence, and with acks of one and none', async () => {
    const client = await scene().clientAndTopic()
    const plain = { idempotence: false } as const
    await scene().write(client, [{ partition: 0, value: 'all' }], producerConfig({ ...plain, acks: -1 }))
    await scene().write(client, [{ partition: 0, value: 'one' }], producerConfig({ ...plain, acks: 1 }))
    await scene().write(client, [{ partition: 0, value: 'none' }], producerConfig({ ...plain, acks: 0 }))
    expect((await readPartition(client, partition(0), { to: 3 })).values).toEqual(['all', 'one', 'none'])
  })

  it('should give up at close what is not acknowledged, and take no more', async () => {
    const { topic } = scene()
    const client = await scene().clientAndTopic()
    const producer = client.producer(producerConfig({ lingerMs: 60_000 }))
    producer.append({ topic, partition: 0, value: 'given up' })
    await lastValueFrom(producer.close())
    expect(thrownBy(() => producer.append({ topic, partition: 0, value: 'b' }))).toMatchObject({ name: 'KafkaError' })
    const offsets = await lastValueFrom(client.admin.listOffsets([[partition(0), latestOffset]], 'read_uncommitted'))
    expect(offsets.get(`${topic}-0`)).toBe(0)
  })
}

/** Of Kafka's own UtilsTest. */
const murmur2Vectors: Readonly<Record<string, number>> = {
  '21': -973932308,
  foobar: -790332482,
  'a-little-bit-long-string': -985981536,
  'a-little-bit-longer-string': -1486304829,
  lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8: -58897971,
  abc: 479470107,
}

/** What a user's code may give in the place of a part of a record, and no log can hold. */
const noRecords: readonly object[] = [
  ...[null, undefined, '', 5, '..', 'a b', 'x'.repeat(250)].map((topic) => ({ topic })),
  ...[-1, NaN, 0.5, null, '0', 2 ** 31, 1n].map((partition) => ({ partition })),
  ...[undefined, 5, {}, new ArrayBuffer(2), new DataView(new ArrayBuffer(2)), new Float64Array(2)].map((value) => ({
    value,
  })),
  ...[5, {}, new Date(0), new ArrayBuffer(2)].map((key) => ({ key })),
  ...[NaN, -1, Infinity, '5', new Date(0), 5n, 2 ** 53].map((timestamp) => ({ timestamp })),
  ...[{}, [null], [{ key: 5, value: null }], [{ key: 'h' }], [{ key: 'h', value: 'text' }]].map((headers) => ({
    headers,
  })),
]
