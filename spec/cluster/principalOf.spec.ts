import { describe, expect, it } from '@jest/globals'
import { principalOf } from '../../lib/cluster/principalOf.js'

describe('principalOf', () => {
  it.each([
    [{}, 'User:ANONYMOUS'],
    [{ tls: {} }, 'User:ANONYMOUS'],
    [{ tls: { cert: 'pem' } }, undefined],
    [{ sasl: { mechanism: 'PLAIN', username: 'ada', password: 'p' } }, 'User:ada'],
    [{ tls: { cert: 'pem' }, sasl: { mechanism: 'SCRAM-SHA-256', username: 'ada', password: 'p' } }, 'User:ada'],
    [{ sasl: { mechanism: 'OAUTHBEARER', token: () => Promise.resolve({ value: 't' }) } }, undefined],
  ] as const)('should tell of %p that it is %p', (config, principal) => {
    expect(principalOf(config)).toBe(principal)
  })
})
