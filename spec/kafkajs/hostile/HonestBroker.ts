import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'
import { ByteReader } from '../../../lib/protocol/ByteReader.js'
import { ByteWriter } from '../../../lib/protocol/ByteWriter.js'
import { decodeRecordBatches } from '../../../lib/protocol/decodeRecordBatches.js'
import { readByTopic, writeByTopic } from '../../../lib/protocol/requests/byTopic.js'
import { findCoordinatorApi } from '../../../lib/protocol/requests/findCoordinator.js'
import { initProducerIdApi } from '../../../lib/protocol/requests/initProducerId.js'
import { listOffsetsApi } from '../../../lib/protocol/requests/listOffsets.js'
import { produceApi } from '../../../lib/protocol/requests/produce.js'
import { saslAuthenticateApi } from '../../../lib/protocol/requests/saslAuthenticate.js'
import { saslHandshakeApi } from '../../../lib/protocol/requests/saslHandshake.js'
import { batchAt, fetched } from '../../support/encodedBatches.js'
import type { FakeBroker } from '../support/FakeBroker.js'
import { FakeCluster } from '../support/FakeCluster.js'
import type { Misbehaviour } from './misbehaviours.js'

export const PASSWORD = 'pencil'

/** On every connection, before anything is asked. */
export const ON_ACCEPT = -1

/**
 * A broker that can be read, written and logged in to, as far as one small job needs it. The topic `in` holds `a`, `b` and `c`;
 * what is written to `out` is remembered.
 */
export class HonestBroker {
  readonly written: string[] = []
  private readonly logins = new Map<number, ScramServer>()

  private constructor(
    private readonly cluster: FakeCluster,
    readonly broker: FakeBroker,
  ) {
    const { port } = broker
    cluster.lead('in', 0)
    cluster.lead('out', 0)
    const records = batchAt(0, { records: ['a', 'b', 'c'].map((value) => ({ value })) })
    cluster.onFetch = ({ topic, offset }) =>
      topic === 'in' && offset < 3 ? { records, highWatermark: 3 } : { highWatermark: 3 }
    broker.on(saslHandshakeApi.apiKey, () =>
      new ByteWriter()
        .writeInt16(0)
        .writeArray(['SCRAM-SHA-256'], (writer, mechanism) => writer.writeString(mechanism))
        .toBuffer(),
    )
    broker.on(saslAuthenticateApi.apiKey, ({ connection, body }) => this.login(connection, body))
    broker.on(listOffsetsApi.apiKey, ({ body }) => listedOffsets(body))
    broker.on(findCoordinatorApi.apiKey, () =>
      new ByteWriter()
        .writeInt32(0)
        .writeInt16(0)
        .writeNullableString(null)
        .writeInt32(0)
        .writeString('127.0.0.1')
        .writeInt32(port)
        .toBuffer(),
    )
    broker.on(initProducerIdApi.apiKey, () =>
      new ByteWriter().writeInt32(0).writeInt16(0).writeBigInt64(1n).writeInt16(0).toBuffer(),
    )
    broker.on(produceApi.apiKey, ({ body }) => this.produce(body))
  }

  static async start(): Promise<HonestBroker> {
    const cluster = await FakeCluster.start()
    return new HonestBroker(cluster, cluster.brokers[0]!)
  }

  get address(): string {
    return `127.0.0.1:${this.broker.port}`
  }

  /** In the place of the next answers to requests of one kind. */
  misbehave(apiKey: number, misbehaviour: Misbehaviour, times: number): void {
    let left = times
    this.broker.tamper = (socket, request) => {
      if (left === 0 || apiKey !== (request?.apiKey ?? ON_ACCEPT)) return false
      left--
      misbehaviour(socket, request?.correlationId ?? 0)
      return true
    }
  }

  stop(): Promise<void> {
    return this.cluster.stop()
  }

  private login(connection: number, body: Buffer): Buffer {
    const said = new ByteReader(body, 'SaslAuthenticate request').readBytes().toString()
    const server = this.logins.get(connection) ?? new ScramServer()
    this.logins.set(connection, server)
    return new ByteWriter()
      .writeInt16(0)
      .writeNullableString(null)
      .writeBytes(Buffer.from(server.answer(said)))
      .writeInt64(0)
      .toBuffer()
  }

  private produce(body: Buffer): Buffer {
    const reader = new ByteReader(body, 'Produce request')
    reader.readNullableString()
    reader.readInt16()
    reader.readInt32()
    const partitions = readByTopic(reader, (_, topic) => ({
      topic,
      partition: reader.readInt32(),
      records: reader.readBytes(),
    }))
    for (const { topic, records } of partitions) {
      const batch = decodeRecordBatches({ ...fetched(records), topic }, 0, {
        isolationLevel: 'read_uncommitted',
        checkCrcs: true,
      })
      this.written.push(...batch.take(100).map(({ value }) => String(value)))
    }
    return writeByTopic(new ByteWriter(), partitions, (writer, { partition }) => {
      writer.writeInt32(partition).writeInt16(0).writeInt64(0).writeInt64(-1).writeInt64(0)
      writer.writeArray([], () => undefined).writeNullableString(null)
    })
      .writeInt32(0)
      .toBuffer()
  }
}

const listedOffsets = (body: Buffer): Buffer => {
  const reader = new ByteReader(body, 'ListOffsets request')
  reader.readInt32()
  reader.readInt8()
  const asked = readByTopic(reader, (_, topic) => {
    const partition = reader.readInt32()
    reader.readInt32()
    return { topic, partition, offset: reader.readInt64() === -2 ? 0 : 3 }
  })
  return writeByTopic(new ByteWriter().writeInt32(0), asked, (writer, { partition, offset }) => {
    writer.writeInt32(partition).writeInt16(0).writeInt64(-1).writeInt64(offset).writeInt32(-1)
  }).toBuffer()
}

/** The server's side of SCRAM-SHA-256, for one login. */
class ScramServer {
  private clientFirst = ''
  private serverFirst = ''

  answer(said: string): string {
    if (this.clientFirst === '') {
      this.clientFirst = said.slice('n,,'.length)
      const nonce = this.clientFirst.slice(this.clientFirst.indexOf(',r=') + 3)
      this.serverFirst = `r=${nonce}server,s=${Buffer.from('salt').toString('base64')},i=4096`
      return this.serverFirst
    }
    const [withoutProof = '', proof = ''] = said.split(',p=')
    const authMessage = `${this.clientFirst},${this.serverFirst},${withoutProof}`
    const salted = pbkdf2Sync(PASSWORD, 'salt', 4096, 32, 'sha256')
    const hmac = (key: Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()
    const storedKey = createHash('sha256').update(hmac(salted, 'Client Key')).digest()
    const clientKey = Buffer.from(proof, 'base64').map((byte, i) => byte ^ hmac(storedKey, authMessage)[i]!)
    if (!createHash('sha256').update(clientKey).digest().equals(storedKey)) return 'e=invalid-proof'
    return `v=${hmac(hmac(salted, 'Server Key'), authMessage).toString('base64')}`
  }
}
