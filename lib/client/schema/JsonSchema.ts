import * as t from 'io-ts'
import { PathReporter } from 'io-ts/lib/PathReporter.js'
import type { DeserializationSchema } from './DeserializationSchema.js'
import { presentValue } from './presentValue.js'
import type { SerializationSchema } from './SerializationSchema.js'

/**
 * JSON text, both ways. With an io-ts codec it is checked as it is read: what does not fit throws, naming every fault, and the
 * source's error policy decides. Without one, it is believed to be a `T`.
 *
 * ```ts
 * const Flight = t.type({ origin: t.string, delay: t.number })
 * KafkaSource.builder().setValueOnlyDeserializer(new JsonSchema(Flight)) // a source of { origin, delay }
 * ```
 */
export class JsonSchema<T> implements DeserializationSchema<T>, SerializationSchema<T> {
  constructor(private readonly codec?: t.Type<T, unknown>) {}

  deserialize(message: Uint8Array | null): T {
    return this.parse(presentValue(message, 'JsonSchema').toString('utf8'))
  }

  deserializeFrom(buffer: Buffer, start: number, end: number): T {
    return this.parse(buffer.toString('utf8', start, end))
  }

  serialize(element: T): string {
    return JSON.stringify(this.codec === undefined ? element : this.codec.encode(element))
  }

  private parse(text: string): T {
    const json: unknown = JSON.parse(text)
    if (this.codec === undefined) return json as T
    const decoded = this.codec.decode(json)
    if (decoded._tag === 'Right') return decoded.right
    throw new TypeError(PathReporter.report(decoded).join('; '))
  }
}
