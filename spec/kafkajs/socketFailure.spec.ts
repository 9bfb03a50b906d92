import { describe, expect, it } from '@jest/globals'
import { socketFailure, type SocketFacts } from '../../lib/kafkajs/socketFailure.js'

const failed = (message: string, code?: string, facts: SocketFacts = {}) =>
  socketFailure(Object.assign(new Error(message), code === undefined ? {} : { code }), 'Fetch to broker b:9092', facts)

const sasl = { mechanism: 'PLAIN', username: 'u', password: 'p' } as const
const openssl = (reason: string) =>
  `Connection error: 805C690D377F0000:error:0A000412:SSL routines:ssl3_read_bytes:${reason}:../deps/openssl/openssl/ssl/record/rec_layer_s3.c:1601:SSL alert number 42\n`

// The texts and codes are those that Node 20 gave on a real broker.
describe('socketFailure', () => {
  it.each([
    ['bad certificate', 'ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE', 'sslv3 alert bad certificate'],
    ['certificate required', 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'tlsv13 alert certificate required'],
  ])('should ask for a certificate of the client when there is none: %s', (_, code, reason) => {
    const { _tag, message, retriable } = failed(openssl(reason), code, { settings: { tls: {} } })
    expect([_tag, retriable]).toEqual(['Authentication', undefined])
    expect(message).toBe(
      `Fetch to broker b:9092 failed: ${reason}. The listener wants a certificate of this client (ssl.client.auth=required on the broker), ` +
        'and none is set: set ssl.keystore.location to a PEM file, or ssl.keystore.certificate.chain and ssl.keystore.key.',
    )
  })

  it.each([
    'ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN',
    'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA',
    'ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED',
  ])('should say that ours is not accepted: %s', (code) => {
    const { _tag, message } = failed(openssl('sslv3 alert certificate unknown'), code, {
      settings: { tls: { cert: 'pem' } },
    })
    expect(_tag).toBe('Authentication')
    expect(message).toMatch(/does not accept the certificate of this client \(ssl\.keystore\.location/)
    expect(message).not.toMatch(/openssl|\.c:/)
  })

  it.each([
    [
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      'unable to verify the first certificate',
      /not trusted: ssl\.truststore\.location .* ssl\.truststore\.certificates/,
    ],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'self-signed certificate in certificate chain', /ssl\.truststore\.location/],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed certificate', /ssl\.truststore\.location/],
    ['CERT_HAS_EXPIRED', 'certificate has expired', /not valid today/],
    [
      'ERR_TLS_CERT_ALTNAME_INVALID',
      "Hostname/IP does not match certificate's altnames",
      /advertised\.listeners.*ssl\.endpoint\.identification\.algorithm/,
    ],
    ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 'tlsv1 alert protocol version', /ssl\.enabled\.protocols/],
  ])('should name the property of TLS that matters: %s', (code, text, advice) => {
    const { _tag, message, retriable } = failed(`Connection error: ${text}`, code, { settings: { tls: {} } })
    expect([_tag, retriable]).toEqual(['Authentication', undefined])
    expect(message).toMatch(advice)
    expect(message).toContain(`failed: ${text}. `)
  })

  it.each([
    [{ tls: {} }, /set security\.protocol to PLAINTEXT, or use the port of an SSL listener/],
    [{ tls: {}, sasl }, /set security\.protocol to SASL_PLAINTEXT, or use the port of an SASL_SSL listener/],
  ])('should say that a listener may have no TLS', (settings, advice) => {
    const disconnected = 'Client network socket disconnected before secure TLS connection was established'
    for (const [text, code] of [
      [`Connection error: ${disconnected}`, 'ECONNRESET'],
      [openssl('wrong version number'), 'ERR_SSL_WRONG_VERSION_NUMBER'],
    ] as const)
      expect(failed(text, code, { settings })).toEqual({
        ...{ _tag: 'Connection', retriable: true, message: expect.stringMatching(advice) },
      })
  })

  it.each([
    [{}, 'SASL_PLAINTEXT', 'PLAINTEXT'],
    [{ tls: {} }, 'SASL_SSL', 'SSL'],
  ])('should say that a listener may want a login, when it closes at the first request', (settings, wanted, ours) => {
    expect(failed('Closed connection', undefined, { settings, fresh: true })).toMatchObject({
      ...{ _tag: 'Connection', retriable: true },
      message: expect.stringContaining(
        `set security.protocol to ${wanted} with sasl.mechanism and sasl.jaas.config, or use the port of a ${ours} listener`,
      ),
    })
    expect(failed('Closed connection', undefined, { settings, fresh: false }).message).not.toContain('sasl')
  })

  it.each(['ENOTFOUND', 'EAI_AGAIN'])('should say where a name came from that does not resolve: %s', (code) => {
    const text = `Connection error: getaddrinfo ${code} kafka`
    expect(failed(text, code, { advertised: true })).toMatchObject({
      ...{ _tag: 'Connection', retriable: true },
      message: expect.stringMatching(
        /getaddrinfo \w+ kafka\. .*does not resolve here\. The brokers gave it \(advertised\.listeners\)/,
      ),
    })
    expect(failed(text, code, { advertised: false }).message).toContain('Check bootstrap.servers')
  })

  it('should say of an address that cannot be reached where it came from', () => {
    const text = 'Connection error: connect ECONNREFUSED 10.0.0.1:9092'
    expect(failed(text, 'ECONNREFUSED', { advertised: true }).message).toContain('advertised.listeners')
    expect(failed(text, 'ECONNREFUSED').message).toContain('bootstrap.servers')
  })

  it('should say what it does not know, with what is set', () => {
    expect(failed('it broke', undefined, { settings: { sasl } }).message).toBe(
      'Fetch to broker b:9092 failed: it broke. Check that the broker runs, that bootstrap.servers is right, and that its listener is ' +
        'SASL_PLAINTEXT (security.protocol).',
    )
  })
})
