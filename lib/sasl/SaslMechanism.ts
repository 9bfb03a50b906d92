/** The broker that a login is made at. */
export interface SaslBroker {
  /** as in `bootstrap.servers`, or as the cluster advertises it */
  readonly host: string
  /** 1 to 65,535 */
  readonly port: number
  /** Aborted when the login is given up: the time for it is over (`socket.connection.setup.timeout.ms`), or the client was closed. */
  readonly signal: AbortSignal
}

/**
 * The client's side of one login (RFC 4422), step by step: `{ value }` is what it sends next, `{ done: true }` ends it. A generator that
 * yields what it sends is one, and so is an async generator.
 */
export interface SaslSession {
  /**
   * Takes what the broker has said, gives what to say next. Called once to begin, then with each answer until `done`.
   *
   * @param challenge what the broker has answered; empty before the first message. It is not to be believed: it may be any bytes.
   */
  next(challenge: Buffer): SaslStep | Promise<SaslStep>
  /** Called when the login ends before the session does: the broker has refused it, or it was given up. */
  return?(): unknown
}

/** What a session does next: sends these bytes, which may be none, or has nothing more to send. */
export type SaslStep = IteratorResult<Uint8Array, unknown>

/**
 * A login mechanism of your own, e.g. `AWS_MSK_IAM`.
 *
 * `authenticate` begins one login. It is called for each connection to a broker, and again before a session expires (KIP-368). What it
 * throws, rejects with or leaves unanswered fails the login with a `KafkaError` `Authentication`; the message of your error is in it, so keep secrets out
 * of that. Another login is tried, unless your error says `retriable: false`.
 *
 * @example
 * ```ts
 * const iam = (sign: (host: string) => Promise<object>): SaslMechanism => ({
 *   mechanism: 'AWS_MSK_IAM',
 *   authenticate: async function* ({ host }) {
 *     const answer: Buffer = yield Buffer.from(JSON.stringify(await sign(host)))
 *     if (answer.length === 0) throw new Error('the broker did not confirm the login')
 *   },
 * })
 * ```
 */
export interface SaslMechanism {
  /** its name, as `sasl.enabled.mechanisms` of the broker has it */
  readonly mechanism: string
  /** Begins one login; see above for when it is called and what its errors do. */
  readonly authenticate: (broker: SaslBroker) => SaslSession
}

/** A mechanism of this library: what it needs, and how it logs in with that. */
export interface SaslMechanismWith<C> {
  /** Its credentials. Where all are text they may stand in `sasl.jaas.config`; otherwise `setSasl` alone can give them. */
  readonly needs: Readonly<Record<keyof C, 'string' | 'function'>>
  authenticate(credentials: C, broker: SaslBroker): SaslSession
}

/** What a broker said does not fit the mechanism. Its message completes "the broker …". */
export class SaslViolation extends Error {
  override readonly name = 'SaslViolation'
}
