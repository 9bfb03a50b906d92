import type { ConsumerRecord } from '../client/ConsumerRecord.js'
import type { Offset } from '../client/Offset.js'

/** Reads the records of one entry of a log piece by piece. */
export interface RecordReader {
  /** All records were read. */
  readonly exhausted: boolean
  /** Behind the last record read. */
  readonly nextOffset: Offset
  /**
   * Appends records to `into` until it holds `max` or the entry ends; those below `from` are passed over.
   * @throws KafkaError `Corrupt`; what stands before the damage was appended
   */
  read(into: ConsumerRecord[], max: number, from: Offset): void
}
