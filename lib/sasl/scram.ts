import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { type SaslMechanismWith, SaslViolation } from './SaslMechanism.js'
import { type UserAndPassword, userAndPassword } from './UserAndPassword.js'

/**
 * Iterations that a server may ask for. Brokers keep no credentials below 4,096 nor above 16,384 (`ScramMechanism` of Kafka);
 * others may want more, as many as OWASP advises (600,000). A million takes a thread half a second; what asks for more wants to
 * keep us busy.
 */
export const MIN_ITERATIONS = 4096
export const MAX_ITERATIONS = 1_000_000

/** Their lengths in bytes. */
const digests = { sha256: 32, sha512: 64 } as const

type Digest = keyof typeof digests

/**
 * SCRAM (RFC 5802, RFC 7677), without channel binding, and as Kafka without SASLprep. Both sides prove that they know the password,
 * and neither sends it.
 *
 *   client-first-message => n,,n=<user>,r=<nonce>
 *   server-first-message => r=<nonce of both>,s=<salt>,i=<iterations>
 *   client-final-message => c=biws,r=<nonce of both>,p=<proof>
 *   server-final-message => v=<signature> or e=<error>
 */
export const scram = (digest: Digest): SaslMechanismWith<UserAndPassword> => ({
  needs: userAndPassword,
  authenticate: (credentials) => scramSession(digest, credentials),
})

/** @param nonce of the client; random but in specs */
export const scramSession = async function* (
  digest: Digest,
  { username, password }: UserAndPassword,
  nonce = randomBytes(24).toString('base64'),
): AsyncGenerator<Buffer, void, Buffer> {
  const hmac = (key: Buffer, text: string): Buffer => createHmac(digest, key).update(text).digest()
  const clientFirstBare = `n=${escaped(username)},r=${nonce}`

  const serverFirst = textOf(yield Buffer.from(GS2_HEADER + clientFirstBare))
  const { nonce: bothNonces, salt, iterations } = parseServerFirst(serverFirst, nonce)
  // In a thread of libuv: the loop goes on meanwhile.
  const saltedPassword = await promisify(pbkdf2)(password, salt, iterations, digests[digest], digest)
  const withoutProof = `c=${GS2_HEADER_BASE64},r=${bothNonces}`
  const authMessage = `${clientFirstBare},${serverFirst},${withoutProof}`
  const clientKey = hmac(saltedPassword, 'Client Key')
  const storedKey = createHash(digest).update(clientKey).digest()
  const proof = xor(clientKey, hmac(storedKey, authMessage)).toString('base64')

  const serverFinal = textOf(yield Buffer.from(`${withoutProof},p=${proof}`))
  checkServerFinal(serverFinal, hmac(hmac(saltedPassword, 'Server Key'), authMessage))
}

const GS2_HEADER = 'n,,'
const GS2_HEADER_BASE64 = Buffer.from(GS2_HEADER).toString('base64')

const escaped = (username: string): string => username.replaceAll('=', '=3D').replaceAll(',', '=2C')

const textOf = (challenge: Buffer): string => {
  try {
    return utf8.decode(challenge)
  } catch {
    throw new SaslViolation('sent a message that is not UTF-8')
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

interface ServerFirst {
  readonly nonce: string
  readonly salt: Buffer
  readonly iterations: number
}

/** Printable characters but the comma; base64; a number without leading zeros; extensions, which may be ignored. */
const SERVER_FIRST = /^r=([\x21-\x2b\x2d-\x7e]+),s=([A-Za-z0-9+/]+={0,2}),i=([1-9]\d*)(?:,.*)?$/s

const parseServerFirst = (message: string, clientNonce: string): ServerFirst => {
  const [, nonce = '', salt = '', count = ''] = SERVER_FIRST.exec(message) ?? []
  const iterations = Number(count)
  if (nonce === '') throw new SaslViolation('sent a first message that is none of SCRAM')
  if (!nonce.startsWith(clientNonce) || nonce === clientNonce)
    throw new SaslViolation('did not answer with the nonce that it was sent and one of its own')
  if (iterations < MIN_ITERATIONS) throw new SaslViolation(`asks for ${count} iterations, less than ${MIN_ITERATIONS}`)
  if (iterations > MAX_ITERATIONS) throw new SaslViolation(`asks for ${count} iterations, more than ${MAX_ITERATIONS}`)
  return { nonce, salt: Buffer.from(salt, 'base64'), iterations }
}

const checkServerFinal = (message: string, expected: Buffer): void => {
  const [, kind, value = ''] = /^([ve])=([^,]*)/.exec(message) ?? []
  if (kind === undefined) throw new SaslViolation('sent a final message that is none of SCRAM')
  if (kind === 'e') throw new SaslViolation(`refuses: ${JSON.stringify(value.slice(0, 200))}`)
  const signature = Buffer.from(value, 'base64')
  if (signature.length !== expected.length || !timingSafeEqual(signature, expected))
    throw new SaslViolation('does not know the password either: its signature is wrong')
}

const xor = (a: Buffer, b: Buffer): Buffer => Buffer.from(a.map((byte, i) => byte ^ b[i]!))
