import * as t from 'io-ts'
import { PathReporter } from 'io-ts/lib/PathReporter.js'
import { parseWithBigInts, stringifyWithBigInts } from './bigIntJson.js'
import type { DeserializationSchema } from './DeserializationSchema.js'
import { presentValue } from './presentValue.js'
import type { SerializationSchema } from './SerializationSchema.js'
import { strictUtf8 } from './strictUtf8.js'

/** How JSON becomes values, where there is a choice. */
export interface JsonSchemaOptions {
  /**
   * What becomes of integers beyond ±2^53 (9,007,199,254,740,992), such as 64-bit ids.
   *
   * - `number` (default): the nearest number, as `JSON.parse` has it: the last digits are lost, and nothing says so.
   * - `bigint`: these are bigint, all others are numbers. A bigint is written as an integer.
   */
  readonly largeIntegers?: 'number' | 'bigint' | undefined
}

/**
 * JSON text in UTF-8, both ways; a byte order mark is passed over. With an io-ts codec it is checked as it is read: what does not fit
 * throws, naming every fault, and the source's error policy decides; so do bytes that are not UTF-8. Without a codec, it is believed
 * to be a `T`.
 *
 * @example
 * ```ts
 * const Flight = t.type({ origin: t.string, delay: t.number })
 * KafkaSource.builder().setValueOnlyDeserializer(new JsonSchema(Flight)) // a source of { origin, delay }
 *
 * new JsonSchema<{ id: number | bigint }>(undefined, { largeIntegers: 'bigint' })
 * ```
 */
export class JsonSchema<T> implements DeserializationSchema<T>, SerializationSchema<T> {
  private readonly bigInts: boolean

  constructor(
    private readonly codec?: t.Type<T, unknown>,
    { largeIntegers = 'number' }: JsonSchemaOptions = {},
  ) {
    this.bigInts = largeIntegers === 'bigint'
  }

  /** @throws TypeError for a null value, bytes that are not UTF-8, and what the codec does not take; SyntaxError for what is not JSON */
  deserialize(message: Uint8Array | null): T {
    const bytes = presentValue(message, 'JsonSchema')
    return this.parse(strictUtf8(bytes, 0, bytes.length, 'JsonSchema'))
  }

  deserializeFrom(buffer: Buffer, start: number, end: number): T {
    return this.parse(strictUtf8(buffer, start, end, 'JsonSchema'))
  }

  /** @throws TypeError for what JSON has no text for: undefined, a function, a bigint without the option, a cycle */
  serialize(element: T): string {
    const value: unknown = this.codec === undefined ? element : this.codec.encode(element)
    const text = this.bigInts ? stringifyWithBigInts(value) : (JSON.stringify(value) as string | undefined)
    if (text === undefined) throw new TypeError(`JsonSchema cannot write ${typeof value}: JSON has no text for it.`)
    return text
  }

  private parse(text: string): T {
    const json: unknown = this.bigInts ? parseWithBigInts(text) : JSON.parse(text)
    if (this.codec === undefined) return json as T
    const decoded = this.codec.decode(json)
    if (decoded._tag === 'Right') return decoded.right
    throw new TypeError(PathReporter.report(decoded).join('; '))
  }
}
