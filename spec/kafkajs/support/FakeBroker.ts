import { createServer, type Server, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'
import { ByteWriter } from '../../../lib/protocol/ByteWriter.js'

export interface ReceivedRequest {
  readonly apiKey: number
  readonly apiVersion: number
  readonly body: Buffer
  /** counts the connections of this broker from 0 */
  readonly connection: number
}

/** The body of the answer; a promise answers later, undefined never. */
export type Handler = (request: ReceivedRequest) => Buffer | undefined | Promise<Buffer | undefined>

/** Which versions of an API it speaks; undefined: it does not know it. */
export type Versions = (apiKey: number) => readonly [min: number, max: number] | undefined

/**
 * A broker as the connection layer sees one: framing, correlation ids, ApiVersions, and one request per connection at a time,
 * answered by handlers. Listens on a free port of 127.0.0.1.
 */
export class FakeBroker {
  readonly received: ReceivedRequest[] = []
  readonly sockets = new Set<Socket>()
  accepted = 0
  port = 0
  /** looks at what comes before it is answered; true: it has done to the socket what is to be done */
  tamper: (socket: Socket, request?: ReceivedRequest & { readonly correlationId: number }) => boolean = () => false
  /** changes an answer before it leaves */
  alter: (body: Buffer, apiKey: number) => Buffer = (body) => body
  private readonly handlers = new Map<number, Handler>()
  private readonly server: Server

  private constructor(versions: Versions) {
    this.server = createServer((socket) => this.serve(socket))
    this.on(apiVersionsKey, () => apiVersionsAnswer(versions))
  }

  static async start(versions: Versions = () => [0, 20], { host = '127.0.0.1', port = 0 } = {}): Promise<FakeBroker> {
    const broker = new FakeBroker(versions)
    await new Promise<void>((resolve, reject) => broker.server.once('error', reject).listen(port, host, resolve))
    broker.port = (broker.server.address() as AddressInfo).port
    return broker
  }

  on(apiKey: number, handler: Handler): void {
    this.handlers.set(apiKey, handler)
  }

  requests(apiKey: number): readonly ReceivedRequest[] {
    return this.received.filter((request) => request.apiKey === apiKey)
  }

  /** Cuts all connections, as a crash does. */
  cut(): void {
    this.sockets.forEach((socket) => socket.destroy())
  }

  async stop(): Promise<void> {
    // A server that is stopped already tells so as an error, which is as good.
    const stopped = new Promise((resolve) => this.server.close(resolve))
    this.cut()
    await stopped
  }

  private serve(socket: Socket): void {
    const connection = this.accepted++
    this.sockets.add(socket)
    socket.on('close', () => this.sockets.delete(socket))
    socket.on('error', () => {})
    if (this.tamper(socket)) return
    let bytes: Buffer = Buffer.alloc(0)
    let before: Promise<unknown> = Promise.resolve()
    socket.on('data', (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk])
      while (bytes.length >= 4 && bytes.length >= 4 + bytes.readInt32BE(0)) {
        const end = 4 + bytes.readInt32BE(0)
        const frame = bytes.subarray(4, end)
        bytes = bytes.subarray(end)
        before = before.then(() => this.answer(socket, connection, frame))
      }
    })
  }

  private async answer(socket: Socket, connection: number, frame: Buffer): Promise<void> {
    const clientIdLength = Math.max(0, frame.readInt16BE(8))
    const request = {
      apiKey: frame.readInt16BE(0),
      apiVersion: frame.readInt16BE(2),
      body: frame.subarray(10 + clientIdLength),
      connection,
    }
    this.received.push(request)
    if (this.tamper(socket, { ...request, correlationId: frame.readInt32BE(4) })) return
    const answer = await this.handlers.get(request.apiKey)?.(request)
    // A broker that never answers holds up what comes behind on this connection.
    if (answer === undefined) return new Promise(() => {})
    const body = this.alter(answer, request.apiKey)
    const header = Buffer.alloc(8)
    header.writeInt32BE(4 + body.length, 0)
    header.writeInt32BE(frame.readInt32BE(4), 4)
    socket.write(Buffer.concat([header, body]))
  }
}

const apiVersionsKey = 18

const apiVersionsAnswer = (versions: Versions): Buffer =>
  new ByteWriter()
    .writeInt16(0)
    .writeArray(
      Array.from({ length: 70 }, (_, apiKey) => [apiKey, versions(apiKey)] as const).filter(([, range]) => range),
      (writer, [apiKey, [min, max] = [0, 0]]) => writer.writeInt16(apiKey).writeInt16(min).writeInt16(max),
    )
    .writeInt32(0)
    .toBuffer()
