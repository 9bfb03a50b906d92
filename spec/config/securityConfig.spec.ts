import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterAll, describe, expect, it } from '@jest/globals'
import type { SaslConfig } from '../../lib/client/KafkaConfig.js'
import type { KafkaProperties } from '../../lib/config/KafkaProperties.js'
import { decodeSecurity } from '../../lib/config/security/securityConfig.js'
import type { SaslBroker, SaslMechanism } from '../../lib/sasl/SaslMechanism.js'

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
    ['OAUTHBEARER', /logs in by a function.*setSasl\(\{ mechanism: 'OAUTHBEARER'/],
  ])('should refuse %s, and say what to do', (mechanism, message) => {
    const decoded = decodeSecurity({ 'security.protocol': 'SASL_PLAINTEXT', 'sasl.mechanism': mechanism })
    expect(decoded).toMatchObject({
      _tag: 'Left',
      left: [{ key: 'sasl.mechanism', message: expect.stringMatching(message) }],
    })
  })

  const loginOf = (properties: KafkaProperties, sasl: unknown) => {
    const decoded = decodeSecurity({ 'security.protocol': 'SASL_PLAINTEXT', ...properties }, sasl as SaslConfig)
    return decoded._tag === 'Right' ? decoded.right.sasl : decoded.left.map(({ message }) => message)
  }
  const jaas = (module: string) => ({ 'sasl.jaas.config': `${module} required username="ada" password="hush";` })

  it.each(['PLAIN', 'SCRAM-SHA-256', 'scram-sha-512'])('should read the login of %s from properties', (mechanism) => {
    expect(loginOf({ 'sasl.mechanism': mechanism, ...jaas('LoginModule') }, undefined)).toEqual({
      mechanism: mechanism.toUpperCase(),
      username: 'ada',
      password: 'hush',
    })
  })

  it('should take a login that is given in the place of sasl.*', () => {
    const token = () => Promise.resolve({ value: 't' })
    expect(loginOf({}, { mechanism: 'OAUTHBEARER', token })).toEqual({ mechanism: 'OAUTHBEARER', token })
    expect(loginOf({ 'sasl.mechanism': 'oauthbearer' }, { mechanism: 'OAUTHBEARER', token })).toHaveProperty('token')
  })

  it('should take a mechanism that is an object of a class, whose fields are not for print', () => {
    class Iam {
      readonly mechanism = 'AWS_MSK_IAM'
      constructor(readonly accessKey: string) {}
      authenticate() {
        return [Buffer.from(this.accessKey)].values()
      }
    }
    const login = loginOf({}, new Iam('hush')) as unknown as SaslMechanism

    expect(inspect(login, { showHidden: true, depth: 5 })).not.toContain('hush')
    expect(login.mechanism).toBe('AWS_MSK_IAM')
    expect(login.authenticate({} as SaslBroker).next(Buffer.alloc(0))).toEqual({
      done: false,
      value: Buffer.from('hush'),
    })
  })

  it.each([
    ['hush', {}, 'sasl must be an object with a mechanism, but is a string.'],
    [null, {}, 'sasl must be an object with a mechanism, but is null.'],
    [{}, {}, 'mechanism of sasl must be the name of a login mechanism, but is undefined.'],
    [
      { mechanism: 'AWS_MSK_IAM' },
      {},
      expect.stringMatching(
        /^sasl names the mechanism "AWS_MSK_IAM", which this library does not have: give it an authenticate function, or use one of PLAIN, .*OAUTHBEARER/,
      ),
    ],
    [{ mechanism: 'toString' }, {}, expect.stringContaining('does not have')],
    [{ mechanism: 'X', authenticate: 'hush' }, {}, 'authenticate of sasl must be a function, but is a string.'],
    [
      { mechanism: 'PLAIN', password: 1 },
      {},
      'sasl lacks what PLAIN needs: username, a string, and password, a string.',
    ],
    [{ mechanism: 'OAUTHBEARER', token: 'hush' }, {}, 'sasl lacks what OAUTHBEARER needs: token, a function.'],
    [
      { mechanism: 'X', authenticate: () => undefined },
      { 'sasl.mechanism': 'PLAIN' },
      'sasl logs in by "X", but the property sasl.mechanism is "PLAIN". Leave one of them out.',
    ],
    [
      { mechanism: 'X', authenticate: () => undefined },
      { 'security.protocol': 'SSL' },
      'Property security.protocol is SSL, with which there is no login: set it to SASL_SSL (or SASL_PLAINTEXT), or leave sasl out.',
    ],
  ])('should refuse the login %p', (sasl, properties, message) => {
    expect(loginOf(properties as KafkaProperties, sasl)).toEqual([message])
  })
})
