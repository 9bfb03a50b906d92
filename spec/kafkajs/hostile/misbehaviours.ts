import type { Socket } from 'node:net'

/** What a peer does in the place of an answer. */
export type Misbehaviour = (socket: Socket, correlationId: number) => void

const int32 = (...numbers: readonly number[]): Buffer => {
  const bytes = Buffer.alloc(4 * numbers.length)
  numbers.forEach((number, i) => bytes.writeInt32BE(number, 4 * i))
  return bytes
}

/** Looks random, and is the same each time. */
export const noise = (length: number, seed = 1): Buffer => {
  let state = seed
  return Buffer.from(Array.from({ length }, () => (state = (state * 1_103_515_245 + 12_345) & 0x7fff_ffff) >> 16))
}

const answer = (correlationId: number, body: Buffer): Buffer =>
  Buffer.concat([int32(4 + body.length, correlationId), body])

const without =
  (length: number): Misbehaviour =>
  (socket) =>
    socket.write(Buffer.concat([int32(length), Buffer.alloc(Math.max(0, length), 7)]))

/** Promises a frame, and goes on for as long as it is listened to. */
const endless =
  (length: number): Misbehaviour =>
  (socket, correlationId) => {
    socket.write(int32(length, correlationId))
    const more = (): void => {
      while (!socket.destroyed && socket.write(Buffer.alloc(1 << 20)));
      if (!socket.destroyed) socket.once('drain', more)
    }
    more()
  }

/** At any time: each of them must cost the connection, once. */
export const misbehaviours: Readonly<Record<string, Misbehaviour>> = {
  'a frame of 0 bytes': without(0),
  'a frame of 1 byte': without(1),
  'a frame of 3 bytes': without(3),
  'a frame of -1 bytes': without(-1),
  'a frame of -2^31 bytes': without(-0x8000_0000),
  'a frame of 2^31-1 bytes, endless': endless(0x7fff_ffff),
  'a frame of 200 MiB, endless': endless(200 << 20),
  noise: (socket) => socket.write(noise(500)),
  'much noise': (socket) => socket.write(noise(300_000, 7)),
  'noise, byte by byte': (socket) => noise(40, 3).forEach((byte) => socket.write(Buffer.from([byte]))),
  'an alert of TLS': (socket) => socket.write(Buffer.from('15030100020228', 'hex')),
  'an answer of HTTP': (socket) => socket.write('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n'),
  'an answer to another request': (socket, correlationId) => socket.write(answer(correlationId + 7, Buffer.alloc(10))),
  'an answer to a request of long ago': (socket) => socket.write(answer(-1, Buffer.alloc(10))),
  'a flood of answers that nothing asked for': (socket, correlationId) => {
    for (let i = 1; i < 5000; i++) socket.write(answer(correlationId + i, noise(100, i)))
  },
  'an answer without a body': (socket, correlationId) => socket.write(answer(correlationId, Buffer.alloc(0))),
  'an answer of noise': (socket, correlationId) => socket.write(answer(correlationId, noise(2000, correlationId + 2))),
  'an answer of 0xff': (socket, correlationId) => socket.write(answer(correlationId, Buffer.alloc(64, 0xff))),
  'an answer of 0x7f': (socket, correlationId) => socket.write(answer(correlationId, Buffer.alloc(64, 0x7f))),
  'the end in the middle of a frame': (socket, correlationId) => {
    socket.write(Buffer.concat([int32(1000, correlationId), Buffer.alloc(100)]))
    socket.end()
  },
  'a reset in the middle of a frame': (socket, correlationId) => {
    socket.write(Buffer.concat([int32(1000, correlationId), Buffer.alloc(100)]), () => socket.resetAndDestroy())
  },
  'the end': (socket) => socket.end(),
  'a reset': (socket) => socket.resetAndDestroy(),
}
