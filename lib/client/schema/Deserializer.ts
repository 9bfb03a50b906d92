/**
 * Kafka's own interface of this name: bytes to a value, null to null. Given to a source as a class, as in Flink:
 * `KafkaRecordDeserializationSchema.valueOnly(StringDeserializer)`.
 */
export interface Deserializer<T> {
  deserialize(topic: string, data: Uint8Array | null): T | null
}

export type DeserializerClass<T> = new () => Deserializer<T>
