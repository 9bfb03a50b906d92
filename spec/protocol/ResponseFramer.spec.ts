import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { type ExpectedResponse, ProtocolViolation, ResponseFramer } from '../../lib/protocol/ResponseFramer.js'

const answer = (correlationId: number, body: Uint8Array, size = 4 + body.length): Buffer => {
  const head = Buffer.alloc(8)
  head.writeInt32BE(size, 0)
  head.writeInt32BE(correlationId, 4)
  return Buffer.concat([head, body])
}

/** A framer for requests with the ids from 0 on, and what it has made of the bytes. */
const framing = (requests: number, maxBytes = 1000) => {
  const waiting = Array.from({ length: requests }, (_, correlationId): ExpectedResponse => ({
    correlationId,
    maxBytes,
  }))
  const bodies: Buffer[] = []
  const framer = new ResponseFramer(
    () => waiting[0],
    (body) => {
      waiting.shift()
      bodies.push(body)
    },
  )
  return { framer, bodies }
}

const violation = (chunk: Buffer, requests = 1, maxBytes = 1000): unknown => {
  const { framer } = framing(requests, maxBytes)
  try {
    framer.push(chunk)
  } catch (error) {
    return error instanceof ProtocolViolation ? error.message : error
  }
  return undefined
}

describe('ResponseFramer', () => {
  it('should cut the same answers out of the bytes, in whatever pieces they come', () => {
    const cut = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 6 }).chain((bodies) => {
      const bytes = Buffer.concat(bodies.map((body, i) => answer(i, body)))
      return fc.tuple(fc.constant({ bodies, bytes }), fc.array(fc.nat(bytes.length), { maxLength: 12 }))
    })
    fc.assert(
      fc.property(cut, ([{ bodies, bytes }, cuts]) => {
        const { framer, bodies: found } = framing(bodies.length)
        const ends = [...cuts, bytes.length].sort((a, b) => a - b)
        ends.forEach((end, i) => framer.push(bytes.subarray(ends[i - 1] ?? 0, end)))
        expect(found.map((body) => body.toString('hex'))).toEqual(
          bodies.map((body) => Buffer.from(body).toString('hex')),
        )
      }),
    )
  })

  it('should copy nothing that came in one piece, and keep no more than the answer of what did not', () => {
    const { framer, bodies } = framing(2)
    const chunk = answer(0, Buffer.alloc(20, 1))
    framer.push(chunk)
    expect(bodies[0]?.buffer).toBe(chunk.buffer)
    for (const byte of answer(1, Buffer.alloc(20, 2))) framer.push(Buffer.from([byte]))
    expect(bodies[1]).toEqual(Buffer.alloc(20, 2))
    expect(bodies[1]?.buffer.byteLength).toBe(20)
  })

  it.each([
    ['an answer of 0 bytes', Buffer.from('00000000', 'hex')],
    ['an answer of 3 bytes', Buffer.from('00000003070707', 'hex')],
    ['an answer of -1 bytes', Buffer.from('ffffffff', 'hex')],
    ['an answer of 2147483647 bytes, more than the 1000 that are taken', Buffer.from('7fffffff', 'hex')],
    ['an answer of 1001 bytes, more than the 1000 that are taken', Buffer.from('000003e9', 'hex')],
    ['an answer to request 8, while request 0 is the next to be answered', answer(8, Buffer.alloc(2))],
    ['an answer to request -1, while request 0 is the next to be answered', answer(-1, Buffer.alloc(2))],
    [
      'a record of TLS: this listener expects TLS (security.protocol SSL or SASL_SSL)',
      Buffer.from('15030300020228', 'hex'),
    ],
    ['an answer of HTTP', Buffer.from('HTTP/1.1 400 Bad Request')],
  ])('should refuse %s, by its head', (message, chunk) => {
    expect(violation(chunk)).toBe(message)
  })

  it('should refuse what was not asked for, behind an answer too', () => {
    expect(violation(Buffer.from([0]), 0)).toBe('1 bytes that nothing had asked for')
    expect(violation(Buffer.concat([answer(0, Buffer.alloc(2)), answer(1, Buffer.alloc(2))]))).toMatch(
      'nothing had asked for',
    )
  })

  it('should take an answer as long as it may be, and one without a body', () => {
    const { framer, bodies } = framing(2)
    framer.push(answer(0, Buffer.alloc(996)))
    framer.push(answer(1, Buffer.alloc(0)))
    expect(bodies.map(({ length }) => length)).toEqual([996, 0])
  })

  it('should hold each answer against the limit of its own request', () => {
    const limits = [10, 100]
    const framer = new ResponseFramer(
      () => ({ correlationId: 2 - limits.length, maxBytes: limits[0] ?? 0 }),
      () => limits.shift(),
    )
    framer.push(answer(0, Buffer.alloc(6)))
    expect(() => framer.push(answer(1, Buffer.alloc(97)))).toThrow(
      'an answer of 101 bytes, more than the 100 that are taken',
    )
  })
})
