import type { DeserializationSchema } from './DeserializationSchema.js'
import { presentValue } from './presentValue.js'
import type { SerializationSchema } from './SerializationSchema.js'

/**
 * The bytes as they are, both ways. What it reads is a copy, so that a kept value does not pin a whole fetch in memory.
 *
 * @example
 * ```ts
 * new ByteArraySchema().deserialize(Uint8Array.of(1, 2)) // Uint8Array.of(1, 2)
 *
 * KafkaSource.builder().setValueOnlyDeserializer(new ByteArraySchema())
 * ```
 */
export class ByteArraySchema implements DeserializationSchema<Uint8Array>, SerializationSchema<Uint8Array> {
  deserialize(message: Uint8Array | null): Uint8Array {
    return Uint8Array.prototype.slice.call(presentValue(message, 'ByteArraySchema'))
  }

  deserializeFrom(buffer: Buffer, start: number, end: number): Uint8Array {
    return Uint8Array.prototype.slice.call(buffer, start, end)
  }

  serialize(element: Uint8Array): Uint8Array {
    return element
  }
}
