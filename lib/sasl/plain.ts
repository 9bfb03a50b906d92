import type { SaslMechanismWith } from './SaslMechanism.js'
import { type UserAndPassword, userAndPassword } from './UserAndPassword.js'

/** PLAIN (RFC 4616): the password goes over the wire as it is, so use it with TLS. */
export const plain: SaslMechanismWith<UserAndPassword> = {
  needs: userAndPassword,
  authenticate: function* ({ username, password }) {
    yield Buffer.from(`\0${username}\0${password}`)
  },
}
