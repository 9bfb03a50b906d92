import * as either from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import type { SaslConfig, TlsConfig } from '../../client/KafkaConfig.js'
import { type ConfigError, configError } from '../ConfigError.js'
import type { KafkaProperties } from '../KafkaProperties.js'
import { decodeProperties, optional, string, withDefault, word } from '../propertyCodecs.js'
import { allOf } from '../validation.js'
import { parseJaasConfig } from './jaasConfig.js'

const codec = t.type({
  'security.protocol': withDefault(word('PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'), 'PLAINTEXT'),
  'sasl.mechanism': withDefault(string, 'GSSAPI'),
  'sasl.jaas.config': optional(string),
  'ssl.truststore.certificates': optional(string),
  'ssl.keystore.certificate.chain': optional(string),
  'ssl.keystore.key': optional(string),
  'ssl.key.password': optional(string),
  'ssl.truststore.location': optional(string),
  'ssl.keystore.location': optional(string),
})

type SecurityProperties = t.TypeOf<typeof codec>

export const securityKeys: readonly string[] = Object.keys(codec.props)

export interface SecurityConfig {
  readonly tls: TlsConfig | undefined
  readonly sasl: SaslConfig | undefined
}

/** `security.protocol`, `sasl.*` and `ssl.*`, certificates and keys as PEM text (KIP-651). */
export const decodeSecurity = (properties: KafkaProperties): either.Either<readonly ConfigError[], SecurityConfig> =>
  pipe(
    decodeProperties(codec, properties),
    either.chain((security) => {
      const protocol = security['security.protocol']
      return allOf({
        tls: protocol.endsWith('SSL') ? decodeTls(security) : either.right(undefined),
        sasl: protocol.startsWith('SASL') ? decodeSasl(security) : either.right(undefined),
      })
    }),
  )

const decodeTls = (security: SecurityProperties): either.Either<readonly ConfigError[], TlsConfig> => {
  const files = (['ssl.truststore.location', 'ssl.keystore.location'] as const).filter(
    (key) => security[key] !== undefined,
  )
  if (files.length > 0) return either.left(files.map((key) => configError(key, noKeyStores(key), security[key])))
  const { 'ssl.truststore.certificates': ca, 'ssl.keystore.certificate.chain': cert } = security
  const { 'ssl.keystore.key': key, 'ssl.key.password': passphrase } = security
  return either.right({
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(passphrase === undefined ? {} : { passphrase }),
  })
}

const noKeyStores = (key: string): string =>
  `Property ${key} names a key store file, which is not read. Give the PEM text itself: ssl.truststore.certificates, ` +
  'ssl.keystore.certificate.chain, ssl.keystore.key.'

const decodeSasl = (security: SecurityProperties): either.Either<readonly ConfigError[], SaslConfig> => {
  const mechanism = security['sasl.mechanism'].toUpperCase()
  if (mechanism !== 'PLAIN' && mechanism !== 'SCRAM-SHA-256' && mechanism !== 'SCRAM-SHA-512')
    return either.left([configError('sasl.mechanism', unknownMechanism(mechanism), mechanism)])
  const { username, password } = parseJaasConfig(security['sasl.jaas.config'] ?? '')?.options ?? {}
  return username === undefined || password === undefined
    ? either.left([configError('sasl.jaas.config', noLogin, security['sasl.jaas.config'])])
    : either.right({ mechanism, username, password })
}

const unknownMechanism = (mechanism: string): string =>
  `Property sasl.mechanism is "${mechanism}" (Kafka's default is GSSAPI), which is not supported. Use PLAIN, SCRAM-SHA-256 or ` +
  'SCRAM-SHA-512.'

const noLogin =
  'Property sasl.jaas.config is missing, or has no username and password. It reads: <login module> required username="..." ' +
  'password="...";'
