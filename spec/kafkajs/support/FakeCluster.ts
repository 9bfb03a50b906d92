import type { KafkaConfig } from '../../../lib/client/KafkaConfig.js'
import { ByteReader } from '../../../lib/protocol/ByteReader.js'
import { ByteWriter } from '../../../lib/protocol/ByteWriter.js'
import { fetchApi } from '../../../lib/protocol/requests/fetch.js'
import { readByTopic, writeByTopic } from '../../../lib/protocol/requests/byTopic.js'
import { metadataApi } from '../../../lib/protocol/requests/metadata.js'
import {
  type AskedEpoch,
  type EpochEnd,
  offsetForLeaderEpochApi,
} from '../../../lib/protocol/requests/offsetForLeaderEpoch.js'
import { FakeBroker, type Versions } from './FakeBroker.js'

export interface AskedPartition {
  /** '' when it was asked for by its id */
  readonly topic: string
  readonly topicId?: string | undefined
  readonly partition: number
  readonly leaderEpoch: number
  readonly offset: number
  readonly maxBytes: number
}

export interface AskedFetch {
  readonly nodeId: number
  readonly connection: number
  readonly maxWaitMs: number
  readonly rackId: string
  readonly partitions: readonly AskedPartition[]
}

export interface PartitionAnswer {
  readonly errorCode?: number
  readonly highWatermark?: number
  readonly preferredReadReplica?: number
  readonly records?: Buffer
}

/** What a broker answers for one partition of a fetch; undefined waits `maxWaitMs` and answers nothing new. */
export type OnFetch = (asked: AskedPartition, fetch: AskedFetch) => PartitionAnswer | undefined

/** Fake brokers that agree on who leads what, and answer fetches by a script. Node ids count from 0. */
export class FakeCluster {
  readonly fetches: AskedFetch[] = []
  readonly leaders = new Map<string, { leader: number; leaderEpoch: number }[]>()
  /** topics with an id, 22 characters of base64, are fetched by it; those without by their name */
  readonly topicIds = new Map<string, string>()
  /** what metadata says of a topic in place of its partitions */
  readonly refused = new Map<string, number>()
  onFetch: OnFetch = () => undefined
  /** what leaders answer to those who ask where an epoch ends; undefined leaves the partition out */
  onEpochAsked: (asked: AskedEpoch) => Partial<EpochEnd> | undefined = () => ({})
  readonly askedEpochs: AskedEpoch[] = []
  /** hosts that brokers advertise in the place of their own */
  readonly advertised = new Map<number, string>()
  /** fetches are never answered */
  silent = false
  private woken: (() => void)[] = []

  private constructor(
    readonly brokers: FakeBroker[],
    private readonly host: string,
  ) {
    brokers.forEach((broker, nodeId) => {
      broker.on(metadataApi.apiKey, ({ body }) => this.metadata(body))
      broker.on(offsetForLeaderEpochApi.apiKey, ({ body }) => this.epochEnds(body))
      broker.on(fetchApi.apiKey, ({ apiVersion, body, connection }) =>
        this.fetch(nodeId, connection, body, apiVersion === fetchApi.apiVersion),
      )
    })
  }

  static async start(count = 1, host = '127.0.0.1', versions?: Versions): Promise<FakeCluster> {
    const brokers = Array.from({ length: count }, () => FakeBroker.start(versions, { host }))
    return new FakeCluster(await Promise.all(brokers), host)
  }

  /** Of the first broker. */
  get address(): string {
    return `${this.host}:${this.brokers[0]?.port ?? 0}`
  }

  lead(topic: string, ...leaders: readonly number[]): void {
    const before = this.leaders.get(topic) ?? []
    this.leaders.set(
      topic,
      leaders.map((leader, partition) => ({ leader, leaderEpoch: (before[partition]?.leaderEpoch ?? -1) + 1 })),
    )
  }

  /** Long polls look again for data. */
  wake(): void {
    const woken = this.woken
    this.woken = []
    woken.forEach((look) => look())
  }

