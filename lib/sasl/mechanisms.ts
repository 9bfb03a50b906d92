import { oauthBearer } from './oauthBearer.js'
import { plain } from './plain.js'
import type { SaslBroker, SaslMechanism, SaslMechanismWith, SaslSession } from './SaslMechanism.js'
import { scram } from './scram.js'

/** The mechanisms of this library, by the names that brokers know. A new one is a file, and a line here. */
export const mechanisms = {
  PLAIN: plain,
  'SCRAM-SHA-256': scram('sha256'),
  'SCRAM-SHA-512': scram('sha512'),
  OAUTHBEARER: oauthBearer,
} as const satisfies Readonly<Record<string, SaslMechanismWith<unknown>>>

type Mechanisms = typeof mechanisms
type CredentialsOf<M> = M extends SaslMechanismWith<infer C> ? C : never

/** The names of mechanisms that log in with the same credentials, so that one of several may be chosen at run time. */
type NamesWith<C> = { [M in keyof Mechanisms]: CredentialsOf<Mechanisms[M]> extends C ? M : never }[keyof Mechanisms]

/** A mechanism of this library with its credentials. */
export type BuiltInSasl = {
  [M in keyof Mechanisms]: { readonly mechanism: NamesWith<CredentialsOf<Mechanisms[M]>> } & CredentialsOf<
    Mechanisms[M]
  >
}[keyof Mechanisms]

/**
 * How to log in: a mechanism of this library with its credentials, or one of your own.
 *
 * @example
 * ```ts
 * const byPassword: SaslConfig = { mechanism: 'SCRAM-SHA-512', username: 'ada', password: 'from the environment' }
 * const byToken: SaslConfig = { mechanism: 'OAUTHBEARER', token: () => Promise.resolve({ value: 'from your issuer' }) }
 * ```
 */
export type SaslConfig = BuiltInSasl | SaslMechanism

/** As a user without types meets it: any credentials may come. */
interface AnyMechanism {
  readonly needs: Readonly<Record<string, 'string' | 'function'>>
  authenticate(credentials: unknown, broker: SaslBroker): SaslSession
}

/** The mechanism of this name, if it is one of this library. */
export const mechanismNamed = (name: string): AnyMechanism | undefined =>
  Object.hasOwn(mechanisms, name) ? mechanisms[name as keyof Mechanisms] : undefined

/** What `sasl` must have beside the name of its mechanism, and has not, with its type; empty for one of your own. */
export const lacking = (sasl: SaslConfig): readonly (readonly [string, string])[] =>
  'authenticate' in sasl
    ? []
    : Object.entries(mechanismNamed(sasl.mechanism)?.needs ?? {}).filter(
        ([key, type]) => typeof sasl[key as keyof typeof sasl] !== type,
      )

/** Names of the mechanisms whose credentials are all text, so that they may stand in `sasl.jaas.config`. */
export const mechanismsOfText: readonly string[] = Object.entries(mechanisms)
  .filter(([, { needs }]) => Object.values(needs).every((type) => type === 'string'))
  .map(([name]) => name)

/** Begins a login. One of your own comes first, also under a name that this library knows. */
export const beginSession = (sasl: SaslConfig, broker: SaslBroker): SaslSession | undefined =>
  'authenticate' in sasl ? sasl.authenticate(broker) : mechanismNamed(sasl.mechanism)?.authenticate(sasl, broker)
