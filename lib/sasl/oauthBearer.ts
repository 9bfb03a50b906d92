import type { SaslMechanismWith } from './SaslMechanism.js'

/** A token comes from a function, which is called for each login. */
export interface TokenProvider {
  readonly token: () => Promise<{ readonly value: string }>
}

/**
 * OAUTHBEARER (RFC 7628). A server that refuses the token says so in a challenge and waits for a byte of 1, upon which it ends the
 * login with its error.
 */
export const oauthBearer: SaslMechanismWith<TokenProvider> = {
  needs: { token: 'function' },
  authenticate: async function* ({ token }): AsyncGenerator<Buffer, void, Buffer> {
    const given: unknown = await token()
    if (!isToken(given)) throw new TypeError('token() must resolve to { value: string }')
    let challenge = yield Buffer.from(`n,,\x01auth=Bearer ${given.value}\x01\x01`)
    while (challenge.length > 0) challenge = yield Buffer.from([1])
  },
}

const isToken = (given: unknown): given is { readonly value: string } =>
  typeof given === 'object' && given !== null && 'value' in given && typeof given.value === 'string'