  config(overrides: Partial<KafkaConfig> = {}): KafkaConfig {
    return {
      bootstrapServers: this.brokers.map(({ port }) => ({ host: this.host, port })),
      clientId: 'spec',
      connectionTimeoutMs: 1000,
      requestTimeoutMs: 1000,
      retryBackoffMs: 5,
      retryBackoffMaxMs: 20,
      reconnectBackoffMs: 1,
      reconnectBackoffMaxMs: 10,
      metadataMaxAgeMs: 300_000,
      ...overrides,
    }
  }

  async stop(): Promise<void> {
    this.wake()
    await Promise.all(this.brokers.map((broker) => broker.stop()))
  }

  private metadata(body: Buffer): Buffer {
    const reader = new ByteReader(body, 'Metadata request')
    reader.skipTaggedFields()
    const all = body[reader.position] === 0
    const asked = reader.readCompactArray(() => {
      reader.readUuid()
      const topic = reader.readCompactString()
      reader.skipTaggedFields()
      return topic
    })
    return new ByteWriter()
      .writeNoTaggedFields()
      .writeInt32(0)
      .writeCompactArray([...this.brokers.entries()], (writer, [nodeId, { port }]) =>
        writer
          .writeInt32(nodeId)
          .writeCompactString(this.advertised.get(nodeId) ?? this.host)
          .writeInt32(port)
          .writeCompactNullableString(null)
          .writeNoTaggedFields(),
      )
      .writeCompactNullableString('cluster')
      .writeInt32(0)
      .writeCompactArray(all ? [...this.leaders.keys()] : asked, (writer, topic) => {
        const refusal = this.refused.get(topic)
        const partitions = refusal === undefined ? this.leaders.get(topic) : undefined
        writer
          .writeInt16(refusal ?? (partitions === undefined ? 3 : 0))
          .writeCompactString(topic)
          .writeUuid(partitions === undefined ? undefined : this.topicIds.get(topic))
          .writeBoolean(false)
        writer.writeCompactArray([...(partitions ?? []).entries()], (_, [partition, { leader, leaderEpoch }]) => {
          writer
            .writeInt16(leader < 0 ? 5 : 0)
            .writeInt32(partition)
            .writeInt32(leader)
            .writeInt32(leaderEpoch)
          writer.writeCompactArray([leader], () => writer.writeInt32(leader))
          writer.writeCompactArray([leader], () => writer.writeInt32(leader))
          writer.writeCompactArray([], () => undefined).writeNoTaggedFields()
        })
        writer.writeInt32(0).writeNoTaggedFields()
      })
      .writeNoTaggedFields()
      .toBuffer()
  }

  private epochEnds(body: Buffer): Buffer {
    const reader = new ByteReader(body, 'OffsetForLeaderEpoch request')
    reader.readInt32()
    const asked = readByTopic(reader, (_, topic) => ({
      ...{ topic, partition: reader.readInt32() },
      ...{ currentLeaderEpoch: reader.readInt32(), leaderEpoch: reader.readInt32() },
    }))
    this.askedEpochs.push(...asked)
    const ends = asked.flatMap((partition) => {
      const end = this.onEpochAsked(partition)
      return end === undefined ? [] : [{ errorCode: 0, endOffset: 1_000_000, ...partition, ...end }]
    })
    return writeByTopic(new ByteWriter().writeInt32(0), ends, (writer, end) => {
      writer.writeInt16(end.errorCode).writeInt32(end.partition).writeInt32(end.leaderEpoch).writeInt64(end.endOffset)
    }).toBuffer()
  }

  private async fetch(nodeId: number, connection: number, body: Buffer, byId: boolean): Promise<Buffer | undefined> {
    const fetch = { ...(byId ? readFetchById(body) : readFetch(body)), nodeId, connection }
    this.fetches.push(fetch)
    if (this.silent) return undefined
    const look = () => fetch.partitions.map((asked) => this.unknownId(asked) ?? this.onFetch(asked, fetch))
    let answers = look()
    if (answers.every((answer) => answer === undefined)) {
      await this.dataOrTimeout(fetch.maxWaitMs)
      answers = look()
    }
    const answered = fetch.partitions.map((asked, i) => ({ ...asked, ...answers[i] }))
    return byId ? writeFetchedById(answered) : writeFetched(answered)
  }

