import type { DeserializationSchema } from './DeserializationSchema.js'
import { presentValue } from './presentValue.js'
import type { SerializationSchema } from './SerializationSchema.js'
import { utf8Slice } from './utf8Slice.js'

/**
 * UTF-8 text, both ways. As in Flink's schema of this name, bytes that are not UTF-8 become U+FFFD, and null values throw.
 *
 * @example
 * ```ts
 * new SimpleStringSchema().deserialize(Buffer.from('AMS')) // 'AMS'
 *
 * KafkaSource.builder().setValueOnlyDeserializer(new SimpleStringSchema())
 * ```
 */
export class SimpleStringSchema implements DeserializationSchema<string>, SerializationSchema<string> {
  deserialize(message: Uint8Array | null): string {
    return presentValue(message, 'SimpleStringSchema').toString('utf8')
  }

  deserializeFrom(buffer: Buffer, start: number, end: number): string {
    return utf8Slice(buffer, start, end)
  }

  serialize(element: string): string {
    return element
  }
}
