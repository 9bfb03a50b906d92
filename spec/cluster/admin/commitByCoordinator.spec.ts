import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { firstValueFrom } from 'rxjs'
import { TopicPartition } from '../../../lib/client/TopicPartition.js'
import { commitByCoordinator } from '../../../lib/cluster/admin/commitByCoordinator.js'
import { ClusterByPromises } from '../../kafkajs/support/ClusterByPromises.js'
import { ByteReader } from '../../../lib/protocol/ByteReader.js'
import { ByteWriter } from '../../../lib/protocol/ByteWriter.js'
import { readByTopic, writeByTopic } from '../../../lib/protocol/requests/byTopic.js'
import { findCoordinatorApi } from '../../../lib/protocol/requests/findCoordinator.js'
import { offsetCommitApi } from '../../../lib/protocol/requests/offsetCommit.js'
import { FakeCluster } from '../../kafkajs/support/FakeCluster.js'

describe('commitByCoordinator', () => {
  let cluster: FakeCluster
  let connections: ClusterByPromises
  /** what each request asked for */
  let asked: string[][]

  beforeEach(async () => {
    asked = []
    cluster = await FakeCluster.start(1)
    cluster.brokers[0]!.on(findCoordinatorApi.apiKey, () =>
      new ByteWriter()
        .writeInt32(0)
        .writeInt16(0)
        .writeNullableString(null)
        .writeInt32(0)
        .writeString('')
        .writeInt32(-1)
        .toBuffer(),
    )
    connections = await ClusterByPromises.open(cluster.config())
  })

  afterEach(async () => {
    await connections.close()
    await cluster.stop()
  })

  /** @param codes what is answered for a partition, request by request; then success */
  const commit = (partitions: readonly string[], codes: Readonly<Record<string, readonly number[]>>) => {
    cluster.brokers[0]!.on(offsetCommitApi.apiKey, ({ body }) => {
      const round = asked.length
      const reader = new ByteReader(body, 'OffsetCommit request')
      reader.readString()
      reader.readInt32()
      reader.readString()
      reader.readNullableString()
      const entries = readByTopic(reader, (_, topic) => {
        const partition = reader.readInt32()
        reader.readInt64()
        reader.readInt32()
        reader.readNullableString()
        return { topic, partition }
      })
      asked.push(entries.map(({ topic, partition }) => `${topic}-${partition}`))
      return writeByTopic(new ByteWriter().writeInt32(0), entries, (writer, { topic, partition }) =>
        writer.writeInt32(partition).writeInt16(codes[`${topic}-${partition}`]?.[round] ?? 0),
      ).toBuffer()
    })
    const offsets = partitions.map(
      (name) => [new TopicPartition(name.slice(0, -2), Number(name.slice(-1))), 5] as const,
    )
    return firstValueFrom(commitByCoordinator(connections.cluster, 'g', offsets))
  }

  it('should ask again only for what the coordinator does not know yet', async () => {
    cluster.lead('t', 0, 0)
    await expect(commit(['t-0', 't-1'], { 't-1': [3, 3] })).resolves.toEqual(new Map())
    expect(asked).toEqual([['t-0', 't-1'], ['t-1'], ['t-1']])
  })

  it('should refuse at once what metadata does not know either: a topic, a partition', async () => {
    cluster.lead('t', 0, 0)
    const refused = await commit(['t-0', 'gone-0', 't-2'], { 'gone-0': [3], 't-2': [3] })
    expect([...refused.keys()]).toEqual(['gone-0', 't-2'])
    expect(refused.get('gone-0')?.message).toContain('OffsetCommit of gone-0 for group "g"')
    expect(asked).toHaveLength(1)
  })

  it('should refuse what is not ours to commit, and commit the others', async () => {
    cluster.lead('t', 0, 0)
    const refused = await commit(['secret-0', 't-0'], { 'secret-0': [29] })
    expect([...refused.values()]).toMatchObject([{ _tag: 'Authorization', topic: 'secret', partition: 0 }])
    expect(asked).toHaveLength(1)
  })

  it('should fail as a whole when the group is refused, and find another coordinator', async () => {
    cluster.lead('t', 0, 0)
    await expect(commit(['t-0', 't-1'], { 't-0': [16], 't-1': [16] })).resolves.toEqual(new Map())
    expect(asked).toHaveLength(2)
    asked = []
    await expect(commit(['t-0', 't-1'], { 't-0': [30], 't-1': [30] })).rejects.toMatchObject({ _tag: 'Authorization' })
    expect(asked).toHaveLength(1)
  })

  it('should not fail for one that stays unknown to the coordinator longer than request.timeout.ms', async () => {
    cluster.lead('t', 0, 0)
    const forever = Array.from({ length: 1000 }, () => 3)
    const refused = await commit(['t-0', 't-1'], { 't-1': forever })
    expect([...refused.keys()]).toEqual(['t-1'])
    expect(asked[0]).toEqual(['t-0', 't-1'])
  })
})
