import * as either from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import { concealSecrets } from '../../client/concealSecrets.js'
import type { SaslConfig, TlsConfig } from '../../client/KafkaConfig.js'
import type { ConfigError } from '../ConfigError.js'
import type { KafkaProperties } from '../KafkaProperties.js'
import { decodeProperties, withDefault, word } from '../propertyCodecs.js'
import { allOf } from '../validation.js'
import { checkSasl, decodeSasl, noLoginBy, saslCodec } from './saslConfig.js'
import { decodeTls, tlsCodec } from './tlsConfig.js'

export const securityCodec = t.type({
  'security.protocol': withDefault(word('PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'), 'PLAINTEXT'),
  ...saslCodec.props,
  ...tlsCodec.props,
})

export interface SecurityConfig {
  readonly tls: TlsConfig | undefined
  readonly sasl: SaslConfig | undefined
}

/**
 * `security.protocol`, `sasl.*` and `ssl.*`, as far as the protocol needs them; all faults at once. Secrets are not printed.
 *
 * @param sasl a login in the place of `sasl.jaas.config`
 */
export const decodeSecurity = (
  properties: KafkaProperties,
  sasl?: SaslConfig,
): either.Either<readonly ConfigError[], SecurityConfig> =>
  pipe(
    decodeProperties(securityCodec, properties),
    either.chain((security) => {
      const protocol = security['security.protocol']
      return allOf({
        tls: protocol.endsWith('SSL') ? decodeTls(security) : either.right(undefined),
        sasl: loginOf(security, properties, sasl),
      })
    }),
    either.map(concealSecrets),
  )

const loginOf = (
  security: t.TypeOf<typeof securityCodec>,
  properties: KafkaProperties,
  sasl: SaslConfig | undefined,
): either.Either<readonly ConfigError[], SaslConfig | undefined> => {
  const protocol = security['security.protocol']
  const logsIn = protocol.startsWith('SASL')
  if (sasl === undefined) return logsIn ? decodeSasl(security) : either.right(undefined)
  if (!logsIn) return either.left([noLoginBy(protocol)])
  const byName = properties['sasl.mechanism']
  return checkSasl(sasl, byName === undefined ? undefined : String(byName))
}
