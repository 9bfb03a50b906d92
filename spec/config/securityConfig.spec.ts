import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from '@jest/globals'
import type { KafkaProperties } from '../../lib/config/KafkaProperties.js'
import { decodeSecurity } from '../../lib/config/security/securityConfig.js'

const folder = mkdtempSync(join(tmpdir(), 'rx-kafka-pem-'))
afterAll(() => rmSync(folder, { recursive: true }))

const file = (name: string, text: string | Buffer): string => {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}
const pem = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n'
const jks = file('store.jks', Buffer.from('feedfeed00000002', 'hex'))

const tlsOf = (properties: KafkaProperties) => {
  const decoded = decodeSecurity({ 'security.protocol': 'SSL', ...properties })
  return decoded._tag === 'Right' ? decoded.right.tls : decoded.left.map(({ message }) => message)
}

describe('decodeSecurity', () => {
  it('should read PEM from files', () => {
    const trust = file('trust.pem', pem)
    const own = file('own.pem', `${pem}-----BEGIN ENCRYPTED PRIVATE KEY-----\n`)
    expect(
      tlsOf({
        'ssl.truststore.type': 'PEM',
        'ssl.truststore.location': trust,
        'ssl.keystore.location': own,
        'ssl.key.password': 'hush',
      }),
    ).toMatchObject({
      ca: pem,
      cert: expect.stringContaining('PRIVATE KEY'),
      key: expect.stringContaining('PRIVATE KEY'),
      passphrase: 'hush',
    })
  })

  it('should read PEM from the properties themselves', () => {
    const text = { 'ssl.truststore.certificates': 'a', 'ssl.keystore.certificate.chain': 'b', 'ssl.keystore.key': 'c' }
    expect(tlsOf(text)).toMatchObject({ ca: 'a', cert: 'b', key: 'c' })
  })

  it('should refuse Java’s stores, and say how to convert them', () => {
    expect(tlsOf({ 'ssl.truststore.location': jks, 'ssl.keystore.location': jks, 'ssl.keystore.type': 'JKS' })).toEqual(
      [
        expect.stringMatching(
          /^Property ssl\.truststore\.location .* is not PEM\. .*keytool .*openssl pkcs12 .*-nokeys -out truststore\.pem/,
        ),
        expect.stringMatching(
          /^Property ssl\.keystore\.location .* is JKS\. .*keytool .*openssl pkcs12 -in store\.p12 -out keystore\.pem/,
        ),
      ],
    )
  })

  it('should say what is missing, or there twice', () => {
    expect(
      tlsOf({
        'ssl.truststore.location': join(folder, 'none.pem'),
        'ssl.keystore.key': 'secret',
      }),
    ).toEqual([
      expect.stringMatching(/^Property ssl\.truststore\.location names .*none\.pem, which cannot be read: ENOENT\.$/),
      'Property ssl.keystore.certificate.chain is missing: ssl.keystore.key alone is of no use.',
    ])
    expect(tlsOf({ 'ssl.truststore.location': jks, 'ssl.truststore.certificates': pem })).toEqual([
      'Properties ssl.truststore.location and ssl.truststore.certificates exclude each other: one names a file, one is the text.',
    ])
  })

  it('should believe any host name, and keep to one version of TLS, when told so', () => {
    const { checkServerIdentity } = tlsOf({ 'ssl.endpoint.identification.algorithm': '' }) as never
    expect((checkServerIdentity as () => unknown)()).toBeUndefined()
    expect(tlsOf({})).toEqual({ minVersion: 'TLSv1.2' })
    expect(tlsOf({ 'ssl.enabled.protocols': 'TLSv1.3' })).toEqual({ minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3' })
    expect(tlsOf({ 'ssl.enabled.protocols': 'SSLv3' })).toEqual([
      'Property ssl.enabled.protocols must be some of TLSv1.2, TLSv1.3, not "SSLv3".',
    ])
  })

  it('should read no store when the protocol needs none', () => {
    expect(decodeSecurity({ 'ssl.truststore.location': jks })).toEqual({
      _tag: 'Right',
      right: { tls: undefined, sasl: undefined },
    })
  })

  it.each([
    ['GSSAPI', /not supported\. Use PLAIN/],
    ['OAUTHBEARER', /tokens come from a function.*defaultConnect\(\{ \.\.\.config, sasl/],
  ])('should refuse %s, and say what to do', (mechanism, message) => {
    const decoded = decodeSecurity({ 'security.protocol': 'SASL_PLAINTEXT', 'sasl.mechanism': mechanism })
    expect(decoded).toMatchObject({
      _tag: 'Left',
      left: [{ key: 'sasl.mechanism', message: expect.stringMatching(message) }],
    })
  })
})
