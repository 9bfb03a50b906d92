import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { FrameReader, requestHeader } from './frames.js'

/** Answers every request with its own bytes behind a correlation id, and remembers what reached it. */
export class FramedServer {
  /** API keys, in the order of arrival */
  readonly received: number[] = []
  private readonly sockets = new Set<Socket>()
  private readonly server = createServer((socket) => {
    const frames = new FrameReader()
    this.sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => this.sockets.delete(socket))
    socket.on('data', (chunk: Buffer) => {
      for (const frame of frames.push(chunk)) {
        const { apiKey, correlationId } = requestHeader(frame)
        this.received.push(apiKey)
        socket.write(framed(Buffer.alloc(0), [correlationId], frame.subarray(12)))
      }
    })
  })

  static async start(): Promise<FramedServer> {
    const server = new FramedServer()
    server.server.listen(0, '127.0.0.1')
    await once(server.server, 'listening')
    return server
  }

  get address() {
    return { host: '127.0.0.1', port: (this.server.address() as AddressInfo).port }
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy()
    this.server.close()
    await once(this.server, 'close')
  }
}

/** Size, head, numbers of four bytes, body. */
export const framed = (head: Buffer, numbers: readonly number[], body: Buffer): Buffer => {
  const ints = Buffer.alloc(4 * numbers.length)
  numbers.forEach((value, index) => ints.writeInt32BE(value, 4 * index))
  const size = Buffer.alloc(4)
  size.writeInt32BE(head.length + ints.length + body.length)
  return Buffer.concat([size, head, ints, body])
}
