/**
 * Turns the bytes of a record's value into a value. `null` or `undefined` drops the record (its offset counts as read), as in
 * Flink. Not called for Kafka's null values: those are dropped, unless `deserializeNull` is there.
 */
export interface DeserializationSchema<T> {
  deserialize(message: Uint8Array): T | null | undefined
  /**
   * The same from positions in the fetched bytes, without a slice; used instead of `deserialize` where there is one. The
   * buffer is only valid during the call.
   */
  deserializeFrom?(buffer: Buffer, start: number, end: number): T | null | undefined
}
