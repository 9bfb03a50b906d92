/** What InitProducerId gave: under it, the broker tells a batch sent again from a new one (KIP-98). */
export interface ProducerIdentity {
  readonly producerId: bigint
  readonly epoch: number
  readonly transactional: boolean
}
