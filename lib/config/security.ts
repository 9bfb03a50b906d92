import type { SaslConfig, TlsConfig } from '../client/KafkaConfig.js'
import { parseJaasConfig } from './jaasConfig.js'
import type { PropertyReader } from './PropertyReader.js'
import { oneOf, text } from './propertyCodecs.js'

/** `security.protocol`: whether there is TLS, whether there is a login. */
export const securityProtocol = oneOf({
  PLAINTEXT: { tls: false, sasl: false },
  SSL: { tls: true, sasl: false },
  SASL_PLAINTEXT: { tls: false, sasl: true },
  SASL_SSL: { tls: true, sasl: true },
})

const stores = ['ssl.truststore.location', 'ssl.keystore.location'] as const

/** TLS from PEM texts (KIP-651). */
export const readTls = (properties: PropertyReader, wanted: boolean): TlsConfig | undefined => {
  const ca = properties.read('ssl.truststore.certificates', text, undefined)
  const cert = properties.read('ssl.keystore.certificate.chain', text, undefined)
  const key = properties.read('ssl.keystore.key', text, undefined)
  const passphrase = properties.read('ssl.key.password', text, undefined)
  for (const store of stores) {
    if (properties.read(store, text, undefined) === undefined || !wanted) continue
    properties.fault(
      store,
      `Property ${store} names a key store file, which is not read. Give the PEM text itself: ssl.truststore.certificates, ` +
        'ssl.keystore.certificate.chain, ssl.keystore.key.',
    )
  }
  return wanted
    ? {
        ...(ca === undefined ? {} : { ca }),
        ...(cert === undefined ? {} : { cert }),
        ...(key === undefined ? {} : { key }),
        ...(passphrase === undefined ? {} : { passphrase }),
      }
    : undefined
}

const mechanisms = oneOf({
  PLAIN: 'PLAIN',
  'SCRAM-SHA-256': 'SCRAM-SHA-256',
  'SCRAM-SHA-512': 'SCRAM-SHA-512',
} as const)

/** The login of `sasl.mechanism` and `sasl.jaas.config`. Its secrets are in no message. */
export const readSasl = (properties: PropertyReader, wanted: boolean): SaslConfig | undefined => {
  const mechanism = properties.read('sasl.mechanism', mechanisms, undefined)
  const jaas = properties.read('sasl.jaas.config', text, '')
  if (!wanted) return undefined
  if (mechanism === undefined) {
    properties.fault('sasl.mechanism', `Property sasl.mechanism must be ${mechanisms.name} with this security.protocol.`)
    return undefined
  }
  const { username, password } = parseJaasConfig(jaas)?.options ?? {}
  if (username !== undefined && password !== undefined) return { mechanism, username, password }
  properties.fault(
    'sasl.jaas.config',
    'Property sasl.jaas.config is missing, or has no username and password. It reads: <login module> required ' +
      'username="..." password="...";',
  )
  return undefined
}
