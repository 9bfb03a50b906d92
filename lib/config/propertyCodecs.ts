import * as either from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import { type ConfigError, configError } from './ConfigError.js'
import type { KafkaProperties } from './KafkaProperties.js'

/** Reads one property. Its name completes "must be …". */
export type PropertyCodec<A> = t.Type<A, unknown>

const property = <A>(name: string, read: (text: string) => A | undefined): PropertyCodec<A> =>
  new t.Type<A, unknown, unknown>(
    name,
    (_value): _value is A => true,
    (value, context) => {
      const scalar = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
      const decoded = scalar ? read(String(value)) : undefined
      return decoded === undefined ? t.failure(value, context) : t.success(decoded)
    },
    t.identity,
  )

const MAX_INT = 2 ** 31 - 1

/** A whole number: `500`, `'500'`. */
export const integer = (min: number, max = MAX_INT): PropertyCodec<number> =>
  property(max === MAX_INT ? `a whole number from ${min}` : `a whole number from ${min} to ${max}`, (text) => {
    const number = /^\s*[+-]?\d+\s*$/.test(text) ? Number(text) : NaN
    return number >= min && number <= max ? number : undefined
  })

export const string: PropertyCodec<string> = property('text', (text) => text)

/** One of Kafka's words, in any case, and what it stands for. */
export const oneOf = <A>(meanings: Readonly<Record<string, A>>): PropertyCodec<A> =>
  property(`one of ${Object.keys(meanings).join(', ')}`, (text) => {
    const found = Object.keys(meanings).find((key) => key.toLowerCase() === text.trim().toLowerCase())
    return found === undefined ? undefined : meanings[found]
  })

/** One of Kafka's words, for itself. */
export const word = <W extends string>(...words: readonly W[]): PropertyCodec<W> =>
  oneOf(Object.fromEntries(words.map((each) => [each, each])) as Record<W, W>)

export const boolean: PropertyCodec<boolean> = oneOf({ true: true, false: false })

export const withDefault = <A>(codec: PropertyCodec<A>, fallback: A): PropertyCodec<A> =>
  new t.Type(
    codec.name,
    codec.is,
    (value, context) => (value === undefined ? t.success(fallback) : codec.validate(value, context)),
    codec.encode,
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
        return configError(key, `Property ${key} must be ${type.name}, not "${String(shown)}".`, value)
      }),
    ),
  )
