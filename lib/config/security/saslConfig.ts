import * as either from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { described, describedType } from '../../checks/described.js'
import type { SaslConfig } from '../../client/KafkaConfig.js'
import { type BuiltInSasl, lacking, mechanismNamed, mechanisms, mechanismsOfText } from '../../sasl/mechanisms.js'
import { type ConfigError, configError } from '../ConfigError.js'
import { optional, string, withDefault } from '../propertyCodecs.js'
import { parseJaasConfig } from './jaasConfig.js'
import { memberOf } from '../../checks/memberOf.js'

export const saslCodec = t.type({
  'sasl.mechanism': withDefault(string, 'GSSAPI'),
  'sasl.jaas.config': optional(string),
})

/** A login by `sasl.mechanism` and `sasl.jaas.config`. */
export const decodeSasl = (
  properties: t.TypeOf<typeof saslCodec>,
): either.Either<readonly ConfigError[], SaslConfig> => {
  const mechanism = properties['sasl.mechanism'].toUpperCase()
  const needs = mechanismNamed(mechanism)?.needs
  if (needs === undefined || !mechanismsOfText.includes(mechanism))
    return either.left([
      configError(
        'sasl.mechanism',
        needs === undefined ? unknownMechanism(mechanism) : notByProperties(mechanism),
        mechanism,
      ),
    ])
  const options = parseJaasConfig(properties['sasl.jaas.config'] ?? '')?.options ?? {}
  const credentials = Object.fromEntries(Object.keys(needs).map((key) => [key, options[key]]))
  const sasl = { mechanism, ...credentials } as BuiltInSasl
  return lacking(sasl).length > 0
    ? either.left([configError('sasl.jaas.config', noLogin(Object.keys(needs)), properties['sasl.jaas.config'])])
    : either.right(sasl)
}

/**
 * A login that was given by `setSasl`, as callers without types may give it.
 *
 * @param byName `sasl.mechanism`, if it is set beside it
 */
export const checkSasl = (sasl: SaslConfig, byName?: string): either.Either<readonly ConfigError[], SaslConfig> => {
  const message = faultOf(sasl, byName)
  if (message !== undefined) return either.left([configError('sasl', message)])
  // What a class has stays with it, its fields are not for print, and `this` is as it expects.
  return either.right(
    'authenticate' in sasl
      ? { mechanism: sasl.mechanism, authenticate: (broker) => sasl.authenticate(broker) }
      : { ...sasl },
  )
}

const faultOf = (sasl: unknown, byName: string | undefined): string | undefined => {
  if (typeof sasl !== 'object' || sasl === null)
    return `sasl must be an object with a mechanism, but is ${describedType(sasl)}.`
  const [mechanism, authenticate] = [memberOf(sasl, 'mechanism'), memberOf(sasl, 'authenticate')]
  if (typeof mechanism !== 'string' || mechanism === '')
    return `mechanism of sasl must be the name of a login mechanism, but is ${described(mechanism)}.`
  if (authenticate === undefined && mechanismNamed(mechanism) === undefined)
    return (
      `sasl names the mechanism ${described(mechanism)}, which this library does not have: give it an authenticate function, or use ` +
      `one of ${Object.keys(mechanisms).join(', ')}.`
    )
  if (authenticate !== undefined && typeof authenticate !== 'function')
    return `authenticate of sasl must be a function, but is ${describedType(authenticate)}.`
  const missing = lacking(sasl as SaslConfig)
  if (missing.length > 0)
    return `sasl lacks what ${mechanism} needs: ${missing.map(([key, type]) => `${key}, a ${type}`).join(', and ')}.`
  if (byName !== undefined && byName.toUpperCase() !== mechanism.toUpperCase())
    return `sasl logs in by ${described(mechanism)}, but the property sasl.mechanism is ${described(byName)}. Leave one of them out.`
  return undefined
}

/** A login is only made where the protocol says so. */
export const noLoginBy = (protocol: string): ConfigError =>
  configError(
    'security.protocol',
    `Property security.protocol is ${protocol}, with which there is no login: set it to SASL_SSL (or SASL_PLAINTEXT), or leave sasl out.`,
    protocol,
  )

const unknownMechanism = (mechanism: string): string =>
  `Property sasl.mechanism is "${mechanism}" (Kafka's default is GSSAPI), which is not supported. Use ${mechanismsOfText.slice(0, -1).join(', ')} or ` +
  `${mechanismsOfText.at(-1)!}, or give a mechanism of your own to setSasl({ mechanism, authenticate }).`

const notByProperties = (mechanism: string): string =>
  `Property sasl.mechanism cannot be ${mechanism}: it logs in by a function, not by properties. Leave sasl.* out, and call ` +
  `setSasl({ mechanism: '${mechanism}', … }).`

const noLogin = (needed: readonly string[]): string =>
  `Property sasl.jaas.config is missing, or has no ${needed.join(' and ')}. It reads: <login module> required ` +
  `${needed.map((key) => `${key}="..."`).join(' ')};`