  /** A broker that is asked for a topic by an id answers for no other one of its name. */
  private unknownId({ topicId }: AskedPartition): PartitionAnswer | undefined {
    const known = topicId === undefined || [...this.topicIds.values()].includes(topicId)
    return known ? undefined : { errorCode: 100 }
  }

  private dataOrTimeout(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.woken.push(() => {
        clearTimeout(timer)
        resolve()
      })
    })
  }
}

const readFetch = (body: Buffer): Omit<AskedFetch, 'nodeId' | 'connection'> => {
  const reader = new ByteReader(body, 'Fetch request')
  reader.readInt32()
  const maxWaitMs = reader.readInt32()
  reader.readInt32()
  reader.readInt32()
  reader.readInt8()
  reader.readInt32()
  reader.readInt32()
  const partitions: AskedPartition[] = []
  reader.readArray(() => {
    const topic = reader.readString()
    reader.readArray(() => {
      const [partition, leaderEpoch, offset] = [reader.readInt32(), reader.readInt32(), reader.readInt64()]
      reader.readInt64()
      partitions.push({ topic, partition, leaderEpoch, offset, maxBytes: reader.readInt32() })
    })
  })
  reader.readArray(() => undefined)
  return { maxWaitMs, partitions, rackId: reader.readString() }
}

const writeFetched = (answers: readonly (AskedPartition & PartitionAnswer)[]): Buffer =>
  new ByteWriter()
    .writeInt32(0)
    .writeInt16(0)
    .writeInt32(0)
    .writeArray(answers, (writer, answer) => {
      writer.writeString(answer.topic).writeArray([answer], () => {
        const end = answer.highWatermark ?? answer.offset
        writer.writeInt32(answer.partition).writeInt16(answer.errorCode ?? 0)
        writer.writeInt64(end).writeInt64(end).writeInt64(0)
        writer.writeArray([], () => undefined)
        writer.writeInt32(answer.preferredReadReplica ?? -1).writeBytes(answer.records ?? Buffer.alloc(0))
      })
    })
    .toBuffer()

const readFetchById = (body: Buffer): Omit<AskedFetch, 'nodeId' | 'connection'> => {
  const reader = new ByteReader(body, 'Fetch request')
  reader.skipTaggedFields()
  reader.readInt32()
  const maxWaitMs = reader.readInt32()
  reader.readInt32()
  reader.readInt32()
  reader.readInt8()
  reader.readInt32()
  reader.readInt32()
  const partitions: AskedPartition[] = []
  reader.readCompactArray(() => {
    const topicId = reader.readUuid()
    reader.readCompactArray(() => {
      const [partition, leaderEpoch, offset] = [reader.readInt32(), reader.readInt32(), reader.readInt64()]
      reader.readInt32()
      reader.readInt64()
      partitions.push({ topic: '', topicId, partition, leaderEpoch, offset, maxBytes: reader.readInt32() })
      reader.skipTaggedFields()
    })
    reader.skipTaggedFields()
  })
  reader.readCompactArray(() => undefined)
  return { maxWaitMs, partitions, rackId: reader.readCompactString() }
}

const writeFetchedById = (answers: readonly (AskedPartition & PartitionAnswer)[]): Buffer =>
  new ByteWriter()
    .writeNoTaggedFields()
    .writeInt32(0)
    .writeInt16(0)
    .writeInt32(0)
    .writeCompactArray(answers, (writer, answer) => {
      writer.writeUuid(answer.topicId).writeCompactArray([answer], () => {
        const end = answer.highWatermark ?? answer.offset
        writer.writeInt32(answer.partition).writeInt16(answer.errorCode ?? 0)
        writer.writeInt64(end).writeInt64(end).writeInt64(0)
        writer.writeCompactArray([], () => undefined)
        writer
          .writeInt32(answer.preferredReadReplica ?? -1)
          .writeCompactBytes(answer.records ?? Buffer.alloc(0))
          .writeNoTaggedFields()
      })
      writer.writeNoTaggedFields()
    })
    .writeNoTaggedFields()
    .toBuffer()
