import * as either from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import type { SaslConfig } from '../../client/KafkaConfig.js'
import { type ConfigError, configError } from '../ConfigError.js'
import { optional, string, withDefault } from '../propertyCodecs.js'
import { parseJaasConfig } from './jaasConfig.js'

export const saslCodec = t.type({
  'sasl.mechanism': withDefault(string, 'GSSAPI'),
  'sasl.jaas.config': optional(string),
})

export const decodeSasl = (
  properties: t.TypeOf<typeof saslCodec>,
): either.Either<readonly ConfigError[], SaslConfig> => {
  const mechanism = properties['sasl.mechanism'].toUpperCase()
  if (mechanism !== 'PLAIN' && mechanism !== 'SCRAM-SHA-256' && mechanism !== 'SCRAM-SHA-512')
    return either.left([
      configError('sasl.mechanism', mechanism === 'OAUTHBEARER' ? byFunction : unknownMechanism(mechanism), mechanism),
    ])
  const { username, password } = parseJaasConfig(properties['sasl.jaas.config'] ?? '')?.options ?? {}
  return username === undefined || password === undefined
    ? either.left([configError('sasl.jaas.config', noLogin, properties['sasl.jaas.config'])])
    : either.right({ mechanism, username, password })
}

const unknownMechanism = (mechanism: string): string =>
  `Property sasl.mechanism is "${mechanism}" (Kafka's default is GSSAPI), which is not supported. Use PLAIN, SCRAM-SHA-256 or ` +
  'SCRAM-SHA-512.'

const byFunction =
  'Property sasl.mechanism cannot be OAUTHBEARER: its tokens come from a function, not from properties. Leave sasl.* out, set ' +
  'security.protocol to SSL, and log in where the client is made: connect: (config) => defaultConnect({ ...config, sasl: ' +
  "{ mechanism: 'OAUTHBEARER', token } })."

const noLogin =
  'Property sasl.jaas.config is missing, or has no username and password. It reads: <login module> required username="..." ' +
  'password="...";'
