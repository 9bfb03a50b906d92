import * as either from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import type { TlsConfig } from '../../client/KafkaConfig.js'
import { type ConfigError, configError } from '../ConfigError.js'
import { listOf, oneOf, optional, string, withDefault } from '../propertyCodecs.js'
import { allOf } from '../validation.js'
import { readPemFile } from './pemFile.js'

/** Certificates and keys as PEM, in text (KIP-651) or in files. */
export const tlsCodec = t.type({
  'ssl.enabled.protocols': withDefault(listOf('TLSv1.2', 'TLSv1.3'), ['TLSv1.2', 'TLSv1.3']),
  'ssl.endpoint.identification.algorithm': withDefault(oneOf({ https: true, '': false }), true),
  'ssl.key.password': optional(string),
  'ssl.keystore.certificate.chain': optional(string),
  'ssl.keystore.key': optional(string),
  'ssl.keystore.location': optional(string),
  'ssl.keystore.type': optional(string),
  'ssl.truststore.certificates': optional(string),
  'ssl.truststore.location': optional(string),
  'ssl.truststore.type': optional(string),
})

type TlsProperties = t.TypeOf<typeof tlsCodec>

type Decoded<A> = either.Either<readonly ConfigError[], A>

export const decodeTls = (properties: TlsProperties): Decoded<TlsConfig> =>
  pipe(
    allOf({ ca: certificatesOf(properties), own: keyPairOf(properties) }),
    either.map(({ ca, own }) => ({
      ...(ca === undefined ? {} : { ca }),
      ...own,
      ...(properties['ssl.key.password'] === undefined ? {} : { passphrase: properties['ssl.key.password'] }),
      ...versionsOf(properties),
      ...(properties['ssl.endpoint.identification.algorithm'] ? {} : { checkServerIdentity: () => undefined }),
    })),
  )

const certificatesOf = (properties: TlsProperties): Decoded<string | undefined> => {
  const { 'ssl.truststore.certificates': text, 'ssl.truststore.location': file } = properties
  if (file === undefined) return either.right(text)
  return text === undefined
    ? readPemFile('ssl.truststore.location', file, properties['ssl.truststore.type'])
    : both('ssl.truststore.location', 'ssl.truststore.certificates')
}

const keyPairOf = (properties: TlsProperties): Decoded<{ readonly cert?: string; readonly key?: string }> => {
  const { 'ssl.keystore.certificate.chain': cert, 'ssl.keystore.key': key, 'ssl.keystore.location': file } = properties
  if (file !== undefined)
    return key === undefined && cert === undefined
      ? pipe(
          readPemFile('ssl.keystore.location', file, properties['ssl.keystore.type']),
          either.map((pem) => ({ cert: pem, key: pem })),
        )
      : both('ssl.keystore.location', key === undefined ? 'ssl.keystore.certificate.chain' : 'ssl.keystore.key')
  if (key === undefined && cert === undefined) return either.right({})
  if (key === undefined) return lacks('ssl.keystore.certificate.chain', 'ssl.keystore.key')
  return cert === undefined ? lacks('ssl.keystore.key', 'ssl.keystore.certificate.chain') : either.right({ cert, key })
}

/** None is left out but at the ends: there are two. */
const versionsOf = ({
  'ssl.enabled.protocols': versions,
}: TlsProperties): Pick<TlsConfig, 'minVersion' | 'maxVersion'> => {
  const [only, ...others] = versions
  return only !== undefined && others.length === 0 ? { minVersion: only, maxVersion: only } : { minVersion: 'TLSv1.2' }
}

const both = (file: string, text: string): Decoded<never> =>
  either.left([
    configError(file, `Properties ${file} and ${text} exclude each other: one names a file, one is the text.`),
  ])

const lacks = (there: string, missing: string): Decoded<never> =>
  either.left([configError(missing, `Property ${missing} is missing: ${there} alone is of no use.`)])
