import { describe, expect, it } from '@jest/globals'
import type { SaslConfig } from '../../lib/client/KafkaConfig.js'
import type { BrokerSocket } from '../../lib/kafkajs/BrokerSocket.js'
import { login } from '../../lib/kafkajs/login.js'
import type { SaslAuthenticateResponse } from '../../lib/protocol/requests/saslAuthenticate.js'
import { saslHandshakeApi, type SaslHandshakeResponse } from '../../lib/protocol/requests/saslHandshake.js'

const ok = { errorCode: 0, errorMessage: null, authBytes: Buffer.alloc(0), sessionLifetimeMs: 0 }

/** Logs in to a broker that answers so; what was said to it stands in `said`. */
const loginTo = (
  sasl: SaslConfig,
  handshake: SaslHandshakeResponse,
  ...answers: readonly Partial<SaslAuthenticateResponse>[]
) => {
  const said: string[] = []
  const left = [...answers]
  const { signal } = new AbortController()
  const exchange = (api: object, request: { readonly authBytes?: Buffer; readonly mechanism?: string }) => {
    said.push(request.mechanism ?? String(request.authBytes))
    return Promise.resolve(api === saslHandshakeApi ? handshake : { ...ok, ...left.shift() })
  }
  return {
    said,
    done: login(
      { exchange } as Pick<BrokerSocket, 'exchange'>,
      sasl,
      { host: 'h', port: 9093 },
      { signal, mechanismActs: false },
    ),
  }
}

const plain: SaslConfig = { mechanism: 'PLAIN', username: 'ada', password: 'secret' }
const offered = { errorCode: 0, mechanisms: ['PLAIN'] }
const failure = (message: string, facts = {}) =>
  expect.objectContaining({
    _tag: 'Authentication',
    retriable: false,
    message: expect.stringContaining(message),
    ...facts,
  })

describe('login', () => {
  it('should send user and password by PLAIN, and tell how long the session lasts', async () => {
    const { said, done } = loginTo(plain, offered, { sessionLifetimeMs: 3_600_000 })

    await expect(done).resolves.toBe(3_600_000)
    expect(said).toEqual(['PLAIN', '\0ada\0secret'])
  })

  it('should send the token by OAUTHBEARER', async () => {
    const token = () => Promise.resolve({ value: 'abc' })
    const { said, done } = loginTo({ mechanism: 'OAUTHBEARER', token }, offered, { sessionLifetimeMs: -5 })

    await expect(done).resolves.toBe(0)
    expect(said[1]).toBe('n,,\x01auth=Bearer abc\x01\x01')
  })

  it('should let a server that refuses the token say why', async () => {
    const token = () => Promise.resolve({ value: 'abc' })
    const { said, done } = loginTo(
      { mechanism: 'OAUTHBEARER', token },
      offered,
      { authBytes: Buffer.from('{"status":"invalid_token"}') },
      { errorCode: 58, errorMessage: '{"status":"invalid_token"}' },
    )

    await expect(done).rejects.toEqual(failure('invalid_token'))
    expect(said[2]).toBe('\x01')
  })

  it('should say which mechanisms a listener offers', async () => {
    const { done } = loginTo(plain, { errorCode: 33, mechanisms: ['SCRAM-SHA-256', 'evil\n'] })

    await expect(done).rejects.toEqual(
      failure(
        'Login to broker h:9093 by PLAIN failed: the listener does not offer it. It offers "SCRAM-SHA-256", "evil\\n": ' +
          'set sasl.mechanism to one of them, or use another port.',
        { code: 33, codeName: 'UNSUPPORTED_SASL_MECHANISM' },
      ),
    )
  })

  it('should say that a listener expects no login', async () => {
    await expect(loginTo(plain, { errorCode: 34, mechanisms: [] }).done).rejects.toEqual(
      failure('the listener expects no login'),
    )
  })

  it('should say what a broker says that refuses the login, and not the password', async () => {
    const { done } = loginTo(plain, offered, { errorCode: 58, errorMessage: `no ${'x'.repeat(500)}` })

    await expect(done).rejects.toEqual(failure(`(58), "no ${'x'.repeat(197)}"`, { code: 58 }))
    await expect(done).rejects.not.toEqual(failure('secret'))
  })

  it('should say what does not fit in SCRAM', async () => {
    const scram: SaslConfig = { ...plain, mechanism: 'SCRAM-SHA-512' }
    const { done } = loginTo(scram, offered, { authBytes: Buffer.from('noise') })

    await expect(done).rejects.toEqual(
      failure('Login to broker h:9093 by SCRAM-SHA-512 failed: the broker sent a first message that is none of SCRAM.'),
    )
  })

  it('should not go on for ever with a server that does', async () => {
    const token = () => Promise.resolve({ value: 'abc' })
    const endless = Array.from({ length: 100 }, () => ({ authBytes: Buffer.from('more') }))
    const { said, done } = loginTo({ mechanism: 'OAUTHBEARER', token }, offered, ...endless)

    await expect(done).rejects.toEqual(failure('still goes on after 16 rounds'))
    expect(said).toHaveLength(18)
  })

  it('should pass on why there is no token', async () => {
    const token = () => Promise.reject(new Error('the issuer is down'))
    await expect(loginTo({ mechanism: 'OAUTHBEARER', token }, offered).done).rejects.toThrow('the issuer is down')
  })
})
