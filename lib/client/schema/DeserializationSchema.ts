/**
 * Turns the bytes of a record's value into a value; Flink's interface of this name. `null` or `undefined` drops the record, whose
 * offset counts as read. What it throws goes to the source's error policy.
 */
export interface DeserializationSchema<T> {
  /**
   * Called for each record with a copy of its value, which may be kept.
   *
   * @param message null for Kafka's null value (a tombstone). The ready schemas throw then.
   */
  deserialize(message: Uint8Array | null): T | null | undefined
  /**
   * The same from positions in the fetched bytes, without a slice; used instead of `deserialize` where there is one, but for null
   * values. The buffer is only valid during the call.
   */
  deserializeFrom?(buffer: Buffer, start: number, end: number): T | null | undefined
}
