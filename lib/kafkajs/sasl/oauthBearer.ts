import type { SaslClient } from './SaslClient.js'

/**
 * OAUTHBEARER (RFC 7628). A server that refuses the token says so in a challenge and waits for a byte of 1, upon which it ends the
 * login with its error.
 */
export const oauthBearerClient = (token: () => Promise<{ readonly value: string }>): SaslClient => ({
  start: async () => Buffer.from(`n,,\x01auth=Bearer ${(await token()).value}\x01\x01`),
  next: (challenge) => Promise.resolve(challenge.length === 0 ? undefined : Buffer.from([1])),
})
