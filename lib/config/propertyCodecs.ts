import * as either from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import { type ConfigError, configError } from './ConfigError.js'
import type { KafkaProperties } from './KafkaProperties.js'

/** A codec as far as people are told of it. */
export type DescribedCodec = Pick<PropertyCodec<unknown>, 'name' | 'fallback' | 'decode'>

/** Reads one property. Its name completes "must be …". */
export class PropertyCodec<A> extends t.Type<A, unknown> {
  constructor(
    name: string,
    validate: t.Validate<unknown, A>,
    /** what it is when nothing is set; undefined when that is nothing */
    readonly fallback?: A,
  ) {
    super(name, (_value): _value is A => true, validate, t.identity)
  }
}

const property = <A>(name: string, read: (text: string) => A | undefined): PropertyCodec<A> =>
  new PropertyCodec(name, (value, context) => {
    const scalar = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    const decoded = scalar ? read(String(value)) : undefined
    return decoded === undefined ? t.failure(value, context) : t.success(decoded)
  })

const MAX_INT = 2 ** 31 - 1

/** A whole number: `500`, `'500'`. */
export const integer = (min: number, max = MAX_INT): PropertyCodec<number> =>
  property(max === MAX_INT ? `a whole number from ${min}` : `a whole number from ${min} to ${max}`, (text) => {
    const number = /^\s*[+-]?\d+\s*$/.test(text) ? Number(text) : NaN
    return number >= min && number <= max ? number : undefined
  })

export const string: PropertyCodec<string> = property('text', (text) => text)

/** A string of the protocol has an INT16 for its length. */
export const MAX_STRING_BYTES = 32_767

/** What is sent as a string of the protocol, in at most so many bytes of UTF-8. */
export const kafkaString = (maxBytes = MAX_STRING_BYTES): PropertyCodec<string> =>
  property(`text of at most ${maxBytes} bytes in UTF-8`, (text) =>
    Buffer.byteLength(text) <= maxBytes ? text : undefined,
  )

/** One of Kafka's words, in any case, and what it stands for. */
export const oneOf = <A>(meanings: Readonly<Record<string, A>>): PropertyCodec<A> =>
  property(
    `one of ${Object.keys(meanings)
      .map((key) => key || '(empty)')
      .join(', ')}`,
    (text) => {
      const found = Object.keys(meanings).find((key) => key.toLowerCase() === text.trim().toLowerCase())
      return found === undefined ? undefined : meanings[found]
    },
  )

/** One of Kafka's words, for itself. */
export const word = <W extends string>(...words: readonly W[]): PropertyCodec<W> =>
  oneOf(Object.fromEntries(words.map((each) => [each, each])) as Record<W, W>)

export const boolean: PropertyCodec<boolean> = oneOf({ true: true, false: false })

/** Some of Kafka's words, divided by commas. */
export const listOf = <W extends string>(...words: readonly W[]): PropertyCodec<readonly W[]> =>
  property<readonly W[]>(`some of ${words.join(', ')}`, (text) => {
    const parts = text.split(',').map((part) => part.trim())
    return parts.every((part) => (words as readonly string[]).includes(part))
      ? (parts as readonly string[] as readonly W[])
      : undefined
  })

export const withDefault = <A>(codec: PropertyCodec<A>, fallback: A): PropertyCodec<A> =>
  new PropertyCodec(
    codec.name,
    (value, context) => (value === undefined ? t.success(fallback) : codec.validate(value, context)),
    fallback,
  )

export const optional = <A>(codec: PropertyCodec<A>): PropertyCodec<A | undefined> =>
  withDefault(codec as PropertyCodec<A | undefined>, undefined)

/** Reads the properties that a codec names, with all faults at once. */
export const decodeProperties = <P extends t.Props>(
  codec: t.TypeC<P>,
  properties: KafkaProperties,
): either.Either<readonly ConfigError[], t.TypeOf<t.TypeC<P>>> =>
  pipe(
    codec.decode(properties),
    either.mapLeft((faults) =>
      faults.map(({ context, value }) => {
        const { key, type } = context[context.length - 1]!
        const { value: shown } = configError(key, '', value)
        return configError(key, `Property ${key} must be ${type.name}, not "${shortened(String(shown))}".`, value)
      }),
    ),
  )

/** Longer values are cut in a message. */
const MAX_SHOWN = 200

const shortened = (text: string): string => (text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text)
