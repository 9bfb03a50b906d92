import type { SaslClient } from './SaslClient.js'

/** PLAIN (RFC 4616): the password goes over the wire as it is, so use it with TLS. */
export const plainClient = ({
  username,
  password,
}: {
  readonly username: string
  readonly password: string
}): SaslClient => ({
  start: () => Promise.resolve(Buffer.from(`\0${username}\0${password}`)),
  next: () => Promise.resolve(undefined),
})
