/** A request in flight, as far as its answer is judged by its head. */
export interface ExpectedResponse {
  readonly correlationId: number
  /** the most bytes that its answer may have, behind the size */
  readonly maxBytes: number
}

/** What a peer sent is no answer of Kafka. Its message completes "The peer sent …". */
export class ProtocolViolation extends Error {
  override readonly name = 'ProtocolViolation'
}

/**
 * Cuts the bytes of a socket into answers.
 *
 *   answer => size correlation_id body
 *     size => INT32                of all that follows
 *     correlation_id => INT32
 *
 * A broker answers in the order of the requests, so a head is held against the oldest request in flight before anything is
 * collected: how much memory a peer can make us take follows from what was asked, not from what it says. After a violation
 * nothing of the connection can be understood any more.
 */
export class ResponseFramer {
  private readonly head = Buffer.alloc(HEAD)
  private headBytes = 0
  private body: Buffer | undefined
  private bodyBytes = 0

  /**
   * @param oldest the oldest request in flight; undefined when there is none
   * @param onResponse takes the body that answers it
   */
  constructor(
    private readonly oldest: () => ExpectedResponse | undefined,
    private readonly onResponse: (body: Buffer) => void,
  ) {}

  /**
   * Takes what was received next. A body is a view of `chunk` where it lies in it whole.
   * @throws ProtocolViolation when it cannot be the answer that is due
   */
  push(chunk: Buffer): void {
    for (let at = 0; at < chunk.length;) {
      const { body } = this
      if (body !== undefined) {
        const taken = chunk.copy(body, this.bodyBytes, at)
        at += taken
        this.bodyBytes += taken
        if (this.bodyBytes === body.length) this.respond(body)
        continue
      }
      const taken = chunk.copy(this.head, this.headBytes, at)
      at += taken
      this.headBytes += taken
      const length = this.bodyLength(chunk)
      if (length === undefined) continue
      if (length <= chunk.length - at) {
        this.respond(chunk.subarray(at, at + length))
        at += length
      } else {
        // Not from the pool: what is kept of a fetch must not keep more.
        this.body = Buffer.allocUnsafeSlow(length)
        this.bodyBytes = 0
      }
    }
  }

  /** Of the answer that begins; undefined before its head is whole. */
  private bodyLength(chunk: Buffer): number | undefined {
    const expected = this.oldest()
    if (expected === undefined) throw new ProtocolViolation(`${chunk.length} bytes that nothing had asked for`)
    if (this.headBytes < SIZE) return undefined
    const size = this.head.readInt32BE(0)
    if (size < CORRELATION_ID || size > expected.maxBytes) throw new ProtocolViolation(this.strangeSize(size, expected))
    if (this.headBytes < HEAD) return undefined
    const correlationId = this.head.readInt32BE(SIZE)
    if (correlationId !== expected.correlationId) {
      throw new ProtocolViolation(
        `an answer to request ${correlationId}, while request ${expected.correlationId} is the next to be answered`,
      )
    }
    return size - CORRELATION_ID
  }

  /** What listens on a wrong port is often one of these two. */
  private strangeSize(size: number, { maxBytes }: ExpectedResponse): string {
    const [first, second] = this.head
    if ((first === TLS_ALERT || first === TLS_HANDSHAKE) && second === TLS_MAJOR_VERSION)
      return 'a record of TLS: this listener expects TLS (security.protocol SSL or SASL_SSL)'
    if (this.head.toString('latin1', 0, SIZE) === 'HTTP') return 'an answer of HTTP'
    return size < CORRELATION_ID
      ? `an answer of ${size} bytes`
      : `an answer of ${size} bytes, more than the ${maxBytes} that are taken`
  }

  private respond(body: Buffer): void {
    this.headBytes = 0
    this.body = undefined
    this.onResponse(body)
  }
}

const SIZE = 4
const CORRELATION_ID = 4
const HEAD = SIZE + CORRELATION_ID

const TLS_ALERT = 0x15
const TLS_HANDSHAKE = 0x16
const TLS_MAJOR_VERSION = 0x03
