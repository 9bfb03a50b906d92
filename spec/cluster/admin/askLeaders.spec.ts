import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { firstValueFrom } from 'rxjs'
import { TopicPartition } from '../../../lib/client/TopicPartition.js'
import { describeProducersAtLeaders } from '../../../lib/cluster/admin/describeProducersAtLeaders.js'
import { ClusterByPromises } from '../../kafkajs/support/ClusterByPromises.js'
import { ByteReader } from '../../../lib/protocol/ByteReader.js'
import { ByteWriter } from '../../../lib/protocol/ByteWriter.js'
import { readCompactByTopic, writeCompactByTopic } from '../../../lib/protocol/requests/byTopic.js'
import { describeProducersApi } from '../../../lib/protocol/requests/describeProducers.js'
import { FakeCluster } from '../../kafkajs/support/FakeCluster.js'

const [notLeader, refused] = [6, 29]

describe('askLeaders', () => {
  let cluster: FakeCluster
  let connections: ClusterByPromises
  /** by node and partition; the others are answered without an error */
  let answers: (nodeId: number, partition: number) => readonly [errorCode: number, errorMessage: string | null]
  let isLeftOut: (partition: number) => boolean
  const asked: { readonly nodeId: number; readonly partitions: readonly string[] }[] = []

  beforeEach(async () => {
    asked.length = 0
    answers = () => [0, null]
    isLeftOut = () => false
    cluster = await FakeCluster.start(2)
    cluster.lead('t', 0, 1, 0)
    cluster.brokers.forEach((broker, nodeId) => {
      broker.on(describeProducersApi.apiKey, ({ body }) => {
        const partitions = read(body)
        asked.push({ nodeId, partitions: partitions.map(String) })
        const answered = partitions.filter((one) => !isLeftOut(one.partition))
        return write(answered.map((one) => [one, ...answers(nodeId, one.partition)]))
      })
    })
    connections = await ClusterByPromises.open(cluster.config())
  })

  afterEach(async () => {
    await connections.close()
    await cluster.stop()
  })

  const ask = async (...partitions: readonly number[]) =>
    [
      ...(await firstValueFrom(
        describeProducersAtLeaders(
          connections.cluster,
          partitions.map((partition) => new TopicPartition('t', partition)),
        ),
      )),
    ].sort()

  it('should ask each leader once, about all its partitions', async () => {
    expect(await ask(0, 1, 2)).toEqual([
      ['t-0', [{ ...producer, producerId: 0n }]],
      ['t-1', [{ ...producer, producerId: 1n }]],
      ['t-2', [{ ...producer, producerId: 2n }]],
    ])
    expect([...asked].sort((a, b) => a.nodeId - b.nodeId)).toEqual([
      { nodeId: 0, partitions: ['t-0', 't-2'] },
      { nodeId: 1, partitions: ['t-1'] },
    ])
  })

  it('should ask again about a partition that an answer says nothing of', async () => {
    isLeftOut = (partition) => partition === 2 && asked.length === 1
    expect((await ask(0, 2)).map(([key]) => key)).toEqual(['t-0', 't-2'])
    expect(asked.map(({ partitions }) => partitions)).toEqual([['t-0', 't-2'], ['t-2']])
  })

  it('should ask again about a partition whose leader has moved, there and alone', async () => {
    answers = (nodeId, partition) => {
      if (nodeId !== 0 || partition !== 2) return [0, null]
      cluster.lead('t', 0, 1, 1)
      return [notLeader, null]
    }

    expect((await ask(0, 2)).map(([key]) => key)).toEqual(['t-0', 't-2'])
    expect(asked).toEqual([
      { nodeId: 0, partitions: ['t-0', 't-2'] },
      { nodeId: 1, partitions: ['t-2'] },
    ])
  })

  it('should ask again when the connection was lost', async () => {
    await ask(0, 1)
    cluster.brokers.forEach((broker) => broker.cut())

    expect((await ask(0, 1)).map(([key]) => key)).toEqual(['t-0', 't-1'])
  })

  it('should say at once, in the words of the broker too, what it has no permission for', async () => {
    answers = (_, partition) => (partition === 2 ? [refused, 'Not for you.'] : [0, null])

    await expect(ask(0, 2)).rejects.toMatchObject({
      ...{ _tag: 'Authorization', topic: 't', partition: 2, retriable: false },
      message: expect.stringMatching(/^DescribeProducers of t-2: .* "Not for you"/),
    })
    expect(asked).toHaveLength(1)
  })

  it('should look for a partition that is not there, and then name it', async () => {
    await connections.close()
    connections = await ClusterByPromises.open(cluster.config({ requestTimeoutMs: 100 }))

    await expect(ask(0, 7)).rejects.toMatchObject({ codeName: 'UNKNOWN_TOPIC_OR_PARTITION', topic: 't', partition: 7 })
    expect(asked).toEqual([{ nodeId: 0, partitions: ['t-0'] }])
  })
})

const producer = {
  ...{ epoch: 3, lastSequence: 41, lastTimestamp: 1_700_000_000_000 },
  ...{ coordinatorEpoch: undefined, transactionStartOffset: 60 },
}

const read = (body: Buffer): readonly TopicPartition[] => {
  const reader = new ByteReader(body, 'DescribeProducers request')
  reader.skipTaggedFields()
  return readCompactByTopic(reader, (_, topic) => new TopicPartition(topic, reader.readInt32()))
}

const write = (answers: readonly (readonly [TopicPartition, number, string | null])[]): Buffer => {
  const writer = new ByteWriter().writeNoTaggedFields().writeInt32(0)
  const entries = answers.map(([{ topic, partition }, code, message]) => ({ topic, partition, code, message }))
  return writeCompactByTopic(writer, entries, (_, { partition, code, message }) => {
    writer.writeInt32(partition).writeInt16(code)
    if (message === null) writer.writeUnsignedVarint(0)
    else writer.writeCompactString(message)
    writer
      .writeCompactArray(code === 0 ? [partition] : [], () =>
        writer
          .writeBigInt64(BigInt(partition))
          .writeInt32(3)
          .writeInt32(41)
          .writeInt64(1_700_000_000_000)
          .writeInt32(-1)
          .writeInt64(60)
          .writeNoTaggedFields(),
      )
      .writeNoTaggedFields()
  })
    .writeNoTaggedFields()
    .toBuffer()
}
