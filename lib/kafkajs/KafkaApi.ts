/** Which API of the broker a request is for, and in which version we speak it. The request modules of `lib/protocol` fulfil it. */
export interface KafkaApi {
  readonly apiKey: number
  readonly apiVersion: number
  readonly apiName: string
  /** headers with tagged fields (KIP-482) */
  readonly flexible?: boolean
}
