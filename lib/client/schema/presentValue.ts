/** The bytes that a schema cannot do without. */
export const presentValue = (message: Uint8Array | null, schema: string): Buffer => {
  if (message === null)
    throw new TypeError(
      `${schema} cannot read a null value (a tombstone). Take it with KafkaRecordDeserializationSchema.of(…), or as null with a ` +
        'deserializer of Kafka, such as StringDeserializer.',
    )
  return Buffer.from(message.buffer, message.byteOffset, message.byteLength)
}
