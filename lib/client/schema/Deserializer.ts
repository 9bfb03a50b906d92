/**
 * Kafka's own interface of this name: bytes to a value, null to null. Given to a source as a class, as in Flink:
 * `KafkaRecordDeserializationSchema.valueOnly(StringDeserializer)`.
 */
export interface Deserializer<T> {
  /**
   * Called for each record. `data` is a copy that may be kept; null is Kafka's null (a tombstone). What it throws goes to the error
   * policy of the source.
   */
  deserialize(topic: string, data: Uint8Array | null): T | null
}

/** A class of such deserializers. The source makes one instance, without arguments. */
export type DeserializerClass<T> = new () => Deserializer<T>
