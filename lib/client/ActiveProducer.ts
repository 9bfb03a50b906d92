import type { Offset } from './Offset.js'

/** A producer as the leader of a partition knows it: one that wrote there within `producer.id.expiration.ms` (KIP-664). */
export interface ActiveProducer {
  /** As InitProducerId gave it. */
  readonly producerId: bigint
  /** The newest epoch that the leader knows. It refuses lower ones. */
  readonly epoch: number
  /** of its last record here; -1 when it has written none under this epoch */
  readonly lastSequence: number
  /** of its last batch or transaction marker here, in ms */
  readonly lastTimestamp: number
  /** of the coordinator that ended its last transaction here; undefined before the first end */
  readonly coordinatorEpoch: number | undefined
  /**
   * Where its open transaction begins here; undefined without one. The least of a partition is its last stable offset, where
   * `read_committed` readers wait.
   */
  readonly transactionStartOffset: Offset | undefined
}

/** By `topic-partition`. */
export type ActiveProducersByPartition = ReadonlyMap<string, readonly ActiveProducer[]>
