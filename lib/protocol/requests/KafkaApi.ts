/**
 * One version of one Kafka API: two pure functions over bytes. What sends them is not known here.
 *
 * All versions are chosen so that brokers from 3.9 to 4.4 speak them and a request header of version 1 (api key, api version,
 * correlation id, client id) can stand before the body. Flexible versions (KIP-482) want header version 2, which is the same
 * plus a TAG_BUFFER, and answer likewise: their codecs write and skip that one as the first thing of the body.
 */
export interface KafkaApi<Request, Response> {
  readonly apiKey: number
  readonly apiVersion: number
  readonly apiName: string
  /** What to do about a broker that does not speak it. Default: Kafka 2.3 or newer, which all others are content with. */
  readonly advice?: string
  /** The bytes after the client id. */
  readonly encode: (request: Request) => Buffer
  /**
   * The bytes after the correlation id. Error codes are returned, never thrown: see `brokerError`.
   * @throws KafkaError `Corrupt` when the bytes do not follow the grammar
   */
  readonly decode: (body: Buffer) => Response
  /** The same in a version that more brokers speak: for those that do not speak this one. */
  readonly older?: KafkaApi<Request, Response>
}
