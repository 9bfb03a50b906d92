import type { DeserializationSchema } from './DeserializationSchema.js'
import type { SerializationSchema } from './SerializationSchema.js'
import { utf8Slice } from './utf8Slice.js'

/** UTF-8 text, both ways. Bytes that are not UTF-8 become U+FFFD, as in Flink's schema of this name. */
export class SimpleStringSchema implements DeserializationSchema<string>, SerializationSchema<string> {
  deserialize(message: Uint8Array): string {
    return Buffer.from(message.buffer, message.byteOffset, message.byteLength).toString('utf8')
  }

  deserializeFrom(buffer: Buffer, start: number, end: number): string {
    return utf8Slice(buffer, start, end)
  }

  serialize(element: string): string {
    return element
  }
}
