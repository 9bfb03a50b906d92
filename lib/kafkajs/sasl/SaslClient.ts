/**
 * The client's side of one login by one SASL mechanism (RFC 4422). What the server says is not believed: every method may be given
 * any bytes.
 */
export interface SaslClient {
  /** What the client says first. */
  start(): Promise<Buffer>
  /**
   * What the client answers; undefined when it has no more to say.
   * @throws KafkaError `Authentication` when the server's answer does not fit
   */
  next(challenge: Buffer): Promise<Buffer | undefined>
}
